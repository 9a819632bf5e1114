// One recursion over JSON; its depth is bounded by the parser's.
#include "apps/agentos/outline.h"

#include "apps/agentos/quantities.h"
#include "apps/agentos/screen.h"

namespace agentos::cli {
namespace {

constexpr std::int64_t kFirstTimeUs = 1'000'000'000'000'000;  // 2001: smaller numbers are durations

bool is_plain(const json::Value& value) { return !value.is_object() && !value.is_array(); }

std::string plain(const std::string& name, const json::Value& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.as_string().empty() ? "-" : printable(value.as_string());
  if (value.is_int() && name.ends_with("_us") && value.as_int() >= kFirstTimeUs) return show_time(value.as_int());
  return json::write(value);
}

void add(const std::string& indent, const std::string& name, const json::Value& value, std::string& out) {
  const std::string head = indent + printable(name) + ":";
  if (is_plain(value)) {
    out += head + " " + plain(name, value) + "\n";
  } else if (value.is_object()) {
    out += head + (value.as_object().empty() ? " -\n" : "\n");
    for (const auto& [key, member] : value.as_object()) add(indent + "  ", key, member, out);
  } else {
    bool all_plain = true;
    for (const json::Value& item : value.as_array()) all_plain = all_plain && is_plain(item);
    out += head;
    if (all_plain) {
      for (const json::Value& item : value.as_array()) out += " " + plain("", item);
      out += value.as_array().empty() ? " -\n" : "\n";
      return;
    }
    out += "\n";
    for (const json::Value& item : value.as_array()) {
      if (is_plain(item)) {
        out += indent + "  - " + plain("", item) + "\n";
      } else {
        add(indent + "  ", "-", item, out);
      }
    }
  }
}

}  // namespace

std::string outline(const json::Value& value) {
  std::string out;
  if (!value.is_object()) return plain("", value) + "\n";
  for (const auto& [key, member] : value.as_object()) add("", key, member, out);
  return out;
}

}  // namespace agentos::cli
