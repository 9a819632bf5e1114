// What each kind of statement is able to do, by the name of its node in PostgreSQL's parse tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agentos::parser {

// Bits of canonical::SqlHazard. A statement that is not known counts as DDL.
std::uint32_t hazards_of(std::string_view node);
// SELECT, INSERT, UPDATE, DELETE and MERGE say themselves which table they write; everything else writes what it names.
bool is_query(std::string_view node);
// True for a node that only carries a query, such as EXPLAIN, PREPARE and DECLARE.
bool only_carries(std::string_view node);
// "CreateTableAsStmt" as "create_table_as".
std::string kind_of(std::string_view node);
// Reaches files, other servers or sessions, or runs SQL that is given as text.
bool is_server_function(std::string_view name);

}  // namespace agentos::parser
