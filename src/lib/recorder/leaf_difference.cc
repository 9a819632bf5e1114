// A difference is a list of steps: copy octets of the base, pass over some, add some of its own. Where two leaves part,
// the encoder goes on at the next comma of each: most often the next member.
#include "lib/recorder/leaf_difference.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace agentos::recorder {

namespace {

constexpr std::size_t kNumberSizeMax = 3;  // octets of one; numbers are below 2^21
static_assert(kEntrySizeMax < (std::size_t{1} << 21));

char* put_number(char* to, std::size_t number) {
  for (; number >= 0x80; number >>= 7) *to++ = static_cast<char>(number | 0x80);
  *to++ = static_cast<char>(number);
  return to;
}

// Takes a number from the front of `octets`; false when there is none.
bool take_number(std::string_view& octets, std::size_t& number) {
  number = 0;
  for (std::size_t i = 0; i < std::min(octets.size(), kNumberSizeMax); ++i) {
    const auto octet = static_cast<unsigned char>(octets[i]);
    number |= std::size_t{octet & 0x7FU} << (7 * i);
    if (octet >= 0x80) continue;
    octets.remove_prefix(i + 1);
    return true;
  }
  return false;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t x, y;
    std::memcpy(&x, a.data() + i, 8);
    std::memcpy(&y, b.data() + i, 8);
    if (x != y) return i + static_cast<std::size_t>(std::countr_zero(x ^ y)) / 8;
  }
  while (i < size && a[i] == b[i]) ++i;
  return i;
}

std::size_t next_comma(std::string_view text) {
  const void* found = text.empty() ? nullptr : std::memchr(text.data(), ',', text.size());
  return found == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

std::size_t write_difference(std::string_view base, std::string_view leaf, char* to) {
  const std::size_t worthwhile = leaf.size() / 4 * 3;
  char* at = to;
  while (!leaf.empty()) {
    const std::size_t same = common_prefix(base, leaf);
    base.remove_prefix(same);
    leaf.remove_prefix(same);
    const std::size_t passed = next_comma(base), own = next_comma(leaf);
    if (static_cast<std::size_t>(at - to) + own + 3 * kNumberSizeMax > worthwhile) return 0;
    at = put_number(at, same);
    at = put_number(at, passed);
    at = put_number(at, own);
    std::memcpy(at, leaf.data(), own);
    at += own;
    base.remove_prefix(passed);
    leaf.remove_prefix(own);
  }
  return static_cast<std::size_t>(at - to);
}

bool apply_difference(std::string_view base, std::string_view difference, std::string& out) {
  const std::size_t start = out.size();
  while (!difference.empty()) {
    std::size_t same = 0, passed = 0, own = 0;
    if (!take_number(difference, same) || !take_number(difference, passed) || !take_number(difference, own) ||
        same > base.size() || passed > base.size() - same || own > difference.size() ||
        out.size() - start + same + own > kEntrySizeMax)
      return false;
    out.append(base.substr(0, same));
    out.append(difference.substr(0, own));
    base.remove_prefix(same + passed);
    difference.remove_prefix(own);
  }
  return out.size() > start;
}

std::expected<std::string_view, const char*> WholeLeaves::leaf_of(const Frame& frame) {
  std::string& newest = leaves_[frame.group];
  if (!frame.is_difference()) {
    newest.assign(frame.stored);
    return frame.stored;
  }
  if (newest.empty()) return std::unexpected("the frame's leaf is a difference, and no whole leaf is before it");
  made_.assign(1, '\0');
  if (!apply_difference(newest, frame.stored, made_)) return std::unexpected("the frame's leaf is no difference");
  return std::string_view(made_).substr(1);
}

}  // namespace agentos::recorder
