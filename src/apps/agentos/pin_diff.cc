// See pin_diff.h.
#include "apps/agentos/pin_diff.h"

#include <set>

#include <fmt/format.h>

#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

constexpr int kDiffDepthMax = 8;  // below it values are shown whole

void add_value(std::string& out, char sign, const json::Value& value) {
  const std::string text = json::write(value);
  out += fmt::format("    {} {}", sign, printable(text.substr(0, kPinDiffValueBytesMax)));
  if (text.size() > kPinDiffValueBytesMax)
    out += fmt::format(" and {} more octets", text.size() - kPinDiffValueBytesMax);
  out += '\n';
}

// What differs between two values, each place with both sides.
void add_changes(std::string& out, const std::string& place, const json::Value* before, const json::Value* now,
                 int depth) {
  if (before != nullptr && now != nullptr && *before == *now) return;
  if (before != nullptr && now != nullptr && before->is_object() && now->is_object() && depth < kDiffDepthMax) {
    std::set<std::string> names;
    for (const json::Value* side : {before, now}) {
      for (const auto& [name, unused] : side->as_object()) names.emplace(name);
    }
    for (const std::string& name : names) {
      add_changes(out, place + "/" + name, before->find(name), now->find(name), depth + 1);
    }
    return;
  }
  if (!place.empty()) out += "    " + printable(place) + "\n";
  if (before != nullptr) add_value(out, '-', *before);
  if (now != nullptr) add_value(out, '+', *now);
}

}  // namespace

std::string pin_diff(const json::Value& differences) {
  std::string out;
  if (!differences.is_array()) return out;
  for (const json::Value& one : differences.as_array()) {
    out += printable(one.string_or("what", "")) + " " + printable(one.string_or("item", "")) + "\n";
    const json::Value* before = one.find("before");
    const json::Value* after = one.find("after");
    add_changes(out, {}, before != nullptr && before->is_null() ? nullptr : before,
                after != nullptr && after->is_null() ? nullptr : after, 0);
  }
  return out;
}

}  // namespace agentos::cli
