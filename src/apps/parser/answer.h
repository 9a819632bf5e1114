// One request of agentos-parser: SQL in, the JSON of its facts or of an error out.
#pragma once

#include <string>
#include <string_view>

namespace agentos::parser {

// Never more than kSqlFactsBytesMax octets. Calls libpg_query: only in a process that may crash.
std::string answer(std::string_view sql);

}  // namespace agentos::parser
