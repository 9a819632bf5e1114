// Times the hot paths of the namespace and prints one line each. namespace_bench [rounds]
#include <malloc.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "lib/vfs/namespace.h"
#include "lib/vfs/path.h"

namespace {

using namespace agentos;

template <class Body>
void measure(const char* name, std::int64_t rounds, const Clock& clock, Body&& body) {
  for (std::int64_t i = 0; i < rounds / 10; ++i) body();
  const std::int64_t start = clock.monotonic_ns();
  for (std::int64_t i = 0; i < rounds; ++i) body();
  const double ns = static_cast<double>(clock.monotonic_ns() - start) / static_cast<double>(rounds);
  fmt::print("{:<44} {:8.1f} ns\n", name, ns);
}

void print_idle_cost(const Clock& clock) {
  constexpr std::size_t kCount = 100'000;
  std::vector<std::unique_ptr<vfs::Namespace>> namespaces;
  namespaces.reserve(kCount);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kCount; ++i) namespaces.push_back(vfs::Namespace::make({}, clock));
  fmt::print("{:<44} {:8} octets\n", "an untouched namespace", (mallinfo2().uordblks - before) / kCount);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t rounds = argc > 1 ? std::atoll(argv[1]) : 5'000'000;
  const RealClock clock;
  const FakeClock still;
  auto files = vfs::Namespace::make({}, clock);
  auto files_still = vfs::Namespace::make({}, still);
  const std::string content(64, 'x');
  constexpr std::string_view kPath = "/mem/working/notes";
  std::int64_t sink = 0;
  measure("write 64 octets over 64", rounds, clock, [&] { sink += *files->write(kPath, content); });
  measure("the same without reading the clock", rounds, clock, [&] { sink += *files_still->write(kPath, content); });
  measure("canonicalize and write", rounds, clock, [&] {
    std::string scratch;
    sink += *files->write(*vfs::canonicalize(kPath, scratch), content);
  });
  measure("read 64 octets", rounds, clock,
          [&] { sink += static_cast<std::int64_t>(files->read(kPath, 0, 64)->size()); });
  measure("canonicalize a canonical path", rounds, clock, [&] {
    std::string scratch;
    sink += static_cast<std::int64_t>(vfs::canonicalize(kPath, scratch)->size());
  });
  measure("canonicalize /mem/working/../../policy/x", rounds / 4, clock, [&] {
    std::string scratch;
    sink += static_cast<std::int64_t>(vfs::canonicalize("/mem/working/../../policy/x", scratch)->size());
  });
  for (int i = 0; i < 5'000; ++i) sink += *files->write(fmt::format("/state/{}", i), content);
  measure("write 64 octets beside 5,000 files", rounds, clock, [&] { sink += *files->write("/state/2500", content); });
  print_idle_cost(clock);
  return sink > 0 ? 0 : 1;
}
