// agentos diff: what an agent changed in its workspace.
#include "apps/agentos/report.h"
#include "apps/agentos/workspaces.h"
#include "lib/workspace/line_diff.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kDiffShownBytesMax = std::size_t{4} << 20;

// Its lines, made harmless one by one; nothing of what is no text.
std::string lines_of_change(const workspace::Workspace& found, const workspace::Change& change) {
  const std::string head = "\n" + printable(change.path);
  const auto texts = found.texts_of(change, workspace::kDiffBytesMax);
  if (!texts) return head + ": " + printable(texts.error().message) + "\n";
  if (!workspace::comparable(texts->before) || !workspace::comparable(texts->after)) return head + ": not text\n";
  const Screen screen = screen_of(1);
  std::string out = head + "\n";
  const std::string diff = workspace::unified_diff(texts->before, texts->after);
  for (std::string_view rest = diff; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const Style style = line.starts_with('+')   ? Style::kGood
                        : line.starts_with('-') ? Style::kBad
                        : line.starts_with('@') ? Style::kDim
                                                : Style::kPlain;
    out += styled(screen, style, printable_lines(line)) + "\n";
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return out;
}

void print_changed_lines(const workspace::Workspace& found, const std::vector<workspace::Change>& changes) {
  std::size_t shown = 0;
  for (const workspace::Change& change : changes) {
    const bool file = change.before.kind == workspace::Kind::kFile || change.after.kind == workspace::Kind::kFile;
    const std::string_view word = workspace::word_of(change);
    if (!file || word == "mode" || word == "removed") continue;
    if (shown > kDiffShownBytesMax) {
      print_note("the rest is not shown: it is more than " + std::to_string(kDiffShownBytesMax) + " bytes");
      return;
    }
    const std::string text = lines_of_change(found, change);
    shown += text.size();
    print(text);
  }
}

}  // namespace

Result<int> verb_diff(const Globals& globals, const WorkspaceOptions& options) {
  const workspace::Workspace found = TRY(open_workspace(globals, options.name));
  const std::vector<workspace::Change> changes = TRY(options.original ? found.changes_of_original() : found.changes());
  std::vector<std::string> reasons;
  if (!options.original) reasons = TRY(found.reasons(changes, protected_guard(found)));
  print_changes(globals, changes, reasons);
  if (globals.format != Format::kJson && !options.names_only && !options.original) print_changed_lines(found, changes);
  if (globals.format != Format::kJson && changes.empty()) {
    print_note(options.original ? "nobody changed " + printable(found.original())
                                : "nothing is changed in the workspace " + found.name());
  }
  return kExitOk;
}

}  // namespace agentos::cli
