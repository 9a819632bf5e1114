// Microseconds of one SQL text asked of agentos-parser, which lies beside this program: median and p99 of 5,000.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "lib/canonical/parser_process.h"

int main() {
  using namespace agentos::canonical;
  std::string own(PATH_MAX, '\0');
  own.resize(static_cast<std::size_t>(std::max<ssize_t>(::readlink("/proc/self/exe", own.data(), own.size()), 0)));
  ParserProcess parser({.program = own.substr(0, own.rfind('/') + 1) + "agentos-parser"});
  const auto began = std::chrono::steady_clock::now();
  if (!parser.parse("SELECT 1")) return 1;
  const auto since = [](auto start) {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  };
  fmt::print("first text, with the start of the process            {:8.1f} us\n", since(began));
  for (const std::string_view sql :
       {"SELECT 1",
        "SELECT a.x, count(*) FROM s.t a JOIN u ON a.id = u.id WHERE a.x > 3 AND u.name LIKE 'x%' GROUP BY a.x"}) {
    std::vector<double> took;
    for (int i = 0; i < 5000; ++i) {
      const auto start = std::chrono::steady_clock::now();
      if (!parser.parse(sql)) return 1;
      took.push_back(since(start));
    }
    std::ranges::sort(took);
    fmt::print("{:<52} {:8.1f} us, p99 {:.1f} us\n", sql.substr(0, 52), took[2500], took[4950]);
  }
  return 0;
}
