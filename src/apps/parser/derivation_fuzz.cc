// Any tree is read or refused, and facts survive their JSON form. The first octet 'q' asks PostgreSQL's grammar
// instead.
#include <cstdlib>

#include "apps/parser/answer.h"
#include "apps/parser/derivation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  if (text.starts_with('q')) {
    const std::string reply = parser::answer(text.substr(1));
    const auto facts = canonical::read_sql_facts(reply);
    if (!facts && !reply.starts_with("{\"error\"")) std::abort();
    return 0;
  }
  if (const auto facts = parser::derive_facts(text)) {
    const auto again = canonical::read_sql_facts(canonical::write_sql_facts(*facts));
    if (!again || *again != *facts) std::abort();
  }
  return 0;
}
