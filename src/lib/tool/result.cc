// Texts of failed calls.
#include "lib/tool/result.h"

#include <algorithm>

#include <fmt/format.h>

namespace agentos::tool {
namespace {

std::string_view type_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kNotPermitted:
      return "NotPermitted";
    case ErrorCode::kTooLarge:
      return "TooLarge";
    case ErrorCode::kNoSpace:
      return "NoSpace";
    case ErrorCode::kBusy:
      return "Busy";
    case ErrorCode::kUnsupported:
      return "Unsupported";
    case ErrorCode::kIo:
      return "IoError";
    case ErrorCode::kMalformed:
      return "Malformed";
    default:
      return "ToolError";
  }
}

ToolResult ended(ToolResult::Status status, std::string_view text) {
  ToolResult result;
  result.status = status;
  // A replaced octet takes three, so the text is cut again after it was made valid.
  result.error = json::to_valid_utf8(text.substr(0, kErrorBytesMax));
  if (result.error.size() > kErrorBytesMax) {
    std::size_t end = kErrorBytesMax;
    while (end > 0 && (static_cast<unsigned char>(result.error[end]) & 0xc0) == 0x80) --end;
    result.error.resize(end);
  }
  return result;
}

}  // namespace

ToolResult failed(std::string_view type, std::string_view message) {
  return ended(ToolResult::Status::kFailed, fmt::format("{}: {}", type, message));
}

ToolResult failed(const Error& error) {
  const std::string hint = error.hint.empty() ? std::string() : fmt::format(" ({})", error.hint);
  return failed(type_of(error.code), error.message + hint);
}

ToolResult timed_out(std::int64_t timeout_ms) {
  return ended(ToolResult::Status::kTimedOut, fmt::format("TimedOut: no result within {} ms", timeout_ms));
}

ToolResult cancelled() { return ended(ToolResult::Status::kCancelled, "Cancelled: the call was cancelled"); }

std::int64_t timeout_ms_of(const Manifest& manifest, const Invocation& invocation) {
  return invocation.timeout_ms <= 0 ? manifest.timeout_ms : std::min(invocation.timeout_ms, manifest.timeout_ms);
}

}  // namespace agentos::tool
