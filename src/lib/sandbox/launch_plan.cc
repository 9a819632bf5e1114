// Replacing ${cwd} and ${tmp}, deciding which probes are promised, and writing the plan's bytes.
#include "lib/sandbox/launch_plan.h"

#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

bool is_below(std::string_view path, std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with("/")) folder.remove_suffix(1);
  return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

bool granted(const std::vector<FileRule>& rules, std::string_view path, Access access) {
  for (const FileRule& rule : rules) {
    if ((rule.access & static_cast<std::uint8_t>(access)) != 0 && is_below(path, rule.path)) return true;
  }
  return false;
}

std::string with_prefix(const std::string& path, std::string_view variable, std::string_view value) {
  return std::string(value) + path.substr(variable.size());
}

// Where a path leads; the path itself when nothing is there yet.
std::string resolved(const std::string& path) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::weakly_canonical(path, error);
  return error ? path : place.string();
}

// A working directory is granted without a look at what lies below it. The kernel's own files, and the private folders
// of other trees, must not.
Status check_closed(const std::string& granted, const LaunchRequest& request, const std::string& base_directory) {
  const std::string place = resolved(granted);
  const auto covers = [&](const std::string& closed) { return is_below(resolved(closed), place); };
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::kInvalidArgument,
                "the profile grants the working directory, and " + granted + " holds " + what,
                "start in a project folder, or name what the agent needs in a profile");
  };
  for (const std::string& closed : request.closed_paths) {
    if (covers(closed)) return refuse("the kernel's own files, in " + closed);
  }
  if (covers(base_directory)) return refuse("the private folders of all agents, in " + base_directory);
  return {};
}

Status place_rules(const LaunchRequest& request, const std::string& base_directory, LaunchPlan& plan) {
  for (FileRule rule : request.profile.files) {
    if (rule.path.starts_with("${tmp}")) {
      if (plan.tmp.empty()) {
        plan.dropped.push_back(rule.path);
        continue;
      }
      rule.path = with_prefix(rule.path, "${tmp}", plan.tmp);
    } else if (rule.path.starts_with("${cwd}")) {
      if (request.working_directory == "/" && rule.path == "${cwd}") {
        return fail(ErrorCode::kInvalidArgument, "the profile grants the working directory, and that is /",
                    "start in a project folder, or name what the agent needs in a profile");
      }
      rule.path = with_prefix(rule.path, "${cwd}", request.working_directory);
      TRY(check_closed(rule.path, request, base_directory));
    }
    if (!rule.path.starts_with("/") || rule.path.find('\0') != std::string::npos || rule.path.size() >= PATH_MAX) {
      return fail(ErrorCode::kInvalidArgument,
                  "the profile grants \"" + rule.path.substr(0, 80) + "\", which is not an absolute path");
    }
    plan.rules.push_back(std::move(rule));
  }
  if (plan.rules.size() > kRulesMax) {
    return fail(ErrorCode::kTooLarge, "the profile grants more than " + std::to_string(kRulesMax) + " files",
                "grant the folders they are in");
  }
  return {};
}

std::uint32_t promised_probes(const LaunchPlan& plan) {
  std::uint32_t promised = (1U << kProbeCount) - 1;
  const auto give_up = [&](Probe probe) { promised &= ~(1U << static_cast<std::uint32_t>(probe)); };
  const std::string canary = plan.tree_directory + "/" + kCanaryName;
  if (granted(plan.rules, "/etc/shadow", Access::kRead)) give_up(Probe::kReadShadow);
  if (granted(plan.rules, canary, Access::kRead)) give_up(Probe::kReadCanary);
  if (granted(plan.rules, canary, Access::kWrite)) {
    give_up(Probe::kWriteCanary);
    give_up(Probe::kCreateBesideCanary);
    give_up(Probe::kChangeModeCanary);
  }
  if (granted(plan.rules, canary, Access::kExecute)) give_up(Probe::kExecuteCanary);
  if (plan.network == Network::kProxy) give_up(Probe::kInternetSocket);
  if (plan.network == Network::kHost) {
    give_up(Probe::kInternetSocket);
    give_up(Probe::kConnectPathSocket);
  }
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
  for (const FileRule& rule : plan.rules) {
    bytes.number(rule.access);
    bytes.number(rule.optional ? kOptionalRule : 0U);
    bytes.string(rule.path);
  }
  bytes.string(plan.tree_directory);
  for (const std::string& argument : plan.command) bytes.string(argument);
  for (const auto& [name, value] : plan.environment) bytes.string(name + "=" + value);
  for (const std::string& candidate : plan.candidates) bytes.string(candidate);
  return bytes.take();
}

void fill_header(const LaunchRequest& request, const PlanOptions& options, LaunchPlan& plan) {
  PlanHeader& header = plan.header;
  header.mark = options.mark;
  header.landlock_abi_max = options.landlock_abi;
  header.flags = (request.new_terminal_session ? kNewTerminalSession : 0U) | (plan.tmp.empty() ? 0U : kPrivateTmp) |
                 (options.cgroups == Cgroups::kWhenPossible ? kUseCgroups : 0U) |
                 (plan.network != Network::kHost ? kNetworkRefused : 0U) |
                 (plan.network == Network::kProxy ? kProxied : 0U) |
                 (plan.working_directory == plan.tmp ? kStartInTmp : 0U);
  header.probes_promised = promised_probes(plan);
  header.filter_instructions = static_cast<std::uint32_t>(options.filter.size());
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

Result<LaunchPlan> make_launch_plan(const LaunchRequest& request, const PlanOptions& options) {
  TRY(check_request(request));
  LaunchPlan plan;
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
  if (!plan.tmp.empty() && !granted(plan.rules, plan.working_directory, Access::kRead)) {
    plan.working_directory = plan.tmp;
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
  fill_header(request, options, plan);
  plan.filter_instructions = options.filter.size();
  plan.bytes = write_bytes(plan, options.filter);
  if (plan.bytes.size() > kPlanBytesMax) {
    return fail(ErrorCode::kTooLarge,
                "arguments and environment are larger than " + std::to_string(kPlanBytesMax) + " bytes together");
  }
  const auto size = static_cast<std::uint32_t>(plan.bytes.size());
  std::memcpy(plan.bytes.data() + offsetof(PlanHeader, bytes), &size, sizeof size);
  return plan;
}

}  // namespace agentos::sandbox
