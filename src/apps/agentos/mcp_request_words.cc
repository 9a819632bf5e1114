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
#include "base/net/ip_address.h"
#include "lib/mcp/remote/http_call.h"

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

// A server elsewhere: `agentos mcp reach` in its place, with the network that takes and the hosts its map names.
struct Remote {
  abi::McpServerSpec server;
  mcp_remote::Url url;
  json::Object values;  // of variables that hold fields
};

// Addresses that no name on the public internet has and the map still names.
std::string internal_of(const mcp_remote::Url& url) {
  if (url.host == "localhost") return "[127.0.0.1/32, \"::1/128\"]";
  const auto address = net::scan_ip(url.host);
  if (!address) return {};
  return "[\"" + url.host + (url.host.find(':') == std::string::npos ? "/32" : "/128") + "\"]";
}

Result<Remote> remote_of(const std::string& name, const json::Value& entry, const Shared& shared, bool profile_made) {
  const std::string_view type = entry.string_or("type", "http");
  if (type != "http" && type != "streamable-http" && type != "streamableHttp") {
    return fail(ErrorCode::kUnsupported, "server \"" + name + "\" is of type \"" + std::string(type) + "\"",
                "streamable HTTP is spoken: \"type\": \"http\"");
  }
  Remote out;
  const std::string address(entry.string_or("url", ""));
  out.url = TRY(mcp_remote::read_url(address));
  const std::string program = TRY(own_program());
  std::vector<std::string> command = {program, "mcp", "reach", address};
  out.server = server_of(shared, clean_name(name), {});
  if (const json::Value* headers = entry.find("headers"); headers != nullptr && headers->is_object()) {
    // Values are no arguments, which others can see and the record keeps.
    for (const auto& [field, value] : headers->as_object()) {
      if (!value.is_string()) {
        return fail(ErrorCode::kInvalidArgument, "server \"" + name + "\": the header " + field + " is no text");
      }
      const std::string variable = "MCP_HEADER_" + std::to_string(out.values.size());
      command.insert(command.end(), {"--header", field + "=" + variable});
      out.server.environment_pass.push_back(variable);
      out.values[variable] = value;
    }
  }
  out.server.command = std::move(command);
  out.server.read_paths.push_back(program);
  if (!profile_made) return out;
  const std::string internal = internal_of(out.url);
  abi::Document profile;
  profile.file = "profile of " + name;
  profile.text = "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: mcp-remote}\nextends: mcp-server\nnetwork: " +
                 (internal.empty() ? std::string("proxy") : "{internal: " + internal + "}") + "\n";
  out.server.profile_preset.clear();
  out.server.profile = std::move(profile);
  return out;
}

// The map names these hosts, so they may be reached; other documents may still deny it.
abi::Document reach_document(const std::vector<Remote>& remotes) {
  std::string text = "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: mcp-remote}\nspec:\n  rules:\n";
  for (std::size_t i = 0; i < remotes.size(); ++i) {
    const mcp_remote::Url& url = remotes[i].url;
    text += "    - {name: reach-" + std::to_string(i) +
            ", syscalls: [connect, http_request], arguments: {host: {host: [\"" + url.host + "\"]}, port: {in: [" +
            std::to_string(url.port) + "]}}, action: allow}\n";
  }
  abi::Document out;
  out.file = "mcp-remote";
  out.text = std::move(text);
  return out;
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
    return fail(ErrorCode::kInvalidArgument, options.config + " has no servers with a command or a URL",
                R"(write {"mcpServers": {"NAME": {"command": "...", "args": []}}})");
  }
  McpOpening out;
  const Shared shared = TRY(shared_of(options.profile, options.read_paths, options.write_paths, environment));
  json::Object by_server;
  std::vector<Remote> remotes;
  for (const auto& [name, entry] : servers) {
    if (!entry.string_or("url", "").empty() && entry.string_or("command", "").empty()) {
      Remote remote = TRY(remote_of(name, entry, shared, options.profile.empty()));
      if (!remote.values.empty()) by_server[remote.server.name] = remote.values;
      out.request.servers.push_back(remote.server);
      remotes.push_back(std::move(remote));
      continue;
    }
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
  if (!remotes.empty()) {
    if (out.request.policy.empty()) out.request.policy = TRY(policy_documents({"wrap-default"}));
    out.request.policy.push_back(reach_document(remotes));
  }
  out.request.drift = options.drift;
  out.request.trusted_ui = options.trusted_ui;
  return out;
}

}  // namespace agentos::cli
