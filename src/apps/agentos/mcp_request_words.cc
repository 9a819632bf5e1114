// See mcp_request_words.h.
#include "apps/agentos/mcp_request_words.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>

#include "apps/agentos/client_config.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/spawn_request.h"
#include "base/crypto/hash.h"
#include "base/io/file.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kNameMax = 48;

std::string clean_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.') name += c;
  }
  return name.empty() ? "server" : name.substr(0, kNameMax);
}

// A name from the command, the same for the same command and no other: the last part of a word that looks like a
// server's, and a few digits of what all words say.
std::string name_of_command(const std::vector<std::string>& command) {
  std::string words;
  std::string base = command[0].substr(command[0].rfind('/') + 1);
  for (const std::string& word : command) {
    json::write_string(word, words);
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t end = std::min(word.find('/', at), word.size());
      const std::string part = word.substr(at, end - at);
      if (part.find("mcp") != std::string::npos || part.find("server") != std::string::npos) base = part;
      at = end + 1;
    }
  }
  return clean_name(base) + "-" + crypto::hex(crypto::sha256(words)).substr(0, 6);
}

Result<std::vector<std::string>> absolute_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) out.push_back(TRY(absolute_path(path)));
  return out;
}

Result<io::Fd> variables_file(const json::Object& by_server) {
  const std::string text = json::write(json::Value(by_server));
  io::Fd file(::memfd_create("variables", MFD_CLOEXEC));
  if (!file.valid()) return fail_errno(errno, "cannot pass variables on");
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno(errno, "cannot pass variables on");
  }
  return file;
}

struct Shared {
  ProfileWord profile;
  json::Object environment;
  std::vector<std::string> read_paths, write_paths;
  std::string directory;
};
Result<Shared> shared_of(const std::string& profile, const std::vector<std::string>& read,
                         const std::vector<std::string>& write, const char* const* environment) {
  Shared out;
  out.profile = TRY(profile_word(profile, "mcp-server"));
  out.environment = offered_environment(environment, out.profile.environment_allow);
  out.read_paths = TRY(absolute_paths(read));
  out.write_paths = TRY(absolute_paths(write));
  out.directory = TRY(absolute_path("."));
  return out;
}

abi::McpServerSpec server_of(const Shared& shared, std::string name, std::vector<std::string> command) {
  abi::McpServerSpec server;
  server.name = std::move(name);
  server.command = std::move(command);
  server.working_directory = shared.directory;
  server.profile_preset = shared.profile.preset;
  server.profile = shared.profile.document;
  server.environment = shared.environment;
  server.read_paths = shared.read_paths;
  server.write_paths = shared.write_paths;
  return server;
}

}  // namespace

Result<McpOpening> open_wrapped(const McpWrapOptions& options, const char* const* environment) {
  if (options.command.empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no server to wrap", "agentos mcp wrap -- PROGRAM ARGUMENTS...");
  }
  for (const std::string& word : options.command) {
    if (!json::valid_utf8(word)) return fail(ErrorCode::kInvalidArgument, "an argument of the server is not UTF-8");
  }
  McpOpening out;
  const Shared shared = TRY(shared_of(options.profile, options.read_paths, options.write_paths, environment));
  abi::McpServerSpec server =
      server_of(shared, options.name.empty() ? name_of_command(options.command) : options.name, options.command);
  server.environment_pass = options.environment;
  json::Object values;
  for (const std::string& name : options.environment) {
    const char* value = ::getenv(name.c_str());
    if (value == nullptr) {
      return fail(ErrorCode::kNotFound, "the variable " + name + " is not set", "set it, or leave out --env");
    }
    if (!json::valid_utf8(value)) return fail(ErrorCode::kInvalidArgument, "the variable " + name + " is not UTF-8");
    values[name] = value;
  }
  if (!values.empty()) {
    json::Object by_server;
    by_server[server.name] = std::move(values);
    out.variables = TRY(variables_file(by_server));
  }
  out.request.name = server.name;
  out.request.policy = TRY(policy_documents(options.policies));
  out.request.drift = options.drift;
  out.request.trusted_ui = options.trusted_ui;
  out.request.servers.push_back(std::move(server));
  return out;
}

Result<McpOpening> open_served(const McpServeOptions& options, const char* const* environment) {
  const std::string text = TRY(io::read_file(TRY(absolute_path(options.config)), kClientConfigBytesMax));
  auto config = json::parse(text, {.bytes_max = kClientConfigBytesMax});
  if (!config) return fail(ErrorCode::kMalformed, options.config + ": " + config.error().message, "it must be JSON");
  const std::string key =
      config->find("mcpServers") == nullptr && config->find("servers") != nullptr ? "servers" : "mcpServers";
  const json::Object servers = plain_servers(*config, key);
  if (servers.empty()) {
    return fail(ErrorCode::kInvalidArgument, options.config + " has no servers that are started by a command",
                R"(write {"mcpServers": {"NAME": {"command": "...", "args": []}}})");
  }
  McpOpening out;
  const Shared shared = TRY(shared_of(options.profile, options.read_paths, options.write_paths, environment));
  json::Object by_server;
  for (const auto& [name, entry] : servers) {
    std::vector<std::string> command = {std::string(entry.string_or("command", ""))};
    if (const json::Value* args = entry.find("args"); args != nullptr && args->is_array()) {
      for (const json::Value& word : args->as_array()) {
        if (word.is_string()) command.push_back(word.as_string());
      }
    }
    abi::McpServerSpec server = server_of(shared, clean_name(name), std::move(command));
    if (const json::Value* values = entry.find("env"); values != nullptr && values->is_object()) {
      for (const auto& [variable, value] : values->as_object()) server.environment_pass.push_back(variable);
      by_server[server.name] = *values;
    }
    out.request.servers.push_back(std::move(server));
  }
  if (!by_server.empty()) out.variables = TRY(variables_file(by_server));
  out.request.name = options.name.empty() ? "mcp-serve" : options.name;
  out.request.policy = TRY(policy_documents(options.policies));
  out.request.drift = options.drift;
  out.request.trusted_ui = options.trusted_ui;
  return out;
}

}  // namespace agentos::cli
