// A schema and an instance, one line each: compiling and validating end, within bounds, without a crash; the answer
// does not depend on how many violations are asked for.
#include <cstdlib>

#include "lib/schema/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  namespace json = agentos::json;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return 0;
  const auto document = json::parse(text.substr(0, newline), {.depth_max = 128});
  const auto instance = json::parse(text.substr(newline + 1), {.depth_max = 128});
  if (!document || !instance) return 0;
  const auto schema = agentos::schema::Schema::compile(*document);
  if (!schema) {
    if (!schema.error().message.starts_with("schema, at ")) std::abort();
    return 0;
  }
  const auto few = schema->validate(*instance, 1);
  const auto many = schema->validate(*instance, 100);
  if (few.size() > 1 || many.size() > 100 || few.empty() != many.empty()) std::abort();
  return 0;
}
