// See denial.h.
#include "server/mcp_door/denial.h"

#include "abi/codes.h"

namespace agentos::mcp_door {
namespace {

// Our own codes lie outside of what JSON-RPC and MCP keep for themselves.
constexpr std::int64_t kDeniedCode = -31000;

std::string_view retry_of(ErrorCode code) {
  if (code == abi::error::busy || code == abi::error::quota_exceeded || code == abi::error::stopped ||
      code == abi::error::timed_out) {
    return "later";
  }
  if (code == abi::error::approval_required) return "with_approval";
  if (code == abi::error::invalid_argument) return "with_other_arguments";
  if (code == abi::error::tool_failed || code == abi::error::closed) return "unknown";
  return "never";
}

json::Value error_result(std::string text, json::Object about) {
  json::Object part{{"type", "text"}};
  part["text"] = std::move(text);
  json::Object meta;
  meta[kMetaDenial] = std::move(about);
  json::Object result;
  result["content"] = json::Array{json::Value(std::move(part))};
  result["isError"] = true;
  result["_meta"] = std::move(meta);
  return json::Value(std::move(result));
}

}  // namespace

json::Value denial_result(const Error& error, const json::Object& facts) {
  const abi::ErrorInfo& info = abi::error_info(error.code);
  const std::string reason =
      json::to_valid_utf8(error.message.empty() ? info.sentence : std::string_view(error.message));
  json::Object about{{"code", info.name}, {"reason", reason}, {"retry", retry_of(error.code)}};
  std::string text = std::string(info.name) + ": " + reason;
  if (const json::Value* rule = facts.find("rule"); rule != nullptr && rule->is_string()) {
    about["rule"] = *rule;
    text += " [rule " + rule->as_string() + "]";
  }
  if (!error.hint.empty()) {
    about["hint"] = json::to_valid_utf8(error.hint);
    text += " (" + json::to_valid_utf8(error.hint) + ")";
  }
  text += "; retry: " + std::string(retry_of(error.code));
  return error_result(std::move(text), std::move(about));
}

json::Value pending_result(const std::string& approval, std::int64_t seconds_left) {
  json::Object about{{"code", "approval_pending"}, {"retry", "later"}};
  about["approval"] = approval;
  about["hint"] = "call the tool again with the same arguments to wait on and get the outcome";
  about["expires_in_s"] = seconds_left;
  return error_result("approval_pending: a person is asked whether this call may be made (" + approval +
                          "); nothing was done yet. Call the tool again with the same arguments to wait on and get the "
                          "outcome; retry: later",
                      std::move(about));
}

std::optional<mcp::RpcError> protocol_error(const abi::CallOutput& output) {
  const Error& error = output.status.error();
  if (error.code == abi::error::tool_not_registered) {
    return mcp::RpcError{mcp::kInvalidParams, "there is no tool of that name here", {}};
  }
  if (error.code == abi::error::tool_failed && output.denial.find("rpc") != nullptr) return rpc_error_of(output);
  if (error.code == abi::error::unknown_call || error.code == abi::error::malformed) {
    return mcp::RpcError{mcp::kInvalidParams, error.message, {}};
  }
  return std::nullopt;
}

mcp::RpcError rpc_error_of(const abi::CallOutput& output) {
  const Error& error = output.status.error();
  if (const json::Value* own = output.denial.find("rpc"); own != nullptr && own->is_object()) {
    const json::Value* data = own->find("data");
    return {own->int_or("code", mcp::kInternalError), error.message, data == nullptr ? json::Value() : *data};
  }
  const abi::ErrorInfo& info = abi::error_info(error.code);
  json::Object about{{"code", info.name}, {"retry", retry_of(error.code)}};
  if (const json::Value* rule = output.denial.find("rule"); rule != nullptr) about["rule"] = *rule;
  if (!error.hint.empty()) about["hint"] = json::to_valid_utf8(error.hint);
  std::int64_t code = mcp::kInternalError;
  if (error.code == abi::error::denied || error.code == abi::error::not_permitted ||
      error.code == abi::error::approval_required) {
    code = kDeniedCode;
  } else if (error.code == abi::error::invalid_argument) {
    code = mcp::kInvalidParams;
  }
  return {code, error.message.empty() ? std::string(info.sentence) : error.message, std::move(about)};
}

}  // namespace agentos::mcp_door
