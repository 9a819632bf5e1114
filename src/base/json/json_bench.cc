// Nanoseconds to read and write one call of about 460 octets: best of five rounds, one thread.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/json/value.h"

namespace {

constexpr std::string_view kCall =
    R"({"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"search_documents","arguments":{"query":)"
    R"("quarterly revenue of the northern region","limit":25,"offset":0,"filters":{"year":2024,"kind":["report",)"
    R"("spreadsheet"],"language":"en","confidential":false},"ratio":0.75,"sort":"relevance"},"_meta":{"progressToken":)"
    R"("3f2b8c1d-77aa-4c0e-9a51-0d5f6c7e8b90","trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}})";

template <class Body>
double best_ns(Body body) {
  constexpr int kRepeats = 100'000;
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) body();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kRepeats);
  }
  return best;
}

}  // namespace

int main() {
  namespace json = agentos::json;
  const auto value = json::parse(kCall);
  if (!value) {
    fmt::print("the sample does not parse: {}\n", value.error().message);
    return 1;
  }
  std::size_t sum = 0;
  std::string out;
  fmt::print("parse, {} octets:       {:6.0f} ns\n", kCall.size(),
             best_ns([&] { sum += json::parse(kCall)->as_object().size(); }));
  fmt::print("write, same buffer:      {:6.0f} ns\n", best_ns([&] {
               out.clear();
               json::write(*value, out);
               sum += out.size();
             }));
  fmt::print("write_canonical:         {:6.0f} ns\n", best_ns([&] {
               out.clear();
               json::write_canonical(*value, out);
               sum += out.size();
             }));
  return sum == 0 ? 1 : 0;
}
