// Canonical paths. A path that is canonical already costs one scan and no allocation; everything else is rewritten
// component by component into the caller's scratch string, or refused with the octet that is wrong.
#include "base/path.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/json/value.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace agentos::path {
namespace {

enum class Octet : std::uint8_t { kPlain, kSlash, kControl, kHigh };

constexpr std::array<Octet, 256> make_octets() {
  std::array<Octet, 256> octets{};
  for (std::size_t i = 0; i < 256; ++i)
    octets[i] = i >= 0x80 ? Octet::kHigh : i < 0x20 ? Octet::kControl : Octet::kPlain;
  octets[0x7f] = Octet::kControl;
  octets['/'] = Octet::kSlash;
  return octets;
}
constexpr std::array<Octet, 256> kOctets = make_octets();

Octet octet_of(char c) { return kOctets[static_cast<std::uint8_t>(c)]; }

bool is_dots(std::string_view component) { return component == "." || component == ".."; }

// C1 controls (U+0080..U+009F) are C2 80..C2 9F in UTF-8.
bool is_c1_control(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]) == 0xc2 && at + 1 < text.size() &&
         static_cast<std::uint8_t>(text[at + 1]) < 0xa0;
}

// What one look at sixteen octets says, a bit each.
struct Looked {
  std::uint32_t slashes = 0;
  std::uint32_t special = 0;  // controls and what is not ASCII
};

constexpr std::size_t kLookOctets = 16;

Looked look(const char* at) {
#if defined(__SSE2__)
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const auto bits = [](__m128i found) { return static_cast<std::uint32_t>(_mm_movemask_epi8(found)); };
  // Signed: everything above 0x7F is below 0x20, too.
  return {bits(_mm_cmpeq_epi8(octets, _mm_set1_epi8('/'))),
          bits(_mm_or_si128(_mm_cmplt_epi8(octets, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7F))))};
#else
  Looked looked;
  for (std::size_t i = 0; i < kLookOctets; ++i) {
    const Octet octet = octet_of(at[i]);
    looked.slashes |= static_cast<std::uint32_t>(octet == Octet::kSlash) << i;
    looked.special |= static_cast<std::uint32_t>(octet == Octet::kControl || octet == Octet::kHigh) << i;
  }
  return looked;
#endif
}

// Precondition: starts with '/'. False when anything needs a closer look, be it mendable or an error.
bool is_canonical_ascii(std::string_view path, const Rules& rules) {
  if (path.size() == 1) return true;
  std::size_t start = 1;
  std::size_t depth = 0;
  const auto ends_well = [&](std::size_t end) {
    const std::size_t size = end - start;
    if (size == 0 || size > rules.name_bytes_max || ++depth > rules.depth_max) return false;
    if (size <= 2 && is_dots(path.substr(start, size))) return false;
    start = end + 1;
    return true;
  };
  for (std::size_t from = 1; from < path.size(); from += kLookOctets) {
    std::array<char, kLookOctets> last;
    const char* octets = path.data() + from;
    if (from + kLookOctets > path.size()) {
      last.fill('x');
      std::memcpy(last.data(), octets, path.size() - from);
      octets = last.data();
    }
    Looked looked = look(octets);
    if (looked.special != 0) return false;
    for (; looked.slashes != 0; looked.slashes &= looked.slashes - 1) {
      if (!ends_well(from + static_cast<std::size_t>(std::countr_zero(looked.slashes)))) return false;
    }
  }
  return ends_well(path.size());
}

Status check_octets(std::string_view path) {
  bool high = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Octet octet = octet_of(path[i]);
    if (octet == Octet::kControl || is_c1_control(path, i)) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("the path has a control character at octet {}", i),
                  "use printable characters only");
    }
    high |= octet == Octet::kHigh;
  }
  if (high && !json::valid_utf8(path)) {
    return fail(ErrorCode::kInvalidArgument, "the path is not valid UTF-8", "encode names as UTF-8");
  }
  return {};
}

// Adds one component to `out`, which holds `depth` components as "/a/b" and is empty for the root.
Status add_component(std::string_view component, const Rules& rules, std::string& out, std::size_t& depth) {
  if (component.empty() || component == ".") return {};
  if (component == "..") {
    if (depth == 0 && rules.above_root == AboveRoot::kStay) return {};
    if (depth == 0) {
      return fail(ErrorCode::kInvalidArgument, "the path climbs above the root with \"..\"",
                  "name the place from \"/\"");
    }
    --depth;
    out.resize(out.rfind('/'));
    return {};
  }
  if (component.size() > rules.name_bytes_max) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("a name in the path has {} octets", component.size()),
                fmt::format("a name has at most {} octets", rules.name_bytes_max));
  }
  if (++depth > rules.depth_max) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the path is deeper than {} names", rules.depth_max),
                "use fewer directories");
  }
  out += '/';
  out += component;
  return {};
}

// `out` holds `depth` components.
Status add_components(std::string_view text, const Rules& rules, std::string& out, std::size_t depth) {
  for (std::size_t start = 0; start <= text.size();) {
    std::size_t end = text.find('/', start);
    if (end == std::string_view::npos) end = text.size();
    TRY(add_component(text.substr(start, end - start), rules, out, depth));
    start = end + 1;
  }
  if (out.empty()) out = "/";
  return {};
}

Result<std::string_view> rewrite(std::string_view path, const Rules& rules, std::string& scratch) {
  TRY(check_octets(path));
  scratch.clear();
  scratch.reserve(path.size());
  TRY(add_components(path.substr(1), rules, scratch, 0));
  // Non-ASCII paths come here too; one that was canonical stays the caller's own.
  return scratch == path ? path : std::string_view(scratch);
}

Status too_long(std::size_t size, const Rules& rules) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("the path has {} octets", size),
              fmt::format("a path has at most {} octets", rules.bytes_max));
}

}  // namespace

Result<std::string_view> canonicalize(std::string_view path, const Rules& rules, std::string& scratch) {
  if (path.empty() || path.front() != '/') {
    return fail(ErrorCode::kInvalidArgument, path.empty() ? "the path is empty" : "the path is relative",
                "start it with \"/\", as in /mem/working/notes");
  }
  if (path.size() > rules.bytes_max) TRY(too_long(path.size(), rules));
  if (is_canonical_ascii(path, rules)) return path;
  return rewrite(path, rules, scratch);
}

Status append(std::string_view relative, const Rules& rules, std::string& canonical) {
  if (canonical.size() + 1 + relative.size() > rules.bytes_max) {
    return too_long(canonical.size() + 1 + relative.size(), rules);
  }
  TRY(check_octets(relative));
  if (canonical == "/") canonical.clear();
  const auto depth = static_cast<std::size_t>(std::ranges::count(canonical, '/'));
  return add_components(relative, rules, canonical, depth);
}

std::string_view parent_of(std::string_view canonical) {
  const std::size_t slash = canonical.rfind('/');
  if (slash == 0 || slash == std::string_view::npos) return "/";
  return canonical.substr(0, slash);
}

std::string_view name_of(std::string_view canonical) {
  const std::size_t slash = canonical.rfind('/');
  return slash == std::string_view::npos ? canonical : canonical.substr(slash + 1);
}

bool contains(std::string_view folder, std::string_view canonical) {
  if (folder == "/") return canonical.starts_with('/');
  return canonical.starts_with(folder) && (canonical.size() == folder.size() || canonical[folder.size()] == '/');
}

}  // namespace agentos::path
