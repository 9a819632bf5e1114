// agentos log timeline [AGENT]: the record as a story. A tree when it is told as a whole, lines while it goes on.
#include "apps/agentos/log_entries.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/story_drawing.h"
#include "apps/agentos/timeline.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {
namespace {

using recorder::StoredEntry;

Result<int> tell_live(const Globals& globals, const std::string& directory, const LogOptions& options) {
  Timeline timeline(screen_of(1), options.agent);
  const auto show = [&](const StoredEntry& entry) {
    if (globals.format != Format::kTable) return print_entry_line(entry);
    print(timeline.add(entry));
  };
  recorder::Index next = 0;
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    next = entry.index + 1;
    show(entry);
    return true;
  }));
  TRY(follow_log(directory, next, show));
  return kExitOk;
}

}  // namespace

Result<Story> story_of(const std::string& directory, const LogOptions& options, std::vector<std::size_t>& roots) {
  Story story;
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    story.add(entry);
    return true;
  }));
  roots = story.roots(options.agent);
  if (roots.empty() && !options.agent.empty()) {
    return fail(ErrorCode::kNotFound, "the record has no agent, name or run \"" + options.agent + "\"",
                "agentos log stats lists the agents it has");
  }
  return story;
}

Result<int> verb_log_timeline(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  if (options.follow) return tell_live(globals, directory, options);
  std::vector<std::size_t> roots;
  const Story story = TRY(story_of(directory, options, roots));
  if (globals.format != Format::kTable) {
    print_json(to_json(story, roots));
    return kExitOk;
  }
  print(draw(story, roots, screen_of(1)));
  if (story.left_out() > 0)
    print_note(std::to_string(story.left_out()) + " entries are left out; --first N begins later");
  return kExitOk;
}

}  // namespace agentos::cli
