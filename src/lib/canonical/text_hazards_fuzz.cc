// Every octet string has flags; the validity flag agrees with base/json, and flags only grow when text is added.
#include <cstdlib>

#include "base/json/value.h"
#include "lib/canonical/text_hazards.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::canonical;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const std::uint32_t hazards = text_hazards(text);
  if (((hazards & kTextInvalidUtf8) != 0) == agentos::json::valid_utf8(text)) std::abort();
  const std::string longer = std::string(text) + " x";
  if (text_hazards(longer) != hazards) std::abort();
  return describe_text_hazards(hazards).size() > 200 ? 1 : 0;
}
