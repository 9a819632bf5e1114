// For tests: a reader of SQL that knows a few texts by heart. The real one is a process (lib/canonical).
#pragma once

#include <map>
#include <string>

#include "lib/canonical/sql_facts.h"

namespace agentos::policy {

class FakeSql final : public canonical::SqlParser {
 public:
  Result<canonical::SqlFacts> parse(std::string_view sql) override {
    ++parsed;
    const canonical::SqlName table{"public", "t"};
    static const std::map<std::string, canonical::SqlFacts, std::less<>> known = {
        {"select 1", {1, {"select"}, {}, {}, {}, 0}},
        {"select * from public.t", {1, {"select"}, {table}, {}, {}, 0}},
        {"select * from t", {1, {"select"}, {{"", "t"}}, {}, {}, 0}},
        {"select * from secrets", {1, {"select"}, {{"", "secrets"}}, {}, {}, 0}},
        {"delete from public.t", {1, {"delete"}, {table}, {table}, {}, 0}},
        {"with x as (delete from public.t returning *) select * from x",
         {1, {"select", "delete"}, {table}, {table}, {}, 0}},
        {"select pg_read_file('/etc/passwd')",
         {1, {"select"}, {}, {}, {{"", "pg_read_file"}}, canonical::kSqlServerFunction}}};
    const auto found = known.find(sql);
    if (found == known.end()) return fail(ErrorCode::kMalformed, "the SQL is not read");
    return found->second;
  }
  int parsed = 0;
};

}  // namespace agentos::policy
