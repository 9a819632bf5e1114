// Any octets give nodes within the limits or one positioned error; what is read is valid UTF-8 and survives as JSON.
#include <cstdlib>

#include "base/yaml/document.h"

namespace {

std::size_t check(const agentos::yaml::Node& node, std::size_t depth) {
  if (depth > 16 || node.mark.line == 0 || node.mark.column == 0) std::abort();
  if (!agentos::json::valid_utf8(node.text)) std::abort();
  std::size_t nodes = 1;
  for (const auto& item : node.items) nodes += check(item, depth + 1);
  for (const auto& entry : node.entries) {
    if (node.find(entry.key) != &entry.value) std::abort();
    nodes += check(entry.value, depth + 1);
  }
  return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  namespace json = agentos::json;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const agentos::yaml::Limits limits{.bytes_max = 1 << 16, .depth_max = 16, .nodes_max = 5000};
  const auto documents = agentos::yaml::parse_all(text, "fuzz.yaml", limits);
  if (!documents) {
    if (!documents.error().message.starts_with("fuzz.yaml:")) std::abort();
    return 0;
  }
  std::size_t nodes = 0;
  for (const auto& document : *documents) {
    nodes += check(document, 1);
    const json::Value value = agentos::yaml::to_json(document);
    const auto again = json::parse(json::write(value), {.bytes_max = 64 << 20, .depth_max = 32, .values_max = 10'000});
    if (!again || !(*again == value)) std::abort();
  }
  if (nodes > limits.nodes_max) std::abort();
  return 0;
}
