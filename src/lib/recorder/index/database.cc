// Thin, and the only file that knows SQLite.
#include "lib/recorder/index/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

namespace agentos::recorder {
namespace {

Error error_of(sqlite3* connection) {
  const int code = sqlite3_errcode(connection) & 0xFF;
  const std::string message = std::string("the log's index: ") + sqlite3_errmsg(connection);
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:  // a table or column is missing: another layout
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:  // what is in it contradicts itself
      return {ErrorCode::kCorrupt, message, "it can be deleted; it is built anew"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kNotPermitted, message, "name another place with --index, or read without it: --no-index"};
    case SQLITE_FULL:
      return {ErrorCode::kNoSpace, message, "make room, or name another place with --index"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kBusy, message, "another program is building it; try again"};
    default:
      return {ErrorCode::kIo, message, "read without it: --no-index"};
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Error Statement::error() const { return error_of(sqlite3_db_handle(statement_.get())); }

Statement& Statement::bind(int place, std::int64_t value) {
  CHECK(sqlite3_bind_int64(statement_.get(), place, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int place, std::string_view text) {
  CHECK(sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
        SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(error());
}

Status Statement::run() {
  for (;;) {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) continue;
    if (code != SQLITE_DONE) {
      const Error failed = error();
      reset();
      return std::unexpected(failed);
    }
    reset();
    return {};
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return octets == nullptr ? std::string() : std::string(octets, static_cast<std::size_t>(size));
}

Result<Database> Database::open(const std::string& file) {
  // SQLite would make it readable for others as far as umask lets it.
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    const int failed = errno;
    auto error = fail_errno(failed, "cannot open the log's index " + file);
    if (failed == EROFS || failed == EACCES) error.error().code = ErrorCode::kNotPermitted;
    return error;
  }
  ::close(descriptor);
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(connection);
  if (code != SQLITE_OK) {
    return std::unexpected(connection == nullptr ? Error{ErrorCode::kIo, "cannot open the log's index", {}}
                                                 : error_of(connection));
  }
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyMs);
  // What is in the file is data: nothing of it may run functions of ours, and no trigger or view is followed.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

Status Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(error_of(connection_.get()));
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error_of(connection_.get()));
  return Statement(statement);
}

Result<std::int64_t> Database::integer(std::string_view sql, std::int64_t fallback) {
  Statement statement = TRY(prepare(sql));
  return TRY(statement.step()) ? statement.integer(0) : fallback;
}

void remove_database(const std::string& file) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((file + suffix).c_str());
}

}  // namespace agentos::recorder
