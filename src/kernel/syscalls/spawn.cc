// spawn: an operator starts a program as an agent, under a policy and a profile.
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io/file.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

Result<Sources> sources_of(const abi::SpawnRequest& request) {
  auto sources = std::make_shared<std::vector<policy::Source>>();
  for (const abi::Document& document : request.policy) sources->push_back({document.text, document.file});
  const std::string preset =
      request.policy_preset.empty() && sources->empty() ? "agent-default" : request.policy_preset;
  if (!preset.empty()) {
    const std::string_view text = policy::preset(preset);
    if (text.empty())
      return fail(abi::error::invalid_policy, "there is no built-in policy \"" + preset + "\"",
                  "agentos policy show lists them");
    sources->push_back({std::string(text), preset});
  }
  return sources;
}

Status apply_limits(const json::Value& limits, sandbox::Limits& out) {
  const std::pair<std::string_view, std::int64_t*> known[] = {{"memory_bytes", &out.memory_bytes},
                                                              {"cpu_seconds", &out.cpu_seconds},
                                                              {"processes", &out.processes},
                                                              {"open_files", &out.open_files},
                                                              {"file_bytes", &out.file_bytes}};
  for (const auto& [name, value] : limits.as_object()) {
    std::int64_t* slot = nullptr;
    for (const auto& [word, target] : known) {
      if (word == name) slot = target;
    }
    if (slot == nullptr) return fail(abi::error::invalid_argument, "unknown limit \"" + name.substr(0, 64) + "\"");
    if (!value.is_int() || value.as_int() < 1)
      return fail(abi::error::invalid_argument, "limit \"" + name + "\" must be a positive integer");
    *slot = value.as_int();
  }
  return {};
}

Result<sandbox::Profile> profile_of(const abi::SpawnRequest& request) {
  auto profile = request.profile ? sandbox::parse_profile(request.profile->text, request.profile->file)
                                 : sandbox::preset_profile(request.profile_preset.empty() ? "agent-default"
                                                                                          : request.profile_preset);
  if (!profile) return fail(abi::error::invalid_policy, profile.error().message, profile.error().hint);
  TRY(apply_limits(request.limits, profile->limits));
  for (const std::string& name : request.environment_allow) {
    if (name.empty() || name.find_first_of(std::string_view("=\0 ", 3)) != std::string::npos) {
      return fail(abi::error::invalid_argument, "field \"environment_allow\" must have names of variables");
    }
    profile->environment_allow.push_back(name);
  }
  return profile;
}

// Output of an agent nobody holds descriptors for goes to a file of its own.
Result<std::string> open_output(Monitor& monitor, const Agent& agent, std::vector<io::Fd>& descriptors) {
  const std::string folder = monitor.options.state_directory + "/runs/" + agent.run;
  TRY(io::make_directories(folder, 0700));
  std::string path = folder + "/output.log";
  io::Fd output(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output.valid()) return fail_errno(errno, "cannot open " + path);
  descriptors.clear();
  descriptors.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  descriptors.emplace_back(fcntl(output.get(), F_DUPFD_CLOEXEC, 0));
  descriptors.push_back(std::move(output));
  return path;
}

std::string default_name(const std::string& program) {
  std::string name;
  for (char c : program.substr(program.rfind('/') + 1)) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.') name += c;
  }
  return name.empty() ? "agent" : name.substr(0, 48);
}

Status check(const abi::SpawnRequest& request, const Monitor& monitor) {
  if (request.command.empty() || request.command[0].empty())
    return fail(abi::error::invalid_argument, "field \"command\" must name a program");
  if (!request.working_directory.starts_with('/'))
    return fail(abi::error::invalid_argument, "field \"working_directory\" must be absolute");
  for (const auto& [name, value] : request.environment.as_object()) {
    if (!value.is_string()) return fail(abi::error::invalid_argument, "field \"environment\" must map names to text");
  }
  for (char c : request.name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') {
      return fail(abi::error::invalid_argument, "field \"name\" may hold letters, digits, '-', '_' and '.'");
    }
  }
  if (monitor.frozen) return fail(abi::error::stopped, "the kernel is frozen", "agentos cont --all thaws it");
  return {};
}

}  // namespace

Acted spawn_call(CallContext& context, const abi::SpawnRequest& request, abi::SpawnReply& reply) {
  Monitor& monitor = context.monitor;
  TRY(check(request, monitor));
  AgentSpec spec;
  spec.name = request.name.empty() ? default_name(request.command[0]) : request.name;
  spec.kind = AgentKind::kProcess;
  spec.rights = abi::default_rights(3);
  spec.budget = request.budget;
  spec.sources = TRY(sources_of(request));
  spec.bound_session = request.bound_to_connection ? context.caller.session : 0;
  sandbox::LaunchRequest launch;
  launch.profile = TRY(profile_of(request));
  auto made = monitor.make_agent(std::move(spec));
  if (!made) {
    const bool document =
        made.error().code == ErrorCode::kMalformed || made.error().code == ErrorCode::kInvalidArgument;
    return fail(document ? abi::error::invalid_policy : made.error().code, made.error().message, made.error().hint);
  }
  auto agent = std::move(*made);
  std::vector<io::Fd> descriptors = std::move(context.descriptors_in);
  if (descriptors.size() != 3) {
    auto output = open_output(monitor, *agent, descriptors);
    if (!output) {
      monitor.finish_agent(agent, {agent->id, 125, false, 0, "lost"});
      return std::unexpected(output.error());
    }
    reply.output = *output;
  }
  launch.command = request.command;
  launch.working_directory = request.working_directory;
  for (const auto& [name, value] : request.environment.as_object())
    launch.environment.emplace_back(name, value.as_string());
  launch.environment_set = {{"AGENTOS_SOCKET_FD", "3"}, {"AGENTOS_AGENT", agent->id}};
  launch.new_terminal_session = request.terminal;
  auto kept = std::make_shared<LaunchTemplate>();
  kept->working_directory = launch.working_directory;
  kept->environment = launch.environment;
  kept->profile = launch.profile;
  kept->command = launch.command;
  kept->output = io::Fd(fcntl(descriptors[1].get(), F_DUPFD_CLOEXEC, 0));
  kept->error_output = io::Fd(fcntl(descriptors[2].get(), F_DUPFD_CLOEXEC, 0));
  agent->launch = std::move(kept);
  launch.stdin_fd = std::move(descriptors[0]);
  launch.stdout_fd = std::move(descriptors[1]);
  launch.stderr_fd = std::move(descriptors[2]);
  reply.agent = agent->id;
  reply.run = agent->run;
  reply.profile = launch.profile.name;
  {
    std::lock_guard lock(agent->mutex);
    const json::Value summary = agent->in_force->program->summary();
    if (const json::Value* documents = summary.find("documents"); documents != nullptr && documents->is_array()) {
      for (const json::Value& document : documents->as_array()) {
        if (!reply.policy.empty()) reply.policy += ", ";
        reply.policy += document.string_or("name", "");
      }
    }
  }
  auto parked = context.park();
  monitor.start_process(agent, std::move(launch), [parked](Result<sandbox::Started> started) {
    parked->finish([&](CallContext& alive) -> Status {
      if (!started) return std::unexpected(started.error());
      auto& answer = *static_cast<abi::SpawnReply*>(alive.reply);
      answer.pid = started->pid;
      answer.manifest = started->manifest;
      return {};
    });
  });
  return later();
}

}  // namespace agentos::kernel::syscalls
