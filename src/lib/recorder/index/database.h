// SQLite behind errors of ours: a connection and its statements. The library's header is included by database.cc alone.
//
// One thread at a time. Damage of the file is kCorrupt, a place that cannot be written kNotPermitted, a full disk
// kNoSpace, a file somebody else writes for longer than kBusyMs kBusy.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace agentos::recorder {

inline constexpr int kBusyMs = 20'000;

class Statement {
 public:
  Statement() = default;
  Statement& bind(int place, std::int64_t value);  // places count from 1
  Statement& bind(int place, std::string_view text);
  Result<bool> step();  // true: there is a row
  Status run();         // to its end, then ready to be bound again
  void reset();
  std::int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Error error() const;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // Creates the file when it is absent (0600).
  static Result<Database> open(const std::string& file);
  Status execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  // The first column of the first row; `fallback` when there is none.
  Result<std::int64_t> integer(std::string_view sql, std::int64_t fallback);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<sqlite3, Close> connection_;
};

// Removes the file and what SQLite keeps beside it.
void remove_database(const std::string& file);

}  // namespace agentos::recorder
