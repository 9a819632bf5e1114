// What is read as facts is written and read back as the same facts, within the bounds.
#include <cstdlib>

#include "lib/canonical/sql_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::canonical;
  const auto facts = read_sql_facts(std::string_view(reinterpret_cast<const char*>(octets), size));
  if (!facts) return facts.error().message.empty() ? 1 : 0;
  if (facts->reads.size() > kSqlNamesMax || facts->statements > kSqlBytesMax) std::abort();
  const auto again = read_sql_facts(write_sql_facts(*facts));
  if (!again || *again != *facts) std::abort();
  return 0;
}
