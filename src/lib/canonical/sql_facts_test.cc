// The JSON form of facts: what is written is read back, and everything else is refused.
#include "lib/canonical/sql_facts.h"

#include <gtest/gtest.h>

#include <string>

namespace agentos::canonical {
namespace {

SqlFacts sample() {
  return {.statements = 2,
          .kinds = {"select", "drop"},
          .reads = {{.schema = "", .name = "t"}, {.schema = "s", .name = "T \"x\""}},
          .writes = {{.schema = "db.s", .name = "u"}},
          .functions = {{.schema = "", .name = "count"}},
          .hazards = kSqlDdl | kSqlServerFunction};
}

TEST(SqlFactsJson, facts_are_read_back) {
  const auto facts = read_sql_facts(write_sql_facts(sample()));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(*facts, sample());
  EXPECT_EQ(describe_sql_hazards(facts->hazards), "ddl, server_function");
  EXPECT_EQ(facts->writes[0].text(), "db.s.u");
}

TEST(SqlFactsJson, an_error_is_an_error_with_its_sentence) {
  const auto facts = read_sql_facts(write_sql_error("syntax error at \xff"));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, ErrorCode::kMalformed);
  EXPECT_NE(facts.error().message.find("syntax error"), std::string::npos);
}

TEST(SqlFactsJson, anything_else_is_refused) {
  const std::string good = write_sql_facts(sample());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("{\"error\":1}"),
        with("\"statements\":2", "\"statements\":-1"), with("\"statements\":2", "\"statements\":\"2\""),
        with("\"hazards\":", "\"hazards\":9"), with("\"hazards\":", "\"hazard\":"), with("\"select\"", "1"),
        with("[\"\",\"t\"]", "[\"t\"]"), with("[\"\",\"t\"]", "[\"\",\"t\",\"\"]"),
        with("\"t\"", "\"" + std::string(kSqlNameBytesMax + 1, 't') + "\""),
        with("{\"statements\"", "{\"more\":1,\"statements\"")}) {
    EXPECT_FALSE(read_sql_facts(text)) << text;
  }
  SqlFacts many;
  for (std::size_t i = 0; i <= kSqlNamesMax; ++i) many.reads.push_back({.schema = "", .name = std::to_string(i)});
  EXPECT_FALSE(read_sql_facts(write_sql_facts(many)));
}

}  // namespace
}  // namespace agentos::canonical
