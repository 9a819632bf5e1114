// Names to A-labels by libidn2 (UTS #46, non-transitional, as browsers do). The only file that sees the library; it
// allocates, so plain ASCII names do not come to it.
#include <idn2.h>

#include <algorithm>
#include <string>

#include "base/json/value.h"
#include "lib/canonical/host.h"
#include "lib/canonical/host_parts.h"
#include "lib/canonical/octets.h"

namespace agentos::canonical {
namespace {

constexpr int kNontransitional = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
constexpr int kTransitional = IDN2_NFC_INPUT | IDN2_TRANSITIONAL;

std::expected<std::string, std::string> to_ascii(const std::string& name, int flags) {
  char* found = nullptr;
  const int status = idn2_to_ascii_8z(name.c_str(), &found, flags);
  if (status != IDN2_OK) {
    return std::unexpected(std::string("is not a valid internationalized name: ") + idn2_strerror(status));
  }
  std::string result(found);
  idn2_free(found);
  return result;
}

bool has_encoded_label(std::string_view name) {
  for (std::size_t i = 0; i + 4 <= name.size(); ++i) {
    const bool starts = i == 0 || name[i - 1] == '.';
    if (starts && to_lower(name[i]) == 'x' && to_lower(name[i + 1]) == 'n' && name.substr(i + 2, 2) == "--")
      return true;
  }
  return false;
}

}  // namespace

std::expected<std::string_view, std::string> map_to_ascii(std::string_view name, std::span<char> out,
                                                          std::uint16_t& oddities) {
  const bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii && !has_encoded_label(name)) {
    if (name.size() > out.size()) return std::unexpected("is longer than 253 octets");
    std::ranges::transform(name, out.begin(), to_lower);
    return std::string_view(out.data(), name.size());
  }
  if (!json::valid_utf8(name)) return std::unexpected("is not valid UTF-8");
  const std::string text(name);
  if (text.find('\0') != std::string::npos) return std::unexpected("has an octet that no host name has");
  auto mapped = to_ascii(text, kNontransitional);
  if (!mapped) return std::unexpected(std::move(mapped.error()));
  if (mapped->size() > out.size()) return std::unexpected("is longer than 253 octets");
  if (!ascii) {
    oddities |= kUnicodeMapped;
    const auto older = to_ascii(text, kTransitional);
    if (!older || *older != *mapped) oddities |= kIdnaDiffers;
  }
  std::ranges::transform(*mapped, out.begin(), to_lower);
  return std::string_view(out.data(), mapped->size());
}

}  // namespace agentos::canonical
