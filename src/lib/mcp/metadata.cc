// See metadata.h.
#include "lib/mcp/metadata.h"

#include <algorithm>
#include <array>

namespace agentos::mcp {
namespace {

constexpr std::array<std::string_view, 6> kCacheable = {
    "server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"};

json::Object& ensure_meta(json::Value& holder) {
  json::Value& meta = holder.as_object()["_meta"];
  if (!meta.is_object()) meta = json::Object{};
  return meta.as_object();
}

void drop_empty_meta(json::Value& holder) {
  const json::Value* meta = holder.find("_meta");
  if (meta != nullptr && meta->is_object() && meta->as_object().empty()) holder.as_object().erase("_meta");
}

}  // namespace

const json::Value* meta_of(const json::Value& params) {
  const json::Value* meta = params.find("_meta");
  return meta != nullptr && meta->is_object() ? meta : nullptr;
}

void strip_request(json::Value& params) {
  if (meta_of(params) == nullptr) return;
  json::Object& meta = ensure_meta(params);
  for (const std::string_view key :
       {kMetaVersion, kMetaClientInfo, kMetaClientCapabilities, kMetaLogLevel, std::string_view("progressToken")}) {
    meta.erase(key);
  }
  drop_empty_meta(params);
}

void dress_request(json::Value& params, const ClientIdentity& client, std::string_view log_level) {
  if (!params.is_object()) params = json::Object{};
  json::Object& meta = ensure_meta(params);
  meta[kMetaVersion] = name_of(kNewestModern);
  meta[kMetaClientCapabilities] = client.capabilities;
  if (client.info.is_object() && !client.info.as_object().empty()) meta[kMetaClientInfo] = client.info;
  if (!log_level.empty()) meta[kMetaLogLevel] = log_level;
}

bool is_cacheable(std::string_view method) {
  return std::find(kCacheable.begin(), kCacheable.end(), method) != kCacheable.end();
}

void dress_result(json::Value& result, Revision revision, std::string_view method, const json::Value& server_info) {
  if (!result.is_object()) return;
  json::Object& object = result.as_object();
  if (!is_modern(revision)) {
    for (const std::string_view key : {"resultType", "ttlMs", "cacheScope"}) object.erase(key);
    if (json::Value* meta = object.find("_meta"); meta != nullptr && meta->is_object()) {
      meta->as_object().erase(kMetaServerInfo);
      drop_empty_meta(result);
    }
    return;
  }
  if (object.find("resultType") == nullptr) object["resultType"] = "complete";
  if (is_cacheable(method) && object.find("ttlMs") == nullptr) {
    object["ttlMs"] = 0;  // what a policy lets through may change with the next request
    object["cacheScope"] = "private";
  }
  if (server_info.is_object()) ensure_meta(result)[kMetaServerInfo] = server_info;
}

std::string_view kind_of_result(const json::Value& result) { return result.string_or("resultType", "complete"); }

}  // namespace agentos::mcp
