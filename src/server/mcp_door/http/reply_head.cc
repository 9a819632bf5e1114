// See reply_head.h.
#include "server/mcp_door/http/reply_head.h"

#include "base/json/value.h"

namespace agentos::mcp_http {
namespace {

constexpr std::string_view kStart = R"({"jsonrpc":"2.0","id":)";
constexpr std::string_view kResult = ",\"result\":";
constexpr std::string_view kError = ",\"error\":";
constexpr std::size_t kIdTextMax = 8 * mcp::kIdBytesMax;  // every octet may be escaped

// The end of the JSON string or number that starts at `at`; npos: none is there.
std::size_t end_of_scalar(std::string_view line, std::size_t at) {
  if (at >= line.size()) return std::string_view::npos;
  if (line[at] != '"') {
    const std::size_t end = line.find_first_not_of("-0123456789", at);
    return end == at ? std::string_view::npos : end;
  }
  for (std::size_t i = at + 1; i < line.size() && i - at <= kIdTextMax; ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<mcp::Id> id_of_start(std::string_view start) {
  if (!start.starts_with(kStart)) return std::nullopt;
  const std::size_t end = end_of_scalar(start, kStart.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto value = json::parse(start.substr(kStart.size(), end - kStart.size()));
  return value ? mcp::id_of(*value) : std::nullopt;
}

std::optional<ReplyHead> reply_head(std::string_view line) {
  const auto id = id_of_start(line);
  if (!id) return std::nullopt;
  ReplyHead head;
  head.id = *id;
  head.rest = end_of_scalar(line, kStart.size());
  const std::string_view rest = line.substr(head.rest);
  head.is_error = rest.starts_with(kError);
  if (!head.is_error && !rest.starts_with(kResult)) return std::nullopt;
  return head;
}

std::string with_id(std::string_view line, const ReplyHead& head, const mcp::Id& id) {
  std::string out(kStart);
  out += json::write(mcp::to_json(id));
  out += line.substr(head.rest);
  return out;
}

}  // namespace agentos::mcp_http
