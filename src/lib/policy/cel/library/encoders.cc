// base64.encode and base64.decode. Source: cel-go's encoders extension; RFC 4648, padding may be left out.
#include <array>
#include <string_view>

#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/scratch_text.h"

namespace agentos::cel {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Value encode(const CallContext& context, Arguments arguments) {
  const std::string_view octets = arguments[0].text();
  ScratchText text(context.scratch);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const auto octet = [&](std::size_t place) -> std::uint32_t {
      return place < octets.size() ? static_cast<unsigned char>(octets[place]) : 0;
    };
    const std::uint32_t bits = octet(i) << 16 | octet(i + 1) << 8 | octet(i + 2);
    const std::array<char, 4> group = {kDigits[bits >> 18], kDigits[bits >> 12 & 63],
                                       i + 1 < octets.size() ? kDigits[bits >> 6 & 63] : '=',
                                       i + 2 < octets.size() ? kDigits[bits & 63] : '='};
    text.append({group.data(), group.size()});
  }
  return text.finish();
}

Value decode(const CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].text();
  const auto wrong = [&] { return fault(context.scratch, "illegal base64 data"); };
  if (text.ends_with("==") && text.size() % 4 == 0) {
    text.remove_suffix(2);
  } else if (text.ends_with('=') && text.size() % 4 == 0) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return wrong();
  ScratchText octets(context.scratch);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return wrong();
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      octets.append(static_cast<char>(bits >> count & 255));
    }
  }
  const Value decoded = octets.finish();
  return decoded.is_error() ? decoded : Value::bytes(decoded.text());
}

}  // namespace

Rows encoder_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  return {
      {"base64_encode_bytes", "base64.encode", kGlobal, "bytes", "string", encode},
      {"base64_decode_string", "base64.decode", kGlobal, "string", "bytes", decode},
  };
}

}  // namespace agentos::cel
