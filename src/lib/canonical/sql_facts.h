// What a SQL text would do, as PostgreSQL's own grammar reads it: which tables, which functions, which kinds of
// statement.
//
// The text is parsed in another process (parser_process.h, apps/parser); here are the facts, their JSON form and the
// interface that policy asks. Names are as PostgreSQL folds them, with the schema only where it was written:
// search_path is not known, so "t" may be any schema's t. What a view, rule, trigger, function or operator does is not
// known. SQL.md lists what other dialects lose. A text without facts has no canonical form: a rule that asks must deny.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::canonical {

inline constexpr std::size_t kSqlBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kSqlNamesMax = 256;  // of each list
inline constexpr std::size_t kSqlNameBytesMax = 63;
inline constexpr std::size_t kSqlFactsBytesMax = std::size_t{256} << 10;  // of the JSON form

enum SqlHazard : std::uint32_t {
  kSqlDdl = 1,                   // creates, alters or drops something
  kSqlDcl = 1 << 1,              // privileges, roles, row security
  kSqlCopyFile = 1 << 2,         // COPY from or to a file of the server
  kSqlCopyProgram = 1 << 3,      // COPY from or to a program of the server
  kSqlDo = 1 << 4,               // DO: code in another language
  kSqlCode = 1 << 5,             // creates a function, trigger, rule, language or extension
  kSqlLoad = 1 << 6,             // LOAD: a library into the server
  kSqlSet = 1 << 7,              // changes a setting, and with it what later texts mean
  kSqlSetRole = 1 << 8,          // SET ROLE, SET SESSION AUTHORIZATION
  kSqlSystem = 1 << 9,           // ALTER SYSTEM, CREATE DATABASE, TABLESPACE, CHECKPOINT
  kSqlTransaction = 1 << 10,     // BEGIN, COMMIT, ROLLBACK, SAVEPOINT
  kSqlPrepared = 1 << 11,        // EXECUTE, FETCH: what it runs was said earlier
  kSqlCall = 1 << 12,            // CALL
  kSqlLock = 1 << 13,            // LOCK, FOR UPDATE
  kSqlNotify = 1 << 14,          // LISTEN, NOTIFY
  kSqlMaintenance = 1 << 15,     // VACUUM, ANALYZE, CLUSTER, REINDEX, DISCARD, REFRESH
  kSqlForeign = 1 << 16,         // foreign servers, subscriptions, publications
  kSqlServerFunction = 1 << 17,  // a function that reaches files, other servers, other sessions or runs SQL text
};

struct SqlName {
  std::string schema;  // empty when not written; "catalog.schema" with a catalog
  std::string name;
  std::string text() const { return schema.empty() ? name : schema + "." + name; }
  bool operator==(const SqlName&) const = default;
};

struct SqlFacts {
  std::uint32_t statements = 0;
  std::vector<std::string> kinds;  // "select", "create_table_as": each once, statements within statements too
  std::vector<SqlName> reads;      // tables, views, sequences, each once
  std::vector<SqlName> writes;     // also what DDL touches; UPDATE, DELETE and MERGE read what they write
  std::vector<SqlName> functions;
  std::uint32_t hazards = 0;

  bool is_multiple() const { return statements > 1; }
  bool operator==(const SqlFacts&) const = default;
};

class SqlParser {
 public:
  virtual ~SqlParser() = default;
  // kMalformed: no PostgreSQL text; kTooLarge; kTimedOut; kClosed: the parser failed. Each means: deny.
  virtual Result<SqlFacts> parse(std::string_view sql) = 0;
};

// {"statements":1,"kinds":["select"],"reads":[["","t"]],"writes":[],"functions":[],"hazards":0}
std::string write_sql_facts(const SqlFacts& facts);
// {"error":"..."}
std::string write_sql_error(std::string_view message);
// Strict: what is unknown, missing or beyond a limit is kMalformed. An {"error"} becomes kMalformed with its sentence.
Result<SqlFacts> read_sql_facts(std::string_view json_text);

// "ddl, copy_program": for explanations.
std::string describe_sql_hazards(std::uint32_t hazards);

}  // namespace agentos::canonical
