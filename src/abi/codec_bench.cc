// Nanoseconds to encode and decode a typical write request, as the kernel does it: through the row's codec.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "abi/calls.h"
#include "abi/rpc.h"
#include "abi/table.h"

namespace {

using namespace agentos;

constexpr int kRounds = 5;
constexpr int kRepeats = 400'000;

// The fastest of some rounds: the others measure the neighbours.
template <class Work>
double nanoseconds_each(const Work& work) {
  double best = 1e12;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count() / kRepeats);
  }
  return best;
}

}  // namespace

int main() {
  const abi::Row& row = abi::row_of(abi::Call::kWrite);
  abi::WriteRequest request;
  request.path = "/state/notes.txt";
  request.data = Bytes("sixty octets of text, as an agent writes them to its notes.\n");
  std::string encoded;
  row.request.encode(&request, encoded);
  const auto params = json::parse(encoded);
  if (!params) return 1;
  std::string line;
  abi::rpc::write_request(line, std::int64_t{12345}, "write", encoded);
  line.pop_back();

  std::string out;
  std::size_t sink = 0;
  const double encode_ns = nanoseconds_each([&] {
    out.clear();
    row.request.encode(&request, out);
    sink += out.size();
  });
  const double decode_ns = nanoseconds_each([&] {
    abi::WriteRequest decoded;
    sink += row.request.decode(*params, &decoded).has_value() ? decoded.data.size() : 0;
  });
  const double parse_ns = nanoseconds_each([&] { sink += abi::rpc::parse(line).has_value() ? 1 : 0; });
  fmt::print("write request of {} octets: encode {:.0f} ns, decode {:.0f} ns, parse of its {} octet line {:.0f} ns\n",
             encoded.size(), encode_ns, decode_ns, line.size(), parse_ns);
  return sink == 0 ? 1 : 0;
}
