// libpg_query (PostgreSQL 15's grammar) turns the text into a tree; the tree becomes facts. The only file that sees the
// library.
#include "apps/parser/answer.h"

#include <pg_query.h>

#include "apps/parser/derivation.h"

namespace agentos::parser {

std::string answer(std::string_view sql) {
  const std::string text(sql);
  const PgQueryParseResult result = pg_query_parse(text.c_str());
  std::string reply;
  if (result.error != nullptr) {
    reply = canonical::write_sql_error(result.error->message);
  } else {
    const auto facts = derive_facts(std::string_view(result.parse_tree));
    reply = facts ? canonical::write_sql_facts(*facts) : canonical::write_sql_error(facts.error().message);
  }
  pg_query_free_parse_result(result);
  if (reply.size() > canonical::kSqlFactsBytesMax) return canonical::write_sql_error("it has too many facts");
  return reply;
}

}  // namespace agentos::parser
