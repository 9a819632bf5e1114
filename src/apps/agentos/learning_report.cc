// What `run --learn` does after the run: reads the record of it, writes the proposal, shows what it would change.
#include "apps/agentos/learning_report.h"

#include <unistd.h>

#include "apps/agentos/report.h"
#include "base/io/file.h"
#include "lib/policy/policy.h"
#include "lib/recorder/reader.h"
#include "lib/workspace/line_diff.h"

namespace agentos::cli {
namespace {

constexpr mode_t kFolderMode = 0755, kFileMode = 0644;

std::string shown_difference(std::string_view title, std::string_view before, std::string_view after) {
  const Screen screen = screen_of(2);
  std::string out = styled(screen, Style::kBold, title) + "\n";
  const std::string difference = workspace::unified_diff(before, after);
  if (difference.empty()) return out + "  nothing would change\n";
  for (std::string_view rest = difference; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const Style style = line.starts_with('+') ? Style::kGood : line.starts_with('-') ? Style::kBad : Style::kDim;
    out += styled(screen, style, printable_lines(line)) + "\n";
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return out;
}

}  // namespace

Result<Present> present_documents(const abi::SpawnRequest& request) {
  Present present;
  present.profile = request.profile ? TRY(sandbox::parse_profile(request.profile->text, request.profile->file))
                                    : TRY(sandbox::preset_profile(request.profile_preset));
  for (const abi::Document& document : request.policy) present.policy += document.text;
  if (request.policy.empty()) present.policy = policy::preset("agent-default");
  return present;
}

Status write_proposal(const std::string& folder, const std::string& log_directory, recorder::Index first,
                      const LearningPlace& place, const Present& present) {
  Learning learning(place);
  TRY(recorder::read_log(log_directory, {.first = first}, [&](const recorder::StoredEntry& entry) {
    learning.add(entry);
    return true;
  }));
  const std::string profile = learning.profile(), policy = learning.policy();
  const sandbox::Profile proposed = TRY(sandbox::parse_profile(profile, folder + "/profile.yaml"));
  TRY(io::make_directories(folder, kFolderMode));
  TRY(io::write_file_atomic(folder + "/profile.yaml", profile, kFileMode));
  TRY(io::write_file_atomic(folder + "/policy.yaml", policy, kFileMode));
  std::string told = shown_difference("profile: what is granted now, and what this run would have needed",
                                      profile_lines(present.profile), profile_lines(proposed));
  told +=
      shown_difference("policy: the documents now, and the rules this run would have needed", present.policy, policy);
  for (const std::string& line : learning.left_out()) told += "left out: " + printable(line) + "\n";
  (void)!::write(STDERR_FILENO, told.data(), told.size());
  print_note("proposed in " + printable(folder) +
             "/profile.yaml and policy.yaml; nothing is changed. Look at them, then: " + "agentos run --profile " +
             printable(folder) + "/profile.yaml --policy " + printable(folder) + "/policy.yaml");
  return {};
}

}  // namespace agentos::cli
