// See client_config.h. A wrapped entry is known by its words: .../agentos mcp wrap [options] -- COMMAND...
#include "apps/agentos/client_config.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace agentos::cli {
namespace {

struct Known {
  std::string_view client, key;
  std::string_view project;  // below the directory
  std::string_view user;     // below home, or below the configuration's home when it begins with '~'
};
constexpr std::array<Known, 4> kKnown = {{
    {"claude-desktop", "mcpServers", "", "~Claude/claude_desktop_config.json"},
    {"claude-code", "mcpServers", ".mcp.json", ".claude.json"},
    {"cursor", "mcpServers", ".cursor/mcp.json", ".cursor/mcp.json"},
    {"vscode", "servers", ".vscode/mcp.json", "~Code/User/mcp.json"},
}};

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::vector<std::string> words_of(const json::Value& entry) {
  std::vector<std::string> out;
  out.emplace_back(entry.string_or("command", ""));
  if (const json::Value* args = entry.find("args"); args != nullptr && args->is_array()) {
    for (const json::Value& word : args->as_array()) {
      if (word.is_string()) out.push_back(word.as_string());
    }
  }
  return out;
}

// The command behind `mcp wrap`; empty when the entry is not wrapped.
std::vector<std::string> wrapped_command(const json::Value& entry) {
  const std::vector<std::string> words = words_of(entry);
  const bool ours = words[0] == "agentos" || words[0].ends_with("/agentos");
  if (!ours || words.size() < 4 || words[1] != "mcp" || words[2] != "wrap") return {};
  const auto dashes = std::find(words.begin() + 3, words.end(), "--");
  return dashes == words.end() ? std::vector<std::string>{} : std::vector<std::string>(dashes + 1, words.end());
}

void set_words(json::Value& entry, const std::vector<std::string>& words) {
  entry.as_object()["command"] = words[0];
  entry.as_object()["args"] = json::Array(words.begin() + 1, words.end());
}

bool is_chosen(const std::vector<std::string>& servers, const std::string& name) {
  return servers.empty() || std::find(servers.begin(), servers.end(), name) != servers.end();
}

template <class Change>
std::vector<ConfigChange> each_server(json::Value& config, const std::string& key,
                                      const std::vector<std::string>& servers, const Change& change) {
  std::vector<ConfigChange> out;
  json::Value* map = config.is_object() ? config.as_object().find(key) : nullptr;
  if (map == nullptr || !map->is_object()) return out;
  for (auto& [name, entry] : map->as_object()) {
    if (!is_chosen(servers, name)) continue;
    ConfigChange one;
    one.server = name;
    one.before = entry;
    if (!entry.is_object() || entry.string_or("command", "").empty()) {
      one.skipped = "it is reached by a URL, not started by a command";
    } else {
      one.skipped = change(name, entry);
    }
    one.after = entry;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::vector<std::string_view> config_clients() {
  std::vector<std::string_view> out;
  for (const Known& known : kKnown) out.push_back(known.client);
  return out;
}

Result<ConfigPlace> config_place(std::string_view client, const std::string& directory, const std::string& home,
                                 const std::string& config_home) {
  for (const Known& known : kKnown) {
    if (known.client != client) continue;
    const std::string project = directory + "/" + std::string(known.project);
    if (!known.project.empty() && exists(project)) return ConfigPlace{project, std::string(known.key)};
    const std::string user = known.user.starts_with('~') ? config_home + "/" + std::string(known.user.substr(1))
                                                         : home + "/" + std::string(known.user);
    return ConfigPlace{user, std::string(known.key)};
  }
  std::string names;
  for (const Known& known : kKnown) (names += ' ') += known.client;
  return fail(ErrorCode::kNotFound, "the client \"" + std::string(client) + "\" is not known",
              "known are:" + names + "; or use --file");
}

std::vector<ConfigChange> wrap_servers(json::Value& config, const std::string& key, const WrapWords& words) {
  return each_server(config, key, words.servers, [&](const std::string& name, json::Value& entry) -> std::string {
    if (!wrapped_command(entry).empty()) return "it is wrapped already";
    std::vector<std::string> out = {words.program, "mcp", "wrap", "--name", name};
    out.insert(out.end(), words.options.begin(), words.options.end());
    if (const json::Value* variables = entry.find("env"); variables != nullptr && variables->is_object()) {
      for (const auto& [variable, value] : variables->as_object()) out.insert(out.end(), {"--env", variable});
    }
    out.emplace_back("--");
    const std::vector<std::string> command = words_of(entry);
    out.insert(out.end(), command.begin(), command.end());
    set_words(entry, out);
    return {};
  });
}

std::vector<ConfigChange> unwrap_servers(json::Value& config, const std::string& key,
                                         const std::vector<std::string>& servers) {
  return each_server(config, key, servers, [](const std::string&, json::Value& entry) -> std::string {
    const std::vector<std::string> command = wrapped_command(entry);
    if (command.empty()) return "it is not wrapped";
    set_words(entry, command);
    return {};
  });
}

json::Object plain_servers(const json::Value& config, const std::string& key) {
  json::Value copy = config;
  (void)unwrap_servers(copy, key, {});
  json::Object out;
  const json::Value* map = copy.find(key);
  if (map == nullptr || !map->is_object()) return out;
  for (const auto& [name, entry] : map->as_object()) {
    if (!entry.is_object()) continue;
    if (!entry.string_or("command", "").empty() || !entry.string_or("url", "").empty()) out[name] = entry;
  }
  return out;
}

}  // namespace agentos::cli
