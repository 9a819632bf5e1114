// Deciding which mechanisms a start uses and which probes are promised, and writing the plan's bytes.
#include "lib/sandbox/launch_plan.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "lib/sandbox/mechanism/root_filesystem.h"
#include "lib/sandbox/mechanism/tree_directory.h"
#include "lib/sandbox/plan_rules.h"

namespace agentos::sandbox {
namespace {

// What a probe shows.
constexpr std::pair<Probe, Promise> kShows[] = {{Probe::kReadShadow, Promise::read_ungranted},
                                                {Probe::kReadCanary, Promise::read_ungranted},
                                                {Probe::kWriteCanary, Promise::write_ungranted},
                                                {Probe::kCreateBesideCanary, Promise::write_ungranted},
                                                {Probe::kExecuteCanary, Promise::execute_ungranted},
                                                {Probe::kChangeModeCanary, Promise::change_metadata},
                                                {Probe::kReadInitEnvironment, Promise::read_others},
                                                {Probe::kReadInitMemory, Promise::read_others},
                                                {Probe::kInternetSocket, Promise::use_internet},
                                                {Probe::kConnectPathSocket, Promise::use_path_sockets},
                                                {Probe::kTraceInit, Promise::trace_others},
                                                {Probe::kSignalOthers, Promise::signal_others},
                                                {Probe::kIoUring, Promise::use_machine_calls},
                                                {Probe::kNewUserNamespace, Promise::use_machine_calls},
                                                {Probe::kMount, Promise::use_machine_calls},
                                                {Probe::kDeniedRule, Promise::use_denied},
                                                {Probe::kSeeCanary, Promise::see_names},
                                                {Probe::kSeeProcesses, Promise::see_processes}};
static_assert(std::size(kShows) == kProbeCount);

// Without what the profile itself grants.
std::uint32_t promised_probes(const LaunchPlan& plan) {
  std::uint32_t promised = 0;
  for (const auto& [probe, promise] : kShows) {
    if (held(promise, plan.host)) promised |= 1U << static_cast<std::uint32_t>(probe);
  }
  const auto give_up = [&](Probe probe) { promised &= ~(1U << static_cast<std::uint32_t>(probe)); };
  const bool new_root = plan.host.namespaces && !granted(plan.rules, "/", Access::kRead);
  const std::string canary = new_root ? kInsideCanary : plan.tree_directory + "/" + kCanaryName;
  if (granted(plan.rules, "/etc/shadow", Access::kRead)) give_up(Probe::kReadShadow);
  if (granted(plan.rules, canary, Access::kRead)) give_up(Probe::kReadCanary);
  if (granted(plan.rules, canary, Access::kWrite)) {
    give_up(Probe::kWriteCanary);
    give_up(Probe::kCreateBesideCanary);
    give_up(Probe::kChangeModeCanary);
  }
  if (granted(plan.rules, canary, Access::kExecute)) give_up(Probe::kExecuteCanary);
  if (!new_root) give_up(Probe::kSeeCanary);
  if (plan.network == Network::kProxy) give_up(Probe::kInternetSocket);
  if (plan.network == Network::kHost) {
    give_up(Probe::kInternetSocket);
    give_up(Probe::kConnectPathSocket);
  }
  // What grants all of /proc grants the files of init there, as far as user ids let it.
  if (!plan.host.namespaces && granted(plan.rules, "/proc", Access::kRead)) {
    give_up(Probe::kReadInitEnvironment);
    give_up(Probe::kReadInitMemory);
  }
  bool takes_away = false;
  for (const FileRule& rule : plan.rules) takes_away = takes_away || rule.denied != 0;
  if (!takes_away) give_up(Probe::kDeniedRule);
  return promised;
}

class PlanBytes {
 public:
  void raw(const void* from, std::size_t size) { bytes_.append(static_cast<const char*>(from), size); }
  void number(std::uint32_t value) { raw(&value, sizeof value); }
  void string(const std::string& text) {
    number(static_cast<std::uint32_t>(text.size()));
    raw(text.c_str(), text.size() + 1);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string write_bytes(const LaunchPlan& plan, const std::vector<sock_filter>& filter) {
  PlanBytes bytes;
  bytes.raw(&plan.header, sizeof plan.header);
  bytes.raw(filter.data(), filter.size() * sizeof(sock_filter));
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    bytes.number(plan.rules[i].access);
    bytes.number(plan.rule_flags[i]);
    bytes.string(plan.rules[i].path);
    bytes.string(plan.rules[i].from);
  }
  bytes.string(plan.tree_directory);
  bytes.string(plan.working_directory);
  for (const std::string& argument : plan.command) bytes.string(argument);
  for (const auto& [name, value] : plan.environment) bytes.string(name + "=" + value);
  for (const std::string& candidate : plan.candidates) bytes.string(candidate);
  return bytes.take();
}

std::uint32_t wanted_cgroup_limits(const LaunchPlan& plan) {
  const auto bit = [](CgroupLimit limit) { return 1U << static_cast<std::uint32_t>(limit); };
  std::uint32_t wanted = 0;
  // A user namespace, or a user of its own, counts the tree's processes alone; making a group costs more.
  const bool counted = plan.host.namespaces && (!plan.host.root || plan.header.user != kSameUser);
  if (plan.limits.processes > 0 && !counted) wanted |= bit(CgroupLimit::kProcesses);
  if (plan.limits.tree_memory_bytes > 0) wanted |= bit(CgroupLimit::kMemory);
  if (plan.limits.tree_cpu_percent > 0) wanted |= bit(CgroupLimit::kCpu);
  return wanted;
}

void fill_header(const LaunchRequest& request, const PlanOptions& options, std::size_t filter_instructions,
                 LaunchPlan& plan) {
  PlanHeader& header = plan.header;
  header.mark = options.mark;
  header.landlock_abi_max = plan.host.landlock_abi;
  // Without a mount namespace the program would lose the files it was granted together with the user.
  const bool other_user = plan.host.root && plan.host.namespaces && request.profile.identity == Identity::kUnprivileged;
  header.user = other_user ? options.user : kSameUser;
  const std::string under = plan.tree_directory.substr(0, plan.tree_directory.find('/', 1));
  header.flags =
      (request.new_terminal_session ? kNewTerminalSession : 0U) | (plan.tmp.empty() ? 0U : kPrivateTmp) |
      (options.cgroups == Cgroups::kWhenPossible ? kUseCgroups : 0U) |
      (plan.network != Network::kHost ? kNetworkRefused : 0U) | (plan.network == Network::kProxy ? kProxied : 0U) |
      (plan.working_directory == plan.tmp ? kStartInTmp : 0U) | (plan.host.namespaces ? kUseNamespaces : kBrokered) |
      (!plan.tmp.empty() && under != "/tmp" ? kDirectTmp : 0U) | (request.profile.trace ? kTraced : 0U);
  header.probes_promised = promised_probes(plan);
  header.filter_instructions = static_cast<std::uint32_t>(filter_instructions);
  header.cgroup_limits = wanted_cgroup_limits(plan);
  header.rules = static_cast<std::uint32_t>(plan.rules.size());
  header.arguments = static_cast<std::uint32_t>(plan.command.size());
  header.environment = static_cast<std::uint32_t>(plan.environment.size());
  header.candidates = static_cast<std::uint32_t>(plan.candidates.size());
  header.memory_bytes = plan.limits.memory_bytes;
  header.cpu_seconds = plan.limits.cpu_seconds;
  header.processes = plan.limits.processes;
  header.open_files = plan.limits.open_files;
  header.file_bytes = plan.limits.file_bytes;
  header.wall_ms = plan.limits.wall_ms;
  header.tree_memory_bytes = plan.limits.tree_memory_bytes;
  header.tree_cpu_percent = plan.limits.tree_cpu_percent;
}

Status check_request(const LaunchRequest& request) {
  if (request.command.empty() || request.command.front().empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no program to start", "name one after --");
  }
  if (request.command.size() > kArgumentsMax) return fail(ErrorCode::kTooLarge, "the program has too many arguments");
  for (const std::string& argument : request.command) {
    if (argument.find('\0') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "an argument of the program has a NUL byte in it");
    }
  }
  if (!request.working_directory.starts_with("/") || request.working_directory.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "the working directory is not an absolute path");
  }
  if (!request.stdin_fd.valid() || !request.stdout_fd.valid() || !request.stderr_fd.valid()) {
    return fail(ErrorCode::kInvalidArgument, "standard input, output and error must be open descriptors");
  }
  if ((request.profile.network == Network::kProxy) != request.egress_channel.valid()) {
    return fail(ErrorCode::kInvalidArgument, "the profile's network is the egress proxy, and there is none",
                "network: none");
  }
  return {};
}

}  // namespace

bool measured(Promise promise) {
  return std::any_of(std::begin(kShows), std::end(kShows), [&](const auto& shown) { return shown.second == promise; });
}

Result<HostOffer> offer_for(const Profile& profile, const HostOffer& host, const std::string& why_no_namespaces) {
  HostOffer offer = host;
  offer.landlock_abi = std::min(offer.landlock_abi, profile.landlock_abi_max);
  if (profile.namespaces == Namespaces::kNever) offer.namespaces = false;
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::kUnsupported, "the start is refused: the profile \"" + profile.name + "\" " + what,
                "agentos doctor says what this host offers and how to get more; docs/reference/isolation.md what needs "
                "what");
  };
  if (profile.namespaces == Namespaces::kRequired && !offer.namespaces) {
    return refuse("requires namespaces, and this host gives none: " + why_no_namespaces);
  }
  if (profile.ipc == Ipc::kPrivate && !offer.namespaces) {
    return refuse("has private shared memory, which needs an ipc namespace" +
                  (why_no_namespaces.empty() ? std::string() : ": " + why_no_namespaces));
  }
  for (const std::string& wanted : profile.promises) {
    for (const Promise promise : promises()) {
      if (name_of(promise) == wanted && !held(promise, offer)) {
        return refuse("demands " + wanted + ", which nothing holds on this host");
      }
    }
  }
  return offer;
}

FilterOptions filter_options(const Profile& profile, const HostOffer& host) {
  FilterOptions options;
  options.network = profile.network;
  options.landlock_abi = host.landlock_abi;
  options.metadata = host.namespaces ? MetadataCalls::kDirect : MetadataCalls::kBrokered;
  options.ipc = profile.ipc;
  options.opens = profile.trace ? OpenCalls::kTraced : OpenCalls::kUnseen;
  return options;
}

Result<LaunchPlan> make_launch_plan(const LaunchRequest& request, const PlanOptions& options,
                                    const std::vector<sock_filter>& filter) {
  TRY(check_request(request));
  LaunchPlan plan;
  plan.host = options.host;
  if (!plan.host.namespaces) {
    plan.why_no_namespaces = options.why_no_namespaces.empty() ? "the profile wants none" : options.why_no_namespaces;
  }
  plan.profile_name = request.profile.name;
  plan.network = request.profile.network;
  plan.limits = request.profile.limits;
  plan.command = request.command;
  char mark[32];
  std::snprintf(mark, sizeof mark, "%llx", static_cast<unsigned long long>(options.mark));
  plan.tree_directory = options.base_directory + "/agentos-" + mark;
  if (request.profile.private_tmp) plan.tmp = plan.tree_directory + "/" + kTmpName;
  TRY(place_rules(request, options.base_directory, plan));
  plan.working_directory = request.working_directory;
  if (!granted(plan.rules, plan.working_directory, Access::kRead)) {
    if (!plan.tmp.empty()) {
      plan.working_directory = plan.tmp;
    } else if (plan.host.namespaces) {
      plan.working_directory = "/";
    }
  }
  plan.environment = TRY(
      build_environment({request.environment, request.profile.environment_allow, request.environment_set, plan.tmp}));
  const std::string* path = find_variable(request.environment, "PATH");
  plan.candidates =
      program_candidates(request.command.front(), path != nullptr ? std::string_view(*path) : kDefaultPath);
  if (plan.candidates.empty()) {
    return fail(ErrorCode::kNotFound, "the program \"" + request.command.front() + "\" is not on PATH",
                "give its path, or correct PATH");
  }
  fill_header(request, options, filter.size(), plan);
  plan.filter_instructions = filter.size();
  plan.bytes = write_bytes(plan, filter);
  if (plan.bytes.size() > kPlanBytesMax) {
    return fail(ErrorCode::kTooLarge,
                "arguments and environment are larger than " + std::to_string(kPlanBytesMax) + " bytes together");
  }
  const auto size = static_cast<std::uint32_t>(plan.bytes.size());
  std::memcpy(plan.bytes.data() + offsetof(PlanHeader, bytes), &size, sizeof size);
  return plan;
}

}  // namespace agentos::sandbox
