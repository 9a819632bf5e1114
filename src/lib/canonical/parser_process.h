// One agentos-parser, started when first needed, kept, and started again after a crash or a deadline.
//
// Hostile SQL meets PostgreSQL's parser only in that process: it has no file, no socket but ours, no memory beyond its
// limit, and a seccomp filter that leaves it read, write and memory. A query that crashes it or exceeds the deadline is
// an error, and the next query finds a fresh process.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "base/io/worker_process.h"
#include "lib/canonical/sql_facts.h"

namespace agentos::canonical {

// What the process sends first, when it is confined.
inline constexpr std::string_view kSqlParserGreeting = "agentos-parser 1";

struct ParserProcessOptions {
  std::string program;                     // the path of agentos-parser
  std::chrono::milliseconds deadline{50};  // of one query, once the process runs
  std::chrono::milliseconds start_deadline{2000};
};

// Thread-safe; queries queue behind one another.
class ParserProcess final : public SqlParser {
 public:
  explicit ParserProcess(const ParserProcessOptions& options);
  ~ParserProcess() override = default;
  ParserProcess(const ParserProcess&) = delete;
  ParserProcess& operator=(const ParserProcess&) = delete;

  Result<SqlFacts> parse(std::string_view sql) override;
  int starts() const;  // how many processes there were

 private:
  const std::chrono::milliseconds deadline_;
  mutable std::mutex mutex_;
  io::WorkerProcess worker_;
};

}  // namespace agentos::canonical
