// Asks agentos-parser within a deadline. Whatever goes wrong ends it.
#include "lib/canonical/parser_process.h"

#include "base/json/value.h"

namespace agentos::canonical {
namespace {

io::WorkerOptions worker_of(const ParserProcessOptions& options) {
  return {.program = options.program,
          .arguments = {},
          .name = "the SQL parser",
          .slow_hint = "write a shorter statement",
          .answer_bytes_max = kSqlFactsBytesMax,
          .start_deadline = options.start_deadline,
          .check_greeting = [](std::string_view greeting) -> Status {
            if (greeting == kSqlParserGreeting) return {};
            return fail(ErrorCode::kClosed, "the SQL parser is another version");
          }};
}

}  // namespace

ParserProcess::ParserProcess(const ParserProcessOptions& options)
    : deadline_(options.deadline), worker_(worker_of(options)) {}

int ParserProcess::starts() const {
  const std::scoped_lock lock(mutex_);
  return worker_.starts();
}

Result<SqlFacts> ParserProcess::parse(std::string_view sql) {
  if (sql.size() > kSqlBytesMax) return fail(ErrorCode::kTooLarge, "the SQL text is too long", "send fewer statements");
  if (sql.find('\0') != std::string_view::npos || !json::valid_utf8(sql)) {
    return fail(ErrorCode::kMalformed, "the SQL text is not valid UTF-8 without NUL", "encode it as UTF-8");
  }
  const std::scoped_lock lock(mutex_);
  const std::string answer = TRY(worker_.ask(sql, deadline_));
  auto facts = read_sql_facts(answer);
  // A refusal of the text is an answer; anything else it cannot have said.
  if (!facts && facts.error().hint.empty()) worker_.stop();
  return facts;
}

}  // namespace agentos::canonical
