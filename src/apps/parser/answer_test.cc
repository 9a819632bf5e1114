// SQL texts and what they would do, through PostgreSQL's grammar.
#include "apps/parser/answer.h"

#include <gtest/gtest.h>

#include <string>

#include "apps/parser/derivation.h"
#include "apps/parser/statement_kinds.h"

namespace agentos::parser {
namespace {

using canonical::SqlFacts;
using canonical::SqlName;

std::string joined(const std::vector<SqlName>& names) {
  std::string text;
  for (const SqlName& name : names) text += (text.empty() ? "" : " ") + name.text();
  return text;
}

// "kinds; r reads; w writes; f functions; hazards"
std::string facts_of(std::string_view sql) {
  const auto facts = canonical::read_sql_facts(answer(sql));
  if (!facts) return "refused";
  std::string text;
  for (const std::string& kind : facts->kinds) text += (text.empty() ? "" : " ") + kind;
  if (!facts->reads.empty()) text += "; r " + joined(facts->reads);
  if (!facts->writes.empty()) text += "; w " + joined(facts->writes);
  if (!facts->functions.empty()) text += "; f " + joined(facts->functions);
  if (facts->hazards != 0) text += "; " + canonical::describe_sql_hazards(facts->hazards);
  return text;
}

TEST(SqlFacts, tables_that_are_read) {
  EXPECT_EQ(facts_of("SELECT 1"), "select");
  EXPECT_EQ(facts_of("select * from T"), "select; r t");
  EXPECT_EQ(facts_of("select * from S.\"T\" a, u"), "select; r s.T u");
  EXPECT_EQ(facts_of("select * from db.s.t"), "select; r db.s.t");
  EXPECT_EQ(facts_of("select (select 1 from a) from b where exists (select 1 from c) order by (select 1 from d)"),
            "select; r a b c d");
  EXPECT_EQ(facts_of("select * from a join b on a.x = b.x left join lateral (select * from c) z on true"),
            "select; r a b c");
  EXPECT_EQ(facts_of("select 1 from a union select 2 from b except table c"), "select; r a b c");
  EXPECT_EQ(facts_of("/* from x */ select '-- from y' from z -- from w"), "select; r z");
  EXPECT_EQ(facts_of("select * from U&\"\\0061b\""), "select; r ab");
  EXPECT_EQ(facts_of("select $$ from x $$ from y"), "select; r y");
  EXPECT_EQ(facts_of("copy t to stdout"), "copy; r t");
  EXPECT_EQ(facts_of("copy (select * from q) to stdout"), "copy select; r q");
  EXPECT_EQ(facts_of("explain analyze select * from t"), "explain select; r t");
  EXPECT_EQ(facts_of("declare c cursor for select * from t"), "declare_cursor select; r t");
  EXPECT_EQ(facts_of("show all"), "variable_show");
}

TEST(SqlFacts, names_of_with_queries_are_no_tables_within_their_scope_only) {
  EXPECT_EQ(facts_of("with d as (select * from x) select * from d"), "select; r x");
  EXPECT_EQ(facts_of("with t as (select * from t) select * from t"), "select; r t");
  EXPECT_EQ(facts_of("with recursive t as (select 1 union all select * from t) select * from t"), "select");
  EXPECT_EQ(facts_of("with a as (select 1), b as (select * from a) select * from b, c"), "select; r c");
  EXPECT_EQ(facts_of("with b as (select * from a), a as (select 1) select * from b"), "select; r a");
  EXPECT_EQ(facts_of("select * from (with d as (select 1) select * from d) z, d"), "select; r d");
  EXPECT_EQ(facts_of("with d as (select 1) select * from public.d"), "select; r public.d");
  EXPECT_EQ(facts_of("with d as (select 1) insert into d select * from d"), "insert select; w d");
  EXPECT_EQ(facts_of("with d as (select 1) update d set x = 1"), "update select; r d; w d");
  EXPECT_EQ(facts_of("(with d as (select 1) select * from d) union select * from d"), "select; r d");
  EXPECT_EQ(facts_of("select * from d union (with d as (select 1) select * from d)"), "select; r d");
}

TEST(SqlFacts, tables_that_are_written) {
  EXPECT_EQ(facts_of("insert into t values (1)"), "insert select; w t");
  EXPECT_EQ(facts_of("insert into t select * from u"), "insert select; r u; w t");
  EXPECT_EQ(facts_of("insert into t values (1) returning *"), "insert select; r t; w t");
  EXPECT_EQ(facts_of("update t set a = 1 from u where t.id = u.id"), "update; r t u; w t");
  EXPECT_EQ(facts_of("delete from s.t using u"), "delete; r s.t u; w s.t");
  EXPECT_EQ(facts_of("with d as (delete from x returning *) select * from d"), "select delete; r x; w x");
  EXPECT_EQ(facts_of("merge into t using s on true when matched then delete"), "merge; r t s; w t");
  EXPECT_EQ(facts_of("copy t from stdin"), "copy; w t");
  EXPECT_EQ(facts_of("select * into z from y"), "select; r y; w z; ddl");
  EXPECT_EQ(facts_of("create table a as select * from b"), "create_table_as select; r b; w a; ddl");
  EXPECT_EQ(facts_of("prepare p as delete from t"), "prepare delete; r t; w t; prepared");
  EXPECT_EQ(facts_of("explain analyze delete from t"), "explain delete; r t; w t");
}

TEST(SqlFacts, statements_that_change_more_than_rows) {
  EXPECT_EQ(facts_of("drop table x, s.y"), "drop; w x s.y; ddl");
  EXPECT_EQ(facts_of("truncate a, b"), "truncate; r a b; w a b; ddl");
  EXPECT_EQ(facts_of("alter table q add column r int"), "alter_table; r q; w q; ddl");
  EXPECT_EQ(facts_of("create view v as select * from t"), "view select; r v t; w v; ddl");
  EXPECT_EQ(facts_of("grant select on t to u"), "grant; r t; w t; dcl");
  EXPECT_EQ(facts_of("create role admin superuser"), "create_role; dcl");
  EXPECT_EQ(facts_of("copy t to program 'rm'"), "copy; r t; copy_program");
  EXPECT_EQ(facts_of("copy t from '/etc/passwd'"), "copy; w t; copy_file");
  EXPECT_EQ(facts_of("do $$ begin end $$"), "do; do");
  EXPECT_EQ(facts_of("load 'x'"), "load; load");
  EXPECT_EQ(facts_of("set role admin"), "variable_set; set, set_role");
  EXPECT_EQ(facts_of("set session authorization x"), "variable_set; set, set_role");
  EXPECT_EQ(facts_of("reset all"), "variable_set; set, set_role");
  EXPECT_EQ(facts_of("set search_path = x"), "variable_set; set");
  EXPECT_EQ(facts_of("alter system set x = 1"), "alter_system; set, system");
  EXPECT_EQ(facts_of("begin"), "transaction; transaction");
  EXPECT_EQ(facts_of("call p(1)"), "call; f p; call");
  EXPECT_EQ(facts_of("execute p"), "execute; prepared");
  EXPECT_EQ(facts_of("select * from t for update"), "select; r t; lock");
  EXPECT_EQ(facts_of("create function f() returns int language sql as 'select 1'"), "create_function; f f; ddl, code");
  EXPECT_EQ(facts_of("create extension dblink"), "create_extension; ddl, code, load");
  EXPECT_EQ(facts_of("vacuum t"), "vacuum; r t; w t; maintenance");
}

TEST(SqlFacts, functions_are_named_and_those_that_reach_out_are_marked) {
  EXPECT_EQ(facts_of("select Count(*), s.f(g(1)) from generate_series(1, 2)"), "select; f count s.f g generate_series");
  EXPECT_EQ(facts_of("select pg_read_file('/etc/passwd')"), "select; f pg_read_file; server_function");
  EXPECT_EQ(facts_of("select pg_catalog.lo_import('/etc/passwd')"), "select; f pg_catalog.lo_import; server_function");
  EXPECT_EQ(facts_of("select query_to_xml('delete from t', true, true, '')"),
            "select; f query_to_xml; server_function");
  EXPECT_EQ(facts_of("select set_config('role', 'admin', false)"),
            "select; f set_config; set, set_role, server_function");
  EXPECT_EQ(facts_of("select * from dblink('host=x', 'select 1') as t(a int)"), "select; f dblink; server_function");
}

TEST(SqlFacts, several_statements_are_counted) {
  const auto facts = canonical::read_sql_facts(answer("select 1; drop table x; ;"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->statements, 2U);
  EXPECT_TRUE(facts->is_multiple());
  EXPECT_EQ(canonical::read_sql_facts(answer(""))->statements, 0U);
}

TEST(SqlFacts, what_postgresql_does_not_parse_is_refused) {
  for (const char* sql : {"selec 1",
                          "select * from `t`",
                          "select 1 /*! union select 2 */ from",
                          "select [a] from t",
                          "select 'a",
                          "select top 1 * from t",
                          "pragma x",
                          "select 1 from t limit 1, 2",
                          "exec p",
                          "use db",
                          "replace into t values (1)",
                          "insert ignore into t values (1)",
                          "# comment\nselect 1",
                          "insert or replace into t values (1)",
                          "attach 'f' as x",
                          "load data infile 'f' into table t",
                          "select 1 into outfile 'f'",
                          "declare @x int",
                          "go",
                          "xp_cmdshell 'dir'",
                          "\\! rm",
                          "\\copy t from 'f'"}) {
    EXPECT_EQ(facts_of(sql), "refused") << sql;
  }
  std::string names = "select * from t0";
  for (std::size_t i = 1; i <= canonical::kSqlNamesMax; ++i) names += ", t" + std::to_string(i);
  EXPECT_EQ(facts_of(names), "refused");
  EXPECT_EQ(facts_of("select " + std::string(20000, '(') + "1" + std::string(20000, ')')), "refused");
}

// What SQL.md calls another meaning: accepted here, and something else for another database.
TEST(SqlFacts, texts_of_other_dialects_may_pass_with_another_meaning) {
  EXPECT_EQ(facts_of("select 1 /*! , load_file('/etc/passwd') */"), "select");
  EXPECT_EQ(facts_of("select 1 # x\n+ f(y) from t"), "select; r t; f f");
  EXPECT_EQ(facts_of("select \"text\" from t"), "select; r t");
  EXPECT_EQ(facts_of("select 'a\\' from t -- '"), "select; r t");
  EXPECT_EQ(facts_of("select a[b] from t"), "select; r t");
  EXPECT_EQ(facts_of("show tables"), "variable_show");
}

TEST(SqlFacts, other_shapes_of_trees_are_refused) {
  for (const char* tree :
       {"", "{}", "[]", "{\"stmts\":1}", "{\"stmts\":[1]}", "{\"stmts\":[{\"stmt\":{}}]}",
        "{\"stmts\":[{\"stmt\":{\"SelectStmt\":{\"fromClause\":[{\"RangeVar\":{\"relname\":1}}]}}}]}",
        "{\"stmts\":[{\"stmt\":{\"SelectStmt\":{\"funcname\":[]}}}]}"}) {
    EXPECT_FALSE(derive_facts(std::string_view(tree))) << tree;
  }
}

TEST(StatementKinds, an_unknown_statement_counts_as_ddl) {
  EXPECT_EQ(hazards_of("SomethingElseStmt"), canonical::kSqlDdl);
  EXPECT_EQ(kind_of("CreateTableAsStmt"), "create_table_as");
}

}  // namespace
}  // namespace agentos::parser
