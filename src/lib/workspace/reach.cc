// Links are followed as the system would, in the snapshot instead of on the disk.
#include "lib/workspace/reach.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string_view>

#include "lib/workspace/beneath.h"

namespace agentos::workspace {
namespace {

constexpr int kHopsMax = 40;                 // as Linux has it
constexpr std::size_t kNamesMetMax = 1'000;  // further ones count as out
constexpr std::uint32_t kSetId = S_ISUID | S_ISGID;

void put_before(std::deque<std::string>& names, std::string_view path) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (!name.empty() && name != ".") found.emplace_back(name);
    at = end + 1;
  }
  names.insert(names.begin(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

}  // namespace

bool leads_out(const Snapshot& snapshot, const std::string& path, std::size_t& steps_left, const Met& met) {
  std::deque<std::string> rest;
  put_before(rest, path);
  std::string at;  // where the names so far lead; links in it are resolved
  int hops = 0;
  while (!rest.empty()) {
    if (steps_left == 0 || at.size() > kPathBytesMax) return true;
    --steps_left;
    const std::string name = std::move(rest.front());
    rest.pop_front();
    if (name == "..") {
      if (at.empty()) return true;
      const std::size_t slash = at.rfind('/');
      at.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    const std::size_t before = at.size();
    if (!at.empty()) at += '/';
    at += name;
    if (met) met(at);
    const auto entry = snapshot.find(at);
    if (entry == snapshot.end() || entry->second.kind != Kind::kLink) continue;
    // What turns in a circle leads nowhere now; with one link less it may.
    if (entry->second.target.starts_with("/") || ++hops > kHopsMax) return true;
    put_before(rest, entry->second.target);
    at.resize(before);
  }
  return false;
}

std::vector<std::string> reach_of(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes) {
  std::map<std::string_view, std::size_t> changed;
  for (std::size_t i = 0; i < changes.size(); ++i) changed.emplace(changes[i].path, i);
  std::vector<bool> leading(changes.size());  // on the way of a link that leads out, and did not before
  std::size_t steps_left = kLinkStepsMax;
  for (const auto& [path, entry] : after) {
    if (entry.kind != Kind::kLink) continue;
    std::vector<std::size_t> met;
    const bool out = leads_out(after, path, steps_left, [&](const std::string& there) {
      if (const auto found = changed.find(there); found != changed.end()) met.push_back(found->second);
    });
    if (!out || met.empty()) continue;
    const auto old = before.find(path);
    if (old != before.end() && same(old->second, entry) && leads_out(before, path, steps_left, {})) continue;
    for (const std::size_t one : met) leading[one] = true;
  }
  std::vector<std::string> reasons;
  reasons.reserve(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    std::string why;
    if (change.after.kind == Kind::kLink && steps_left == 0) {
      why = "a link among more than can be followed";
    } else if (leading[i]) {
      why = change.after.kind == Kind::kLink ? "a link that leads out of the folder"
                                             : "a link over it would lead out of the folder";
    } else if (change.after.kind == Kind::kFile && (change.after.mode & kSetId) != 0) {
      // Also one that was there: what it does is the agent's now.
      why = "a program that runs as its owner";
    }
    reasons.push_back(std::move(why));
  }
  return reasons;
}

}  // namespace agentos::workspace
