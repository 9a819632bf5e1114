// What parse() accepts, every writer writes so that parse() reads the same value back; nothing else may happen.
#include <cstdlib>

#include "base/json/value.h"

namespace {

bool has_huge_double(const agentos::json::Value& value) {
  if (value.is_double()) return value.as_double() >= 9007199254740992.0 || value.as_double() <= -9007199254740992.0;
  if (value.is_array()) {
    for (const auto& item : value.as_array()) {
      if (has_huge_double(item)) return true;
    }
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) {
      if (has_huge_double(member)) return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  namespace json = agentos::json;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const std::string repaired = json::to_valid_utf8(text);
  if (!json::valid_utf8(repaired) || (json::valid_utf8(text) && repaired != text)) std::abort();
  const auto value = json::parse(text);
  if (!value) {
    if (value.error().message.empty()) std::abort();
    return 0;
  }
  if (!json::valid_utf8(text)) std::abort();
  const json::ParseLimits wide{.bytes_max = std::size_t{64} << 20};
  const auto compact = json::parse(json::write(*value), wide);
  if (!compact || !(*compact == *value)) std::abort();
  const auto pretty = json::parse(json::write_pretty(*value), wide);
  if (!pretty || !(*pretty == *value)) std::abort();
  const std::string canonical = json::write_canonical(*value);
  if (canonical != json::write_canonical(*compact)) std::abort();
  if (!has_huge_double(*value)) {
    const auto again = json::parse(canonical, wide);
    if (!again || !(*again == *value)) std::abort();
  }
  return 0;
}
