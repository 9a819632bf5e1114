// Facts from the parse tree that libpg_query writes as JSON: which tables are read and written, which functions called.
#pragma once

#include <string_view>

#include "base/json/value.h"
#include "lib/canonical/sql_facts.h"

namespace agentos::parser {

inline constexpr std::size_t kTreeBytesMax = std::size_t{32} << 20;
inline constexpr std::size_t kTreeDepthMax = 1000;
inline constexpr std::size_t kTreeValuesMax = 2'000'000;

// kMalformed for a tree of another shape; kTooLarge for more names than kSqlNamesMax.
Result<canonical::SqlFacts> derive_facts(const json::Value& tree);
Result<canonical::SqlFacts> derive_facts(std::string_view tree_json);

}  // namespace agentos::parser
