// abigen OUTPUT_ROOT: writes everything that follows from the tables of src/abi below OUTPUT_ROOT.
//
// The repository holds its output (abigen . from the top), and a test compares the two, so a change of the contract
// always shows in the diff.
#include <fmt/format.h>

#include <cstdio>

#include "abi/codes.h"
#include "apps/abigen/files.h"

namespace {

int end_with(const agentos::Error& error) {
  fmt::print(stderr, "abigen: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
  return agentos::abi::error_info(error.code).exit;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    fmt::print(stderr, "usage: abigen OUTPUT_ROOT\n");
    return 64;
  }
  const auto files = agentos::abigen::generate();
  if (!files) return end_with(files.error());
  if (const auto status = agentos::abigen::write_below(argv[1], *files); !status) return end_with(status.error());
  return 0;
}
