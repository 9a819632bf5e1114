// Microseconds of one SQL text: parse and facts in this process; median of 5,000.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "apps/parser/answer.h"

int main() {
  std::size_t sum = 0;
  for (const std::string_view sql :
       {"SELECT 1",
        "SELECT a.x, count(*) FROM s.t a JOIN u ON a.id = u.id WHERE a.x > 3 AND u.name LIKE 'x%' GROUP BY a.x",
        "WITH d AS (DELETE FROM x RETURNING *) INSERT INTO y SELECT * FROM d"}) {
    std::vector<double> took;
    for (int i = 0; i < 5000; ++i) {
      const auto start = std::chrono::steady_clock::now();
      sum += agentos::parser::answer(sql).size();
      took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::ranges::nth_element(took, took.begin() + 2500);
    fmt::print("answer {:<60} {:8.1f} us\n", sql.substr(0, 60), took[2500]);
  }
  return sum == 0 ? 1 : 0;
}
