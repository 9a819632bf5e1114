// Tables of names; nothing is decided here.
#include "lib/sandbox/manifest.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "lib/sandbox/mechanism/landlock.h"
#include "lib/sandbox/mechanism/namespaces.h"

namespace agentos::sandbox {
namespace {

std::string errno_name(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

json::Value probes(const StartReport& report) {
  json::Array result;
  for (std::uint32_t i = 0; i < kProbeCount; ++i) {
    const bool promised = (report.probes_promised & (1U << i)) != 0;
    result.emplace_back(json::Object{{"probe", probe_name(static_cast<Probe>(i))},
                                     {"answer", promised ? errno_name(report.probe_errors[i]) : "not promised"}});
  }
  return result;
}

bool cgroup_holds(const StartReport& report, CgroupLimit limit) {
  return (report.cgroup_limits >> static_cast<unsigned>(limit) & 1U) != 0;
}

json::Value limits(const LaunchPlan& plan, const StartReport& report) {
  const Limits& l = plan.limits;
  const char* processes = "RLIMIT_NPROC of the whole user";
  if (report.user == 0) processes = "not held: user 0 without a pids cgroup";
  if ((report.namespaces & kUserNamespace.flag) != 0) processes = "RLIMIT_NPROC in a user namespace of its own";
  if (plan.header.user != kSameUser) processes = "RLIMIT_NPROC of a user of its own";
  if (cgroup_holds(report, CgroupLimit::kProcesses)) processes = "pids cgroup";
  return json::Object{{"mechanism", "rlimits"},
                      {"memory_bytes", l.memory_bytes},
                      {"cpu_seconds", l.cpu_seconds},
                      {"processes", l.processes},
                      {"processes_held_by", processes},
                      {"open_files", l.open_files},
                      {"file_bytes", l.file_bytes},
                      {"wall_ms", l.wall_ms},
                      {"tree_memory_bytes", l.tree_memory_bytes},
                      {"tree_cpu_percent", l.tree_cpu_percent}};
}

json::Value namespaces(const LaunchPlan& plan, const StartReport& report) {
  json::Array kinds;
  for (const NamespaceKind& kind : kNamespaceKinds) {
    if ((report.namespaces & kind.flag) != 0) kinds.emplace_back(kind.name);
  }
  json::Object result{{"mechanism", "namespaces"}, {"kinds", std::move(kinds)}};
  if (report.namespaces == 0) result["why_none"] = plan.why_no_namespaces;
  return result;
}

// "Linux 6.1.0": what the mechanisms of the running system are versions of.
json::Value system_version() {
  utsname name{};
  ::uname(&name);
  return std::string(name.sysname) + " " + name.release;
}

json::Value mechanisms(const LaunchPlan& plan, const StartReport& report) {
  const int abi = report.landlock_abi;
  const bool no_network = plan.network != Network::kHost;
  const char* const network = plan.network == Network::kNone ? "none" : no_network ? "egress proxy" : "host";
  const bool apart = report.namespaces != 0;
  json::Array result;
  result.emplace_back(json::Object{{"mechanism", "landlock"},
                                   {"abi", abi},
                                   {"abi_of_host", landlock_abi()},
                                   {"filesystem_rights", __builtin_popcountll(landlock_rights_handled(abi))},
                                   {"tcp", no_network && abi >= 4 ? "refused" : "not handled"},
                                   {"scopes", abi >= kLandlockAbiSignalScope ? "abstract sockets, signals" : "none"},
                                   {"rules", static_cast<std::int64_t>(plan.rules.size())}});
  result.emplace_back(
      json::Object{{"mechanism", "seccomp"},
                   {"instructions", static_cast<std::int64_t>(plan.filter_instructions)},
                   {"unknown_calls", "ENOSYS"},
                   {"mode_owner_times", apart ? "held by read-only mounts" : "asked of init, below write grants only"},
                   {"network", network}});
  result.push_back(namespaces(plan, report));
  result.emplace_back(json::Object{{"mechanism", "no_new_privs"}});
  result.emplace_back(json::Object{{"mechanism", "capabilities"}, {"state", "none held, none to be gained"}});
  result.push_back(limits(plan, report));
  if (report.cgroup_path[0] != 0) {
    result.emplace_back(json::Object{{"mechanism", "cgroup"}, {"path", report.cgroup_path}, {"holds", "kill, freeze"}});
  }
  result.emplace_back(json::Object{
      {"mechanism", "tree"},
      {"held_by", apart ? "pid namespace, subreaper, mark in RLIMIT_RTTIME" : "subreaper, mark in RLIMIT_RTTIME"}});
  return result;
}

// What this start promises, by name; what is not here is not promised.
json::Value promised(const LaunchPlan& plan, const StartReport& report) {
  HostOffer host = plan.host;
  host.landlock_abi = report.landlock_abi;
  host.root = plan.header.user != kSameUser;
  host.cgroup = report.cgroup_limits != 0;
  json::Array names;
  for (const Promise promise : promises()) {
    if (plan.network != Network::kNone && promise == Promise::use_internet) continue;
    if (plan.network == Network::kHost && promise == Promise::use_path_sockets) continue;
    if (held(promise, host)) names.emplace_back(name_of(promise));
  }
  return names;
}

std::string rule_path(const LaunchPlan& plan, std::uint32_t index) {
  return index < plan.rules.size() ? plan.rules[index].path : std::string("?");
}

Error execute_error(const LaunchPlan& plan, const StartReport& report) {
  const std::string path = report.index < plan.candidates.size() ? plan.candidates[report.index] : plan.command.front();
  // In a root of its own, what is not granted is not there.
  const bool hidden = report.error == ENOENT && report.namespaces != 0 && ::access(path.c_str(), F_OK) == 0;
  const int cause = hidden ? EACCES : report.error;
  Error error = fail_errno(cause, "cannot execute " + path).error();
  if (cause == EACCES) {
    error.hint = "the profile \"" + plan.profile_name +
                 "\" does not grant executing it (or its interpreter or libraries); grant its folder under "
                 "files.execute in a profile";
  } else if (cause == ENOENT) {
    error.hint = "the file, or the interpreter its first line names, does not exist or is not granted";
  } else if (report.error == ENOEXEC) {
    error.hint = "it is neither a program for this machine nor a script with #!";
  }
  return error;
}

Error cgroup_error(const LaunchPlan& plan, const StartReport& report) {
  const bool memory = report.index == static_cast<std::uint32_t>(CgroupLimit::kMemory);
  return Error{ErrorCode::kUnsupported,
               "the start is refused: the profile \"" + plan.profile_name + "\" limits the " +
                   (memory ? "memory" : "processor time") + " of the whole tree, and no cgroup could hold it",
               "run in a delegated group: systemd-run --user --scope -p Delegate=yes ...; agentos doctor says what "
               "this host offers"};
}

}  // namespace

const char* probe_name(Probe probe) {
  switch (probe) {
    case Probe::kReadShadow:
      return "read /etc/shadow";
    case Probe::kReadCanary:
      return "read a file not granted";
    case Probe::kWriteCanary:
      return "write a file not granted";
    case Probe::kCreateBesideCanary:
      return "create a file in a folder not granted";
    case Probe::kExecuteCanary:
      return "execute a file not granted";
    case Probe::kChangeModeCanary:
      return "change the mode of a file not granted";
    case Probe::kReadInitEnvironment:
      return "read the environment of init";
    case Probe::kReadInitMemory:
      return "read the memory of init";
    case Probe::kInternetSocket:
      return "make an internet socket";
    case Probe::kConnectPathSocket:
      return "connect to a path socket";
    case Probe::kTraceInit:
      return "trace init";
    case Probe::kSignalOthers:
      return "signal processes outside";
    case Probe::kIoUring:
      return "make an io_uring";
    case Probe::kNewUserNamespace:
      return "make a user namespace";
    case Probe::kMount:
      return "mount";
    case Probe::kDeniedRule:
      return "use what is taken away below a grant";
    case Probe::kSeeCanary:
      return "see a file not granted";
    case Probe::kSeeProcesses:
      return "see processes outside";
    case Probe::kCount:
      break;
  }
  return "unknown";
}

json::Value make_manifest(const LaunchPlan& plan, const StartReport& report) {
  json::Array skipped, denied, unprotected, replaced;
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    if (report.rules_skipped[i] != 0) {
      skipped.emplace_back(plan.rules[i].path);
    } else if (plan.rules[i].denied != 0) {
      const bool hidden = (plan.rule_flags[i] & kHiddenRule) != 0;
      const bool writing = (plan.rule_flags[i] & kReadOnlyRule) != 0;
      denied.emplace_back(json::Object{{"path", plan.rules[i].path},
                                       {"is", hidden ? "hidden" : (writing ? "read-only" : "not executable")}});
    } else if (!plan.rules[i].from.empty()) {
      replaced.emplace_back(json::Object{{"path", plan.rules[i].path}, {"from", plan.rules[i].from}});
    }
  }
  for (const std::string& path : plan.dropped) skipped.emplace_back(path);
  for (const std::string& path : plan.unprotected) unprotected.emplace_back(path);
  json::Array names;
  for (const auto& [name, value] : plan.environment) names.emplace_back(name);
  return json::Object{
      {"profile", plan.profile_name},
      {"program", report.index < plan.candidates.size() ? plan.candidates[report.index] : plan.command.front()},
      {"working_directory", plan.working_directory},
      {"identity", report.user == 0 ? std::string("root without capabilities")
                                    : "user " + std::to_string(report.user) + " without capabilities"},
      {"mechanisms", mechanisms(plan, report)},
      {"system", system_version()},
      {"promised", promised(plan, report)},
      {"probes", probes(report)},
      {"skipped", std::move(skipped)},
      {"taken_away", std::move(denied)},
      {"unprotected", std::move(unprotected)},
      {"replaced", std::move(replaced)},
      {"environment", std::move(names)},
      {"tmp", plan.tmp}};
}

Error start_error(const LaunchPlan& plan, const StartReport& report) {
  const auto refused = [&](std::string what, std::string hint) {
    Error error = fail_errno(report.error, "the start is refused: " + what).error();
    error.hint = std::move(hint);
    return error;
  };
  const std::string doctor = "agentos doctor says what this host offers";
  switch (report.stage) {
    case Stage::kExecute:
      return execute_error(plan, report);
    case Stage::kProbe:
      return Error{ErrorCode::kNotPermitted,
                   std::string("the start is refused: inside the confinement it was possible to ") +
                       probe_name(static_cast<Probe>(report.index)) + ", which the profile \"" + plan.profile_name +
                       "\" promises to refuse",
                   "the profile or a mechanism of this host does not hold; " + doctor};
    case Stage::kLandlockMissing:
      return Error{ErrorCode::kUnsupported, "the start is refused: this kernel has no Landlock",
                   "use Linux 5.13 or later with landlock in the lsm= list; " + doctor};
    case Stage::kLandlockRule:
      return refused("the profile grants " + rule_path(plan, report.index) + ", which cannot be opened",
                     "correct the path, or mark it optional");
    case Stage::kTreeDirectory:
      return refused("cannot make " + plan.tree_directory, "XDG_RUNTIME_DIR or /tmp must be writable");
    case Stage::kWorkingDirectory:
      return refused("cannot enter the working directory " + plan.working_directory, "choose another");
    case Stage::kSession:
      return refused("cannot make a session with its controlling terminal", "descriptor 0 must be a terminal");
    case Stage::kCgroupLimit:
      return cgroup_error(plan, report);
    case Stage::kNamespaces:
      return refused("the namespaces this host gave when the kernel started are not to be had now", doctor);
    case Stage::kUserMap:
      return refused("this user could not be mapped into its namespace", doctor);
    case Stage::kRootFilesystem:
      return refused("the root of its own could not be made (step " + std::to_string(report.index) + ")", doctor);
    case Stage::kRootRule:
      return refused("the profile grants " + rule_path(plan, report.index) + ", which cannot be mounted",
                     "correct the path; " + doctor);
    case Stage::kDenyRule:
      return refused("the profile takes away " + rule_path(plan, report.index) + ", which cannot be held",
                     report.error == ELOOP ? "it is a symbolic link, or a file below a granted /: name what it leads to"
                                           : "list it under `unprotected` if it need not hold");
    case Stage::kIdentity:
      return refused("the program could not be given a user of its own", doctor);
    case Stage::kResourceLimits:
      return refused("cannot set resource limit " + std::to_string(report.index), doctor);
    case Stage::kCredentials:
      return refused("cannot drop capabilities", doctor);
    case Stage::kLandlock:
      return refused("Landlock could not be applied", doctor);
    case Stage::kSeccomp:
      return refused("the seccomp filter could not be installed", doctor);
    default:
      return refused("agentos-init failed in stage " + std::to_string(static_cast<unsigned>(report.stage)), doctor);
  }
}

}  // namespace agentos::sandbox
