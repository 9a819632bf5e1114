// Nanoseconds of one canonical form: best of five rounds, one thread.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "lib/canonical/file_path.h"
#include "lib/canonical/host.h"
#include "lib/canonical/shell.h"
#include "lib/canonical/text_hazards.h"
#include "lib/canonical/url.h"

namespace {

template <class Body>
void report(std::string_view what, Body body) {
  constexpr int kRepeats = 50'000;
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) body();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kRepeats);
  }
  fmt::print("{:<44} {:8.0f} ns\n", what, best);
}

}  // namespace

int main() {
  using namespace agentos::canonical;
  std::size_t sum = 0;
  std::string scratch;
  for (const std::string_view text : {"api.example.com", "127.0.0.1", "0x7f.1", "[2001:db8::1]", "münchen.de"}) {
    report(fmt::format("read_host {}", text), [&] { sum += read_host(text)->size; });
  }
  const HostPattern pattern = *HostPattern::parse("*.example.com");
  const Host host = *read_host("api.example.com");
  report("HostPattern::matches *.example.com", [&] { sum += pattern.matches(host) ? 1U : 0U; });
  for (const std::string_view text :
       {"https://api.example.com/v1/items?limit=10", "http://user@0x7f.1:80/a/%2e%2e/b%2Fc/./d?q=a b#frag"}) {
    report(fmt::format("read_url {}", text.substr(0, 34)), [&] { sum += read_url(text, scratch)->text.size(); });
  }
  ShellText shell;
  for (const std::string_view text :
       {"git status --short", "cd /tmp && ls -la | grep 'a b' > out.txt", "sudo env A=b sh -c 'rm -rf \"$x\"'"}) {
    report(fmt::format("read_shell {}", text.substr(0, 33)), [&] {
      (void)read_shell(text, shell);
      sum += shell.programs.size();
    });
  }
  report("read_file_path /project/src/main.cc",
         [&] { sum += read_file_path("/project/src/main.cc", "/project", scratch)->text.size(); });
  report("read_file_path ../a/./b", [&] { sum += read_file_path("../a/./b", "/project", scratch)->text.size(); });
  const std::string prose(1000, 'e');
  const std::string cyrillic = [] {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "\xd0\xb6";
    return text;
  }();
  report("text_hazards, 1,000 octets of ASCII", [&] { sum += text_hazards(prose); });
  report("text_hazards, 1,000 octets of Cyrillic", [&] { sum += text_hazards(cyrillic); });
  return sum == 0 ? 1 : 0;
}
