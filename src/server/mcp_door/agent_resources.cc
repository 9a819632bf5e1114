// An agent's namespace as MCP resources: vfs://<agent>/<path>. Another agent's are not found, whatever there is.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/crypto/hash.h"
#include "server/mcp_door/agent_speaker.h"
#include "server/mcp_door/denial.h"

namespace agentos::mcp_door {
namespace {

constexpr std::string_view kScheme = "vfs://";
constexpr std::string_view kFolderType = "inode/directory";
constexpr std::string_view kPolicyFolder = "/policy/";  // what is in force, by name; the mount itself is not asked
constexpr std::size_t kMountsMax = 32;                  // whose entries are listed

std::string_view type_of(std::string_view path) {
  if (path.ends_with(".json")) return "application/json";
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return "application/yaml";
  return "text/plain";
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

std::string uri_of(const std::string& agent, std::string_view path) {
  std::string out = std::string(kScheme) + agent;
  for (const char c : path) {
    if (is_plain(c)) {
      out += c;
    } else {
      out += '%' + crypto::hex(std::string_view(&c, 1));
    }
  }
  return out;
}

// The path a URI's part says; nothing when an escape is none.
std::optional<std::string> path_in(std::string_view part) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      out += part[i];
      continue;
    }
    const int high = i + 2 < part.size() ? digit(part[i + 1]) : -1;
    const int low = i + 2 < part.size() ? digit(part[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

json::Value resource_of(const std::string& agent, const abi::StatReply& entry) {
  const bool folder = entry.kind == "directory";
  json::Object one;
  one["uri"] = uri_of(agent, entry.path);
  one["name"] = entry.path;
  one["mimeType"] = folder ? kFolderType : type_of(entry.path);
  if (!folder) one["size"] = entry.size;
  return json::Value(std::move(one));
}

mcp::RpcError no_resource(const mcp::Asked& asked) {
  json::Object about;
  about["uri"] = asked.params.string_or("uri", "");
  return {mcp::is_modern(asked.revision) ? mcp::kInvalidParams : -32002, "there is no such resource of yours",
          std::move(about)};
}

json::Array policies_in(const abi::CallOutput& output) {
  if (!output.status) return {};
  const json::Value* policies = static_cast<const abi::GetpolicyReply*>(output.reply.get())->rules.find("policies");
  return policies != nullptr && policies->is_array() ? policies->as_array() : json::Array{};
}

void add_contents(json::Object& result, const mcp::Asked& asked, json::Object content) {
  content["uri"] = asked.params.string_or("uri", "");
  result["contents"] = json::Array{json::Value(std::move(content))};
}

}  // namespace

void AgentSpeaker::list_resources(const mcp::Asked& asked) {
  make(asked, "list", json::Object{{"path", "/"}}, [this, asked](const abi::CallOutput& output) {
    if (!output.status) return answer_error(asked, rpc_error_of(output));
    auto resources = std::make_shared<json::Array>();
    std::vector<std::string> folders;
    for (const abi::StatReply& entry : static_cast<const abi::ListReply*>(output.reply.get())->entries) {
      resources->push_back(resource_of(line_.agent(), entry));
      if (entry.kind == "directory" && folders.size() < kMountsMax) folders.push_back(entry.path);
    }
    list_mounts(asked, std::move(resources), std::move(folders));
  });
}

// What lies in each mount, one after the other; one that may not be listed shows nothing.
void AgentSpeaker::list_mounts(const mcp::Asked& asked, std::shared_ptr<json::Array> resources,
                               std::vector<std::string> folders) {
  if (folders.empty()) return list_policies(asked, std::move(resources));
  std::string folder = std::move(folders.back());
  folders.pop_back();
  json::Object request;
  request["path"] = std::move(folder);
  make(asked, "list", json::Value(std::move(request)),
       [this, asked, resources = std::move(resources),
        folders = std::move(folders)](const abi::CallOutput& output) mutable {
         if (output.status) {
           for (const abi::StatReply& entry : static_cast<const abi::ListReply*>(output.reply.get())->entries) {
             resources->push_back(resource_of(line_.agent(), entry));
           }
         }
         list_mounts(asked, std::move(resources), std::move(folders));
       });
}

void AgentSpeaker::list_policies(const mcp::Asked& asked, std::shared_ptr<json::Array> resources) {
  make(asked, "getpolicy", json::Object{}, [this, asked, resources](const abi::CallOutput& output) {
    for (const json::Value& policy : policies_in(output)) {
      json::Object one;
      const std::string path = std::string(kPolicyFolder) + std::string(policy.string_or("name", ""));
      one["uri"] = uri_of(line_.agent(), path);
      one["name"] = path;
      one["mimeType"] = "application/json";
      resources->emplace_back(std::move(one));
    }
    json::Object result;
    result["resources"] = std::move(*resources);
    answer(asked, json::Value(std::move(result)));
  });
}

// A policy in force, by its name: the rules of it that can apply to the agent.
void AgentSpeaker::read_policy(const mcp::Asked& asked, const std::string& name) {
  make(asked, "getpolicy", json::Object{}, [this, asked, name](const abi::CallOutput& output) {
    if (!output.status) return answer_error(asked, rpc_error_of(output));
    for (const json::Value& policy : policies_in(output)) {
      if (policy.string_or("name", "") != name) continue;
      json::Object content{{"mimeType", "application/json"}};
      content["text"] = json::write(policy);
      json::Object result;
      add_contents(result, asked, std::move(content));
      return answer(asked, json::Value(std::move(result)));
    }
    answer_error(asked, no_resource(asked));
  });
}

void AgentSpeaker::list_templates(const mcp::Asked& asked) {
  json::Array templates;
  for (const auto& [shape, name, description] :
       {std::tuple{"vfs://{agent_id}/mem/working/{key}", "working memory", "A file of your working memory."},
        {"vfs://{agent_id}/mem/episodic/{session_id}", "episodic memory", "A file of your episodic memory."},
        {"vfs://{agent_id}/policy/{policy_name}", "policy",
         "A policy document in force for you; it cannot be changed."},
        {"vfs://{agent_id}{+path}", "file", "Any file of your namespace, by its path; a folder is its list."}}) {
    json::Object one{{"uriTemplate", shape}, {"name", name}, {"description", description}};
    templates.emplace_back(std::move(one));
  }
  json::Object result;
  result["resourceTemplates"] = std::move(templates);
  answer(asked, json::Value(std::move(result)));
}

void AgentSpeaker::read_resource(const mcp::Asked& asked) {
  std::string_view uri = asked.params.string_or("uri", "");
  if (!uri.starts_with(kScheme)) return answer_error(asked, no_resource(asked));
  uri.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(uri.find('/'), uri.size());
  if (uri.substr(0, slash) != line_.agent()) {
    line_.reject({abi::error::not_permitted, "a resource of another agent was asked for", {}});
    return answer_error(asked, no_resource(asked));
  }
  const auto path = path_in(uri.substr(slash));
  if (!path) return answer_error(asked, no_resource(asked));
  if (path->starts_with(kPolicyFolder) && path->find('/', kPolicyFolder.size()) == std::string::npos) {
    return read_policy(asked, path->substr(kPolicyFolder.size()));
  }
  read_file(asked, path->empty() ? "/" : *path);
}

void AgentSpeaker::read_file(const mcp::Asked& asked, const std::string& path) {
  json::Object request;
  request["path"] = path;
  make(asked, "read", json::Value(std::move(request)), [this, asked, path](const abi::CallOutput& output) {
    if (!output.status && output.status.error().code == abi::error::is_directory) return read_folder(asked, path);
    if (!output.status && output.status.error().code == abi::error::not_found) {
      return answer_error(asked, no_resource(asked));
    }
    if (!output.status) return answer_error(asked, rpc_error_of(output));
    const auto& reply = *static_cast<const abi::ReadReply*>(output.reply.get());
    if (!reply.end) {
      return answer_error(asked, {mcp::kInternalError,
                                  "the file is longer than 737280 octets; read it in ranges with "
                                  "syscall.read",
                                  {}});
    }
    json::Object content;
    const std::string& octets = reply.data.content;
    if (json::to_valid_utf8(octets) == octets) {
      content["mimeType"] = type_of(path);
      content["text"] = octets;
    } else {
      content["mimeType"] = "application/octet-stream";
      content["blob"] = crypto::base64(octets);
    }
    json::Object result;
    add_contents(result, asked, std::move(content));
    answer(asked, json::Value(std::move(result)));
  });
}

void AgentSpeaker::read_folder(const mcp::Asked& asked, const std::string& path) {
  json::Object request;
  request["path"] = path;
  make(asked, "list", json::Value(std::move(request)), [this, asked](const abi::CallOutput& output) {
    if (!output.status) return answer_error(asked, rpc_error_of(output));
    json::Object content{{"mimeType", "application/json"}};
    content["text"] = output.reply_json;
    json::Object result;
    add_contents(result, asked, std::move(content));
    answer(asked, json::Value(std::move(result)));
  });
}

}  // namespace agentos::mcp_door
