// The members of `_meta` that the protocol itself uses, and carrying requests and results from one era to the other.
#pragma once

#include <string>
#include <string_view>

#include "base/json/value.h"
#include "lib/mcp/revision.h"

namespace agentos::mcp {

inline constexpr std::string_view kMetaVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kMetaSubscription = "io.modelcontextprotocol/subscriptionId";
inline constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";

// Who calls, as requests of the modern era say it in each of them and the legacy era once.
struct ClientIdentity {
  json::Value info = json::Object{};
  json::Value capabilities = json::Object{};
};

const json::Value* meta_of(const json::Value& params);  // null: none

// Removes what belongs to one hop: version, client, log level and progress token. An empty `_meta` goes altogether.
void strip_request(json::Value& params);
// Adds what a modern request must carry.
void dress_request(json::Value& params, const ClientIdentity& client, std::string_view log_level);

// `result` as `revision` has it: a modern one says what kind it is, who made it and how long it may be kept; a legacy
// one has none of it.
void dress_result(json::Value& result, Revision revision, std::string_view method, const json::Value& server_info);

// Whether results of this method say how long they may be kept.
bool is_cacheable(std::string_view method);

// "complete" where nothing is said.
std::string_view kind_of_result(const json::Value& result);

}  // namespace agentos::mcp
