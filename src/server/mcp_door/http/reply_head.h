// Whose answer a line is, without reading all of it: results may be large, and are passed on as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/mcp/message.h"

namespace agentos::mcp_http {

struct ReplyHead {
  mcp::Id id;
  bool is_error = false;
  std::size_t rest = 0;  // of the line, from the comma behind the id
};
// Of a line as lib/mcp writes results and errors. Nothing: it is something else, or written otherwise.
std::optional<ReplyHead> reply_head(std::string_view line);

// The same answer with another id.
std::string with_id(std::string_view line, const ReplyHead& head, const mcp::Id& id);
// The id of a line that was cut off; nothing: none that can be told.
std::optional<mcp::Id> id_of_start(std::string_view start);

}  // namespace agentos::mcp_http
