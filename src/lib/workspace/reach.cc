// Links are followed as the system would, in the snapshot instead of on the disk.
#include "lib/workspace/reach.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string_view>

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

bool leads_out(const Snapshot& snapshot, const std::string& path, std::vector<std::string>& met) {
  std::deque<std::string> rest;
  put_before(rest, path);
  std::string at;  // where the names so far lead; links in it are resolved
  int hops = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.front());
    rest.pop_front();
    if (name == "..") {
      if (at.empty()) return true;
      const std::size_t slash = at.rfind('/');
      at.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    const std::string next = at.empty() ? name : at + "/" + name;
    met.push_back(next);
    if (met.size() > kNamesMetMax) return true;
    const auto entry = snapshot.find(next);
    if (entry == snapshot.end() || entry->second.kind != Kind::kLink) {
      at = next;
      continue;
    }
    // What turns in a circle leads nowhere now; with one link less it may.
    if (entry->second.target.starts_with("/") || ++hops > kHopsMax) return true;
    put_before(rest, entry->second.target);
  }
  return false;
}

std::vector<std::string> reach_of(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes) {
  std::set<std::string> leading;  // paths on the way of a link that leads out, and did not before
  for (const auto& [path, entry] : after) {
    if (entry.kind != Kind::kLink) continue;
    std::vector<std::string> met, met_before;
    if (!leads_out(after, path, met)) continue;
    const auto old = before.find(path);
    if (old != before.end() && same(old->second, entry) && leads_out(before, path, met_before)) continue;
    leading.insert(met.begin(), met.end());
  }
  std::vector<std::string> reasons;
  reasons.reserve(changes.size());
  for (const Change& change : changes) {
    std::string why;
    if (change.after.kind == Kind::kLink && leading.contains(change.path)) {
      why = "a link that leads out of the folder";
    } else if (leading.contains(change.path)) {
      why = "a link over it would lead out of the folder";
    } else if (change.after.kind == Kind::kFile && (change.after.mode & kSetId) != 0) {
      // Also one that was there: what it does is the agent's now.
      why = "a program that runs as its owner";
    }
    reasons.push_back(std::move(why));
  }
  return reasons;
}

}  // namespace agentos::workspace
