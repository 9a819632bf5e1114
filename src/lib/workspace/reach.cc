// Links are followed as the system would, in the snapshot instead of on the disk.
#include "lib/workspace/reach.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "lib/workspace/beneath.h"

namespace agentos::workspace {
namespace {

constexpr int kHopsMax = 40;                        // as Linux has it
constexpr std::size_t kNamesMetMax = 256;           // of one link; with more it counts as out
constexpr std::size_t kNamesMetAllMax = 5'000'000;  // of all; every link after them counts as out
constexpr std::uint32_t kSetId = S_ISUID | S_ISGID;

// The names of the path, to be taken from the end of `names`, the first one first. Views into the path.
void put_before(std::vector<std::string_view>& names, std::string_view path) {
  const std::size_t first = names.size();
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (!name.empty() && name != ".") names.push_back(name);
    at = end + 1;
  }
  std::reverse(names.begin() + static_cast<std::ptrdiff_t>(first), names.end());
}

}  // namespace

bool leads_out(const Snapshot& snapshot, const std::string& path, const Met& met) {
  std::vector<std::string_view> rest;
  put_before(rest, path);
  std::string at;  // where the names so far lead; links in it are resolved
  int hops = 0;
  std::size_t names = 0;
  while (!rest.empty()) {
    const std::string_view name = rest.back();
    rest.pop_back();
    const std::size_t folder = at.size();
    if (name == "..") {
      if (at.empty()) return true;
      const std::size_t slash = at.rfind('/');
      at.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    if (folder != 0) at += '/';
    at += name;
    if (++names > kNamesMetMax || at.size() > kPathBytesMax || !met(at)) return true;
    const auto entry = snapshot.find(at);
    if (entry == snapshot.end() || entry->second.kind != Kind::kLink) continue;
    // What turns in a circle leads nowhere now; with one link less it may.
    if (entry->second.target.starts_with("/") || ++hops > kHopsMax) return true;
    at.resize(folder);
    put_before(rest, entry->second.target);
  }
  return false;
}

std::vector<std::string> reach_of(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes) {
  // Changes on the way of a link that leads out, and did not before. They are in the order of paths.
  std::vector<bool> leading(changes.size(), false);
  const auto index_of = [&](const std::string& path) {
    const auto at =
        std::lower_bound(changes.begin(), changes.end(), path,
                         [](const Change& change, const std::string& wanted) { return change.path < wanted; });
    return at != changes.end() && at->path == path ? static_cast<std::size_t>(at - changes.begin()) : changes.size();
  };
  std::size_t left = kNamesMetAllMax;
  std::vector<std::size_t> touched;
  const auto count = [&](const std::string&) { return left > 0 && --left > 0; };
  for (const auto& [path, entry] : after) {
    if (entry.kind != Kind::kLink) continue;
    touched.clear();
    const auto remember = [&](const std::string& at) {
      if (const std::size_t index = index_of(at); index < changes.size()) touched.push_back(index);
      return count(at);
    };
    if (!leads_out(after, path, remember)) continue;
    const auto old = before.find(path);
    if (old != before.end() && same(old->second, entry) && leads_out(before, path, count)) continue;
    for (const std::size_t index : touched) leading[index] = true;
  }
  std::vector<std::string> reasons;
  reasons.reserve(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    std::string why;
    if (change.after.kind == Kind::kLink && leading[i]) {
      why = "a link that leads out of the folder";
    } else if (leading[i]) {
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
