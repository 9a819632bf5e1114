// Nanoseconds to validate the arguments of a typical tool call, and to compile its schema: best of five rounds.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "lib/schema/schema.h"

namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","required":["query"],"additionalProperties":false,"properties":{"query":{"type":"string",)"
    R"("minLength":1,"maxLength":200},"limit":{"type":"integer","minimum":1,"maximum":100},"sort":{"enum":["relevance",)"
    R"("date"]},"language":{"type":"string","pattern":"^[a-z]{2}$"},"kinds":{"type":"array","uniqueItems":true,)"
    R"("items":{"type":"string"}}}})";
constexpr std::string_view kArguments =
    R"({"query":"quarterly revenue","limit":25,"sort":"date","language":"en","kinds":["report","spreadsheet"]})";

template <class Body>
double best_ns(int repeats, Body body) {
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) body();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / repeats);
  }
  return best;
}

}  // namespace

int main() {
  namespace json = agentos::json;
  using agentos::schema::Schema;
  const auto document = json::parse(kSchema);
  const auto arguments = json::parse(kArguments);
  if (!document || !arguments) return 1;
  const auto schema = Schema::compile(*document);
  if (!schema || !schema->validate(*arguments).empty()) return 1;
  std::size_t sum = 0;
  fmt::print("validate: {:6.0f} ns\n", best_ns(100'000, [&] { sum += schema->validate(*arguments).size(); }));
  fmt::print("compile:  {:6.0f} ns\n",
             best_ns(2'000, [&] { sum += Schema::compile(*document).has_value() ? 1U : 0U; }));
  return sum == 0 ? 1 : 0;
}
