// Of two grants one of which lies in the other, the deeper is what both grant.
#include "lib/sandbox/profile_narrowed.h"

#include <algorithm>

#include "lib/sandbox/plan_rules.h"

namespace agentos::sandbox {
namespace {

std::int64_t smaller(std::int64_t one, std::int64_t other) {  // 0: no limit
  if (one == 0 || other == 0) return std::max(one, other);
  return std::min(one, other);
}

void add_rule(std::vector<FileRule>& files, FileRule rule) {
  const auto same = std::find_if(files.begin(), files.end(), [&](const FileRule& known) {
    return known.path == rule.path && known.from == rule.from && known.denied == 0;
  });
  if (same == files.end()) {
    files.push_back(std::move(rule));
    return;
  }
  same->access |= rule.access;
  same->optional = same->optional && rule.optional;
}

// What stands in the place of something for the parent stands there for the child.
std::vector<FileRule> files_of_both(const std::vector<FileRule>& parent, const std::vector<FileRule>& wanted) {
  std::vector<FileRule> files;
  for (const FileRule& one : wanted) {
    for (const FileRule& given : parent) {
      const auto access = static_cast<std::uint8_t>(one.access & given.access);
      if (access == 0 || one.denied != 0 || given.denied != 0 || !one.from.empty()) continue;
      if (is_below(one.path, given.path)) {
        std::string from = given.from;
        if (!from.empty() && one.path.size() > given.path.size()) from += one.path.substr(given.path.size());
        add_rule(files, {one.path, access, one.optional, 0, std::move(from)});
      } else if (is_below(given.path, one.path)) {
        add_rule(files, {given.path, access, given.optional, 0, given.from});
      }
    }
  }
  for (const auto* rules : {&parent, &wanted}) {
    std::copy_if(rules->begin(), rules->end(), std::back_inserter(files),
                 [](const FileRule& rule) { return rule.denied != 0; });
  }
  return files;
}

std::vector<std::string> names_of_both(const std::vector<std::string>& parent, std::vector<std::string> wanted) {
  std::erase_if(wanted, [&](const std::string& name) { return std::ranges::find(parent, name) == parent.end(); });
  return wanted;
}

Limits smaller_limits(const Limits& one, const Limits& other) {
  return {.memory_bytes = smaller(one.memory_bytes, other.memory_bytes),
          .cpu_seconds = smaller(one.cpu_seconds, other.cpu_seconds),
          .processes = smaller(one.processes, other.processes),
          .open_files = smaller(one.open_files, other.open_files),
          .file_bytes = smaller(one.file_bytes, other.file_bytes),
          .wall_ms = smaller(one.wall_ms, other.wall_ms),
          .tree_memory_bytes = smaller(one.tree_memory_bytes, other.tree_memory_bytes),
          .tree_cpu_percent = smaller(one.tree_cpu_percent, other.tree_cpu_percent)};
}

}  // namespace

Profile narrowed(const Profile& parent, Profile wanted) {
  wanted.files = files_of_both(parent.files, wanted.files);
  wanted.unprotected = names_of_both(parent.unprotected, std::move(wanted.unprotected));
  if (wanted.network != parent.network) wanted.network = Network::kNone;
  if (wanted.ipc != parent.ipc) wanted.ipc = Ipc::kNone;
  if (parent.identity == Identity::kUnprivileged) wanted.identity = Identity::kUnprivileged;
  if (wanted.namespaces != Namespaces::kRequired) wanted.namespaces = parent.namespaces;
  wanted.landlock_abi_max = parent.landlock_abi_max;
  for (const std::string& promise : parent.promises) {
    if (std::ranges::find(wanted.promises, promise) == wanted.promises.end()) wanted.promises.push_back(promise);
  }
  wanted.internal_addresses = names_of_both(parent.internal_addresses, std::move(wanted.internal_addresses));
  wanted.limits = smaller_limits(parent.limits, wanted.limits);
  wanted.environment_allow = names_of_both(parent.environment_allow, std::move(wanted.environment_allow));
  wanted.private_tmp = wanted.private_tmp && parent.private_tmp;
  return wanted;
}

}  // namespace agentos::sandbox
