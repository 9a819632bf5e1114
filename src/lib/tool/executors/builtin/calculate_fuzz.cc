// Whatever the text, the evaluator ends with a finite value or an error that has words.
#include "lib/tool/executors/builtin/calculate.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const auto result = agentos::tool::calculate({reinterpret_cast<const char*>(octets), size});
  if (result) {
    CHECK(std::isfinite(*result));
  } else {
    CHECK(!result.error().message.empty());
  }
  return 0;
}
