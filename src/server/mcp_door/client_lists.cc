// Lists of several servers as one: prompts carry their server's name, resources are remembered by whose they are.
#include <memory>
#include <utility>

#include "server/mcp_door/client.h"
#include "server/mcp_door/denial.h"

namespace agentos::mcp_door {
namespace {

constexpr std::size_t kOwnersMax = 20'000;  // resources whose server is remembered
constexpr int kPagesMax = 50;               // of one server's list

struct Merged {
  mcp::Asked asked;
  std::string key;
  json::Array items;
  std::size_t left = 0;
};

}  // namespace

void Client::list_of_all(mcp::Asked asked, std::string key, Effects& effects) {
  auto merged = std::make_shared<Merged>();
  merged->asked = std::move(asked);
  merged->key = std::move(key);
  std::vector<std::string> servers;
  const std::string capability = merged->key == "prompts" ? "prompts" : "resources";
  for (const abi::McpServerView& server : backend_->servers()) {
    if (server.known && server.capabilities.find(capability) != nullptr) servers.push_back(server.name);
  }
  merged->left = servers.size();
  const auto finish = [weak = weak_from_this(), merged] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    json::Object result;
    result[merged->key] = std::move(merged->items);
    const json::Value info = self->server_info();
    const std::lock_guard lock(self->mutex_);
    mcp::ServingSession::answer(merged->asked, json::Value(std::move(result)), info, self->outbox_);
    self->flush_locked();
  };
  if (servers.empty()) return effects.push_back(finish);
  for (const std::string& server : servers) {
    effects.push_back([self = shared_from_this(), server, merged, finish] {
      self->list_page(server, merged->asked.method, merged->key, {}, 0, [self, merged, finish](json::Array items) {
        bool last = false;
        {
          const std::lock_guard lock(self->mutex_);
          for (json::Value& item : items) merged->items.push_back(std::move(item));
          last = --merged->left == 0;
        }
        if (last) finish();
      });
    });
  }
}

// All pages of one server's list; a server that fails has none.
void Client::list_page(const std::string& server, const std::string& method, const std::string& key, json::Value cursor,
                       int page, std::function<void(json::Array)> done) {
  json::Object params;
  if (cursor.is_string()) params["cursor"] = std::move(cursor);
  json::Object request;
  request["server"] = server;
  request["method"] = method;
  request["params"] = std::move(params);
  const auto session = session_of();
  if (session == nullptr) return;
  session->submit(fresh_token(), "mcp_request", json::Value(std::move(request)), {},
                  [weak = weak_from_this(), server, method, key, page, done = std::move(done)](abi::CallOutput output) {
                    const auto self = weak.lock();
                    if (self == nullptr) return;
                    json::Array items;
                    json::Value next;
                    if (output.status) {
                      json::Value& result = static_cast<abi::McpRequestReply*>(output.reply.get())->result;
                      if (json::Value* given = result.is_object() ? result.as_object().find(key) : nullptr;
                          given != nullptr && given->is_array()) {
                        items = std::move(given->as_array());
                      }
                      if (const json::Value* cursor_given = result.find("nextCursor"); cursor_given != nullptr)
                        next = *cursor_given;
                    }
                    {
                      const std::lock_guard lock(self->mutex_);
                      for (json::Value& item : items) {
                        if (!item.is_object()) continue;
                        if (key == "prompts") {
                          item.as_object()["name"] = server + "__" + std::string(item.string_or("name", ""));
                        } else if (self->owners_.size() < kOwnersMax) {
                          // Two that say a resource is theirs: nobody's, so that none takes what is another's.
                          const auto [place, fresh] = self->owners_.emplace(item.string_or("uri", ""), server);
                          if (!fresh && place->second != server) place->second.clear();
                        }
                      }
                    }
                    if (!next.is_string() || page + 1 >= kPagesMax) return done(std::move(items));
                    self->list_page(server, method, key, next, page + 1,
                                    [done, items = std::move(items)](json::Array more) mutable {
                                      for (json::Value& item : more) items.push_back(std::move(item));
                                      done(std::move(items));
                                    });
                  });
}

// Whose a resource is: the server that listed it, or the only one that has any.
std::string Client::owner_of(const std::string& uri) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = owners_.find(uri); found != owners_.end()) return found->second;
  }
  std::string only;
  for (const abi::McpServerView& server : backend_->servers()) {
    if (server.capabilities.find("resources") == nullptr) continue;
    if (!only.empty()) return {};
    only = server.name;
  }
  return only;
}

}  // namespace agentos::mcp_door
