// mcp_open: a client's descriptors are handed to the MCP door as a new agent that has the servers named.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

constexpr std::size_t kVariablesBytesMax = 256 << 10;
constexpr std::string_view kPolicyDefault = "wrap-default";
constexpr std::string_view kProfileDefault = "mcp-server";

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

Status check(const abi::McpOpenRequest& request) {
  if (!is_name(request.name)) {
    return fail(abi::error::invalid_argument, "field \"name\" may hold letters, digits, '-', '_' and '.'");
  }
  if (request.servers.empty()) return fail(abi::error::invalid_argument, "field \"servers\" must name at least one");
  for (const abi::McpServerSpec& server : request.servers) {
    if (!is_name(server.name)) {
      return fail(abi::error::invalid_argument, "a server's \"name\" may hold letters, digits, '-', '_' and '.'");
    }
    if (server.command.empty() || server.command[0].empty()) {
      return fail(abi::error::invalid_argument, "server \"" + server.name + "\": \"command\" must name a program");
    }
    if (!server.working_directory.starts_with('/')) {
      return fail(abi::error::invalid_argument,
                  "server \"" + server.name + "\": \"working_directory\" must be absolute");
    }
    for (const auto& [name, value] : server.environment.as_object()) {
      if (!value.is_string()) {
        return fail(abi::error::invalid_argument,
                    "server \"" + server.name + "\": \"environment\" must map names to text");
      }
    }
    for (const auto* paths : {&server.read_paths, &server.write_paths}) {
      for (const std::string& path : *paths) {
        if (!path.starts_with('/')) {
          return fail(abi::error::invalid_argument,
                      "server \"" + server.name + "\": the path \"" + path + "\" must be absolute");
        }
      }
    }
  }
  return {};
}

Result<sandbox::Profile> server_profile(const abi::McpServerSpec& server) {
  auto profile = server.profile
                     ? sandbox::parse_profile(server.profile->text, server.profile->file)
                     : sandbox::preset_profile(server.profile_preset.empty() ? kProfileDefault : server.profile_preset);
  if (!profile) return fail(abi::error::invalid_policy, profile.error().message, profile.error().hint);
  using sandbox::Access;
  for (const std::string& path : server.read_paths) {
    profile->files.push_back({path, Access::kRead | Access::kExecute, false});
  }
  for (const std::string& path : server.write_paths) {
    profile->files.push_back({path, Access::kRead | Access::kWrite, false});
  }
  profile->environment_allow.insert(profile->environment_allow.end(), server.environment_pass.begin(),
                                    server.environment_pass.end());
  return profile;
}

// Values of variables, which no record may hold, come as a file: {server: {name: value}}.
Result<json::Value> read_variables(const io::Fd& file) {
  std::string text(kVariablesBytesMax + 1, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size < 0) return fail_errno(errno, "cannot read the variables of servers");
  text.resize(static_cast<std::size_t>(size));
  auto value = json::parse(text, {.bytes_max = kVariablesBytesMax});
  if (!value || !value->is_object())
    return fail(abi::error::invalid_argument, "the fourth descriptor is no file of variables");
  return value;
}

std::vector<std::pair<std::string, std::string>> passed_to(const abi::McpServerSpec& server,
                                                           const json::Value& variables) {
  std::vector<std::pair<std::string, std::string>> out;
  const json::Value* own = variables.find(server.name);
  for (const std::string& name : server.environment_pass) {
    const json::Value* value = own == nullptr ? nullptr : own->find(name);
    if (value != nullptr && value->is_string()) out.emplace_back(name, value->as_string());
  }
  return out;
}

McpLink::Drift drift_of(std::string_view word) {
  if (word == "warn") return McpLink::Drift::kWarn;
  return word == "ask" ? McpLink::Drift::kAsk : McpLink::Drift::kBlock;
}

}  // namespace

Acted mcp_open_call(CallContext& context, const abi::McpOpenRequest& request, abi::McpOpenReply& reply) {
  Monitor& monitor = context.monitor;
  TRY(check(request));
  abi::McpAdopter* door = monitor.mcp_adopter.load();
  if (door == nullptr || monitor.options.launcher == nullptr) {
    return fail(abi::error::unsupported, "this kernel serves no MCP clients", "agentos serve does");
  }
  if (context.descriptors_in.size() != 3 && context.descriptors_in.size() != 4) {
    return fail(abi::error::invalid_argument, "three descriptors come with mcp_open: input, output, errors");
  }
  json::Value variables = json::Object{};
  if (context.descriptors_in.size() == 4) variables = TRY(read_variables(context.descriptors_in[3]));
  std::vector<sandbox::Profile> profiles;
  for (const abi::McpServerSpec& server : request.servers) profiles.push_back(TRY(server_profile(server)));
  auto sources = std::make_shared<std::vector<policy::Source>>();
  for (const abi::Document& document : request.policy) sources->push_back({document.text, document.file});
  if (sources->empty()) {
    sources->push_back({std::string(policy::preset(kPolicyDefault)), std::string(kPolicyDefault)});
  }
  AgentSpec spec;
  spec.name = request.name;
  spec.kind = AgentKind::kContext;
  spec.rights = abi::default_rights(3);
  spec.sources = std::move(sources);
  spec.bound_session = context.caller.session;
  auto made = monitor.make_agent(std::move(spec));
  if (!made) {
    const bool document =
        made.error().code == ErrorCode::kMalformed || made.error().code == ErrorCode::kInvalidArgument;
    return fail(document ? abi::error::invalid_policy : made.error().code, made.error().message, made.error().hint);
  }
  const std::shared_ptr<Agent> agent = std::move(*made);
  auto link = std::make_shared<McpLink>(monitor, agent, drift_of(request.drift));
  link->set_names(request.servers.size() == 1 ? McpLink::Names::kPlain : McpLink::Names::kPrefixed);
  if (request.trusted_ui) link->trust_ui(context.caller.operator_uid);
  agent->mcp = link;
  monitor.mcp.add(link);
  monitor.begin_running(*agent, {});
  const auto give_up = [&](const Error& error) -> Acted {
    link->stop();
    monitor.end_agent(agent, "lost", 125);
    return std::unexpected(error);
  };
  for (std::size_t i = 0; i < request.servers.size(); ++i) {
    const abi::McpServerSpec& server = request.servers[i];
    const std::vector<std::pair<std::string, std::string>> passed = passed_to(server, variables);
    if (Status status = link->add(server, profiles[i], passed, context.descriptors_in[2]); !status) {
      return give_up(status.error());
    }
  }
  abi::McpEndpoint endpoint;
  endpoint.input = std::move(context.descriptors_in[0]);
  endpoint.output = std::move(context.descriptors_in[1]);
  endpoint.session = monitor.open_session(agent);
  endpoint.backend = link;
  if (Status status = door->adopt(std::move(endpoint)); !status) return give_up(status.error());
  reply.agent = agent->id;
  const std::lock_guard lock(agent->mutex);
  const json::Value summary = agent->in_force->program->summary();
  if (const json::Value* documents = summary.find("documents"); documents != nullptr && documents->is_array()) {
    for (const json::Value& document : documents->as_array()) {
      if (!reply.policy.empty()) reply.policy += ", ";
      reply.policy += document.string_or("name", "");
    }
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
