// Timeline: the log as a story people can read. One line a call with its decision, reason, outcome and time; children
// stand below their parents, indented. Allow is green, deny red, ask yellow.
//
// A call is drawn when its outcome is known; what is still under way is drawn by finish(). Fed in order of the log.
// Bounds: kPendingMax calls under way, kAgentsMax agents remembered; beyond them the oldest are forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "apps/agentos/screen.h"
#include "base/json/value.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {

class Timeline {
 public:
  static constexpr std::size_t kPendingMax = 65'536;
  static constexpr std::size_t kAgentsMax = 65'536;
  static constexpr std::size_t kIndentMax = 8;

  // `only`: an agent's id or name; it and its descendants are drawn. Empty: everything.
  Timeline(Screen screen, std::string only) : screen_(screen), only_(std::move(only)) {}

  // The lines this entry completes; may be empty.
  std::string add(const recorder::StoredEntry& entry);
  // Lines for calls that have no outcome.
  std::string finish();

 private:
  struct Agent {
    std::string name;
    std::string parent;
    std::size_t depth = 0;
  };
  struct Pending {
    json::Value leaf;
    std::string what;
  };

  std::string intent(recorder::Index index, const json::Value& leaf, const json::Value& opening);
  std::string outcome(const json::Value& leaf, const json::Value& opening);
  std::string refused(const json::Value& leaf, const json::Value& opening);
  std::string event(const json::Value& leaf, const json::Value& opening);
  std::string line(const json::Value& leaf, Style style, std::string_view mark, std::string_view text,
                   std::string_view detail) const;
  void remember(std::string_view agent, std::string_view name, std::string_view parent);
  bool shown(std::string_view agent) const;
  bool is_aside(const json::Value& intent) const;

  Screen screen_;
  std::string only_;
  std::map<std::string, Agent, std::less<>> agents_;
  std::map<recorder::Index, Pending> pending_;
};

// What a call was about, from its arguments: its path, target, tool, program or handle. Printable, one line.
std::string subject_of_call(const json::Value& opening);
// The detail of a `blocked` event: what was tried and by which process; and the line of a profile that would allow it.
std::string blocked_text(const json::Value& detail);
std::string blocked_mend(const json::Value& detail);
// The opening of a stored entry as JSON; null when there is none or it was erased.
json::Value opening_of(const recorder::StoredEntry& entry);

}  // namespace agentos::cli
