// Nanoseconds per text of scanning: what the record costs a call, and what a policy that asks for findings costs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "lib/guard/preview.h"

namespace {

using namespace agentos;

double median_ns(const std::string& text, guard::Syntax syntax) {
  guard::Findings found;
  const int rounds = static_cast<int>(std::clamp<std::size_t>(2'000'000 / (text.size() + 1), 3, 50'000));
  double samples[9];
  for (double& sample : samples) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) {
      guard::scan(text, syntax, found);
      asm volatile("" : : "r"(found.items.data()) : "memory");
    }
    sample = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / rounds * 1e9;
  }
  std::sort(std::begin(samples), std::end(samples));
  return samples[4];
}

void report(const char* what, const std::string& text, guard::Syntax syntax = guard::Syntax::kPlain) {
  const double ns = median_ns(text, syntax);
  fmt::print("{:<44} {:>9} octets {:>12.0f} ns {:>10.0f} ns/KiB {:>8.0f} MB/s\n", what, text.size(), ns,
             ns / static_cast<double>(text.size()) * 1024, static_cast<double>(text.size()) / ns * 1e3);
}

std::string repeated(const std::string& unit, std::size_t size) {
  std::string text;
  while (text.size() < size) text += unit;
  text.resize(size);
  return text;
}

}  // namespace

int main() {
  report("arguments of a write",
         R"({"content":"The quick brown fox jumps over the lazy dog.","offset":0,"path":"/mem/working/today.md"})",
         guard::Syntax::kJson);
  const std::string prose =
      "The meeting is at 10:30; please bring the notes, and tell Kim that the token of thanks came. ";
  report("prose", repeated(prose, 10 * 1024));
  report("base64", repeated("TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcms", 10 * 1024));
  report("colons and quotes (JSON of short members)", repeated(R"({"token":"a","key":"b","secret":1},)", 10 * 1024));
  report("letters that begin shapes", repeated("sk-sk-gh-AK-ey-xo-", 10 * 1024));
  report("beginnings of keys", repeated("-----BEGIN ", 10 * 1024));
  report("Cyrillic", repeated("Съешь ещё этих мягких французских булок. ", 10 * 1024));
  report("prose", repeated(prose, 1 << 20));
}
