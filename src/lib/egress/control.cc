// Members that are empty are left out.
#include "lib/egress/control.h"

#include <array>

namespace agentos::egress {
namespace {

constexpr std::array<std::string_view, 9> kVerbs = {"channel", "gone", "resolve", "allowed", "refused",
                                                    "cut",     "ask",  "done",    "reject"};

}  // namespace

std::string_view name_of(Verb verb) { return kVerbs[static_cast<std::size_t>(verb)]; }

std::string write_control(const ControlMessage& message) {
  std::string out = "{\"verb\":\"";
  out.append(name_of(message.verb)).append("\",\"id\":").append(std::to_string(message.id));
  if (message.about != 0) out.append(",\"about\":").append(std::to_string(message.about));
  if (message.channel != 0) out.append(",\"channel\":").append(std::to_string(message.channel));
  const auto text = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out.append(",\"").append(name).append("\":");
    json::write_string(json::valid_utf8(value) ? value : json::to_valid_utf8(value), out);
  };
  text("family", message.family);
  text("call", message.call);
  text("message", message.message);
  text("hint", message.hint);
  if (message.bytes != 0) out.append(",\"bytes\":").append(std::to_string(message.bytes));
  if (message.timed_out) out += ",\"timed_out\":true";
  if (!message.addresses.empty()) {
    json::Array list;
    for (const std::string& address : message.addresses) list.emplace_back(address);
    out += ",\"addresses\":";
    json::write(list, out);
  }
  if (!message.params.is_null()) {
    out += ",\"params\":";
    json::write(message.params, out);
  }
  return out += '}';
}

Result<ControlMessage> read_control(std::string_view packet) {
  json::Value value = TRY(json::parse(packet, {.bytes_max = kPacketBytesMax, .depth_max = 8, .values_max = 256}));
  ControlMessage out;
  const std::string_view verb = value.string_or("verb", "");
  std::size_t index = 0;
  while (index < kVerbs.size() && kVerbs[index] != verb) ++index;
  if (index == kVerbs.size()) return fail(ErrorCode::kMalformed, "an unknown word on the control socket");
  out.verb = static_cast<Verb>(index);
  out.id = static_cast<std::uint64_t>(value.int_or("id", 0));
  out.about = static_cast<std::uint64_t>(value.int_or("about", 0));
  out.channel = static_cast<std::uint32_t>(value.int_or("channel", 0));
  out.family = value.string_or("family", "");
  out.call = value.string_or("call", "");
  out.message = value.string_or("message", "");
  out.hint = value.string_or("hint", "");
  out.bytes = value.int_or("bytes", 0);
  out.timed_out = value.bool_or("timed_out", false);
  if (const json::Value* list = value.find("addresses"); list != nullptr && list->is_array()) {
    for (const json::Value& one : list->as_array()) {
      if (one.is_string()) out.addresses.push_back(one.as_string());
    }
  }
  if (value.is_object()) {
    if (json::Value* params = value.as_object().find("params")) out.params = std::move(*params);
  }
  return out;
}

}  // namespace agentos::egress
