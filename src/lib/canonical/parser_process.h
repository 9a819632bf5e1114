// One agentos-parser, started when first needed, kept, and started again after a crash or a deadline.
//
// Hostile SQL meets PostgreSQL's parser only in that process: it has no file, no socket but ours, no memory beyond its
// limit, and a seccomp filter that leaves it read, write and memory. A query that crashes it or exceeds the deadline is
// an error, and the next query finds a fresh process. Frames both ways: 4 octets of length, little-endian, then text.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <mutex>
#include <string>

#include "base/io/fd.h"
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
  explicit ParserProcess(ParserProcessOptions options) : options_(std::move(options)) {}
  ~ParserProcess() override { stop(); }
  ParserProcess(const ParserProcess&) = delete;
  ParserProcess& operator=(const ParserProcess&) = delete;

  Result<SqlFacts> parse(std::string_view sql) override;
  int starts() const;  // how many processes there were

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  Status start();
  void stop();
  Status send(std::string_view text, Deadline deadline);
  Result<std::string> receive(Deadline deadline);
  Status transfer(short events, Deadline deadline) const;
  Result<std::string> exchange(std::string_view sql);

  const ParserProcessOptions options_;
  mutable std::mutex mutex_;
  io::Fd socket_;
  pid_t pid_ = -1;
  int starts_ = 0;
};

}  // namespace agentos::canonical
