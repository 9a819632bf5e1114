// The configuration files of MCP clients: where they are, which servers they start, and putting `agentos mcp wrap` in
// front of those or taking it away again. Everything else in a file stays as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::cli {

inline constexpr std::size_t kClientConfigBytesMax = 8 << 20;

struct ConfigPlace {
  std::string file;  // absolute; need not exist
  std::string key;   // the member that holds the servers
};
// "claude-desktop" "claude-code" "cursor" "vscode". The project's file when it exists, else the user's.
Result<ConfigPlace> config_place(std::string_view client, const std::string& directory, const std::string& home,
                                 const std::string& config_home);
std::vector<std::string_view> config_clients();

struct ConfigChange {
  std::string server;
  json::Value before, after;  // the server's entry
  std::string skipped;        // why it stays as it is; empty: it changes
};
struct WrapWords {
  std::string program;               // of AgentOS, absolute
  std::vector<std::string> options;  // before --, such as --policy FILE
  std::vector<std::string> servers;  // only these; empty: all
};
// Changes `config` in place; nothing when it has no servers.
std::vector<ConfigChange> wrap_servers(json::Value& config, const std::string& key, const WrapWords& words);
std::vector<ConfigChange> unwrap_servers(json::Value& config, const std::string& key,
                                         const std::vector<std::string>& servers);

// The servers of a file as the map that `agentos mcp serve` takes, those with a URL among them; those wrapped already
// come unwrapped.
json::Object plain_servers(const json::Value& config, const std::string& key);

}  // namespace agentos::cli
