// agentos-parser: reads SQL from a socket and answers facts, confined before it reads the first octet. It ends when the
// socket closes or a frame is wrong.
#include <unistd.h>

#include <string>

#include "apps/parser/answer.h"
#include "base/io/worker_process.h"
#include "lib/canonical/parser_process.h"
#include "lib/sandbox/worker_confinement.h"

int main() {
  // What is set up lazily is set up before the filter.
  (void)agentos::parser::answer("SELECT 1");
  (void)agentos::parser::answer("SELEC");
  if (!agentos::sandbox::confine_worker({})) ::_exit(1);
  if (!agentos::io::write_worker_frame(agentos::canonical::kSqlParserGreeting)) ::_exit(1);
  std::string sql;
  while (agentos::io::read_worker_frame(sql, agentos::canonical::kSqlBytesMax)) {
    if (!agentos::io::write_worker_frame(agentos::parser::answer(sql))) ::_exit(1);
  }
  ::_exit(0);
}
