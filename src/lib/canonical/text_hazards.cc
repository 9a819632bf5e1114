// One pass over code points; ASCII letters cost a table look-up only.
#include "lib/canonical/text_hazards.h"

#include <algorithm>
#include <array>

#include "lib/canonical/octets.h"

namespace agentos::canonical {
namespace {

constexpr char32_t kInvalid = 0xffffffff;

struct Decoded {
  char32_t code_point = kInvalid;
  std::size_t size = 1;
};

// RFC 3629; one octet at a time where it is ill-formed.
Decoded decode(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = octet(0);
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : 4;
  if (size == 1) return {.code_point = lead, .size = 1};
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  char32_t code_point = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (octet(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
  if (code_point < kSmallest[size] || surrogate || code_point > 0x10ffff) return {};
  return {.code_point = code_point, .size = size};
}

struct Range {
  char32_t first;
  char32_t last;
  std::uint32_t hazard;
};

constexpr auto kRanges = std::to_array<Range>({
    {0x00, 0x08, kTextControl},
    {0x0b, 0x0c, kTextControl},
    {0x0e, 0x1f, kTextControl},
    {0x7f, 0x84, kTextControl},
    {0x85, 0x85, kTextControl | kTextOddSpace},
    {0x86, 0x9f, kTextControl},
    {0xa0, 0xa0, kTextOddSpace},
    {0xad, 0xad, kTextZeroWidth},
    {0x34f, 0x34f, kTextZeroWidth},
    {0x61c, 0x61c, kTextBidirectional},
    {0x115f, 0x1160, kTextZeroWidth},
    {0x1680, 0x1680, kTextOddSpace},
    {0x17b4, 0x17b5, kTextZeroWidth},
    {0x180b, 0x180d, kTextVariationSelectors},
    {0x180e, 0x180e, kTextZeroWidth},
    {0x2000, 0x200a, kTextOddSpace},
    {0x200b, 0x200d, kTextZeroWidth},
    {0x200e, 0x200f, kTextBidirectional},
    {0x2028, 0x2029, kTextOddSpace},
    {0x202a, 0x202e, kTextBidirectional},
    {0x202f, 0x202f, kTextOddSpace},
    {0x205f, 0x205f, kTextOddSpace},
    {0x2060, 0x2064, kTextZeroWidth},
    {0x2066, 0x2069, kTextBidirectional},
    {0x206a, 0x206f, kTextBidirectional},
    {0x3000, 0x3000, kTextOddSpace},
    {0x3164, 0x3164, kTextZeroWidth},
    {0xe000, 0xf8ff, kTextPrivateUse},
    {0xfdd0, 0xfdef, kTextUnassigned},
    {0xfeff, 0xfeff, kTextZeroWidth},
    {0xff01, 0xff5e, kTextLookAlike},
    {0xffa0, 0xffa0, kTextZeroWidth},
    {0xfff9, 0xfffb, kTextZeroWidth},
    {0x1d173, 0x1d17a, kTextZeroWidth},
    {0x1d400, 0x1d7ff, kTextLookAlike},
    {0xe0000, 0xe007f, kTextTags},
    {0xe0100, 0xe01ef, kTextVariationSelectors},
    {0xf0000, 0xffffd, kTextPrivateUse},
    {0x100000, 0x10fffd, kTextPrivateUse},
});

std::uint32_t hazard_of(char32_t code_point) {
  if ((code_point & 0xfffe) == 0xfffe) return kTextUnassigned;
  const auto* found = std::ranges::upper_bound(kRanges, code_point, {}, &Range::first);
  if (found == kRanges.begin()) return 0;
  --found;
  return code_point <= found->last ? found->hazard : 0;
}

// Scripts whose letters are taken for one another.
enum Script : std::uint8_t {
  kNoScript = 0,
  kLatin = 1,
  kGreek = 2,
  kCyrillic = 4,
  kArmenian = 8,
  kCherokee = 16,
  kCoptic = 32,
  kLisu = 64
};

struct ScriptRange {
  char32_t first;
  char32_t last;
  Script script;
};

constexpr auto kScripts = std::to_array<ScriptRange>({
    {0xaa, 0xaa, kLatin},        {0xba, 0xba, kLatin},        {0xc0, 0xd6, kLatin},        {0xd8, 0xf6, kLatin},
    {0xf8, 0x2b8, kLatin},       {0x370, 0x373, kGreek},      {0x376, 0x3e1, kGreek},      {0x3e2, 0x3ef, kCoptic},
    {0x3f0, 0x3ff, kGreek},      {0x400, 0x52f, kCyrillic},   {0x531, 0x58a, kArmenian},   {0x13a0, 0x13fd, kCherokee},
    {0x1c80, 0x1c88, kCyrillic}, {0x1d00, 0x1d25, kLatin},    {0x1d26, 0x1d2a, kGreek},    {0x1d2b, 0x1d2b, kCyrillic},
    {0x1d2c, 0x1d5c, kLatin},    {0x1d62, 0x1d65, kLatin},    {0x1e00, 0x1eff, kLatin},    {0x1f00, 0x1ffe, kGreek},
    {0x2071, 0x2071, kLatin},    {0x207f, 0x209c, kLatin},    {0x212a, 0x212b, kLatin},    {0x2c60, 0x2c7f, kLatin},
    {0x2c80, 0x2cff, kCoptic},   {0x2de0, 0x2dff, kCyrillic}, {0xa4d0, 0xa4ff, kLisu},     {0xa640, 0xa69f, kCyrillic},
    {0xa722, 0xa7ff, kLatin},    {0xab30, 0xab64, kLatin},    {0xab70, 0xabbf, kCherokee}, {0xfb00, 0xfb06, kLatin},
    {0xff21, 0xff3a, kLatin},    {0xff41, 0xff5a, kLatin},
});

std::uint8_t script_of(char32_t code_point) {
  const auto* found = std::ranges::upper_bound(kScripts, code_point, {}, &ScriptRange::first);
  if (found == kScripts.begin()) return kNoScript;
  --found;
  return code_point <= found->last ? found->script : kNoScript;
}

bool is_ascii_word(char c) { return is_alphanumeric(c) || c == '_'; }

}  // namespace

std::uint32_t text_hazards(std::string_view text) {
  std::uint32_t hazards = 0;
  std::uint8_t scripts = 0;  // of the word so far
  bool after_selector = false;
  while (!text.empty()) {
    const char c = text.front();
    if (static_cast<unsigned char>(c) < 0x80) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) hazards |= hazard_of(static_cast<unsigned char>(c));
      scripts =
          is_ascii_word(c) ? static_cast<std::uint8_t>(scripts | (is_letter(c) ? kLatin : kNoScript)) : std::uint8_t{0};
      after_selector = false;
      if ((scripts & (scripts - 1)) != 0) hazards |= kTextMixedScripts;
      text.remove_prefix(1);
      continue;
    }
    const Decoded decoded = decode(text);
    text.remove_prefix(decoded.size);
    if (decoded.code_point == kInvalid) {
      hazards |= kTextInvalidUtf8;
      scripts = 0;
      continue;
    }
    const std::uint32_t hazard = hazard_of(decoded.code_point);
    hazards |= hazard;
    if ((hazard & kTextOddSpace) != 0) scripts = 0;
    // One selector behind a character is how emoji are written.
    const bool selector = decoded.code_point >= 0xfe00 && decoded.code_point <= 0xfe0f;
    if (selector && after_selector) hazards |= kTextVariationSelectors;
    after_selector = selector;
    scripts |= script_of(decoded.code_point);
    if ((scripts & (scripts - 1)) != 0) hazards |= kTextMixedScripts;
  }
  return hazards;
}

std::string describe_text_hazards(std::uint32_t hazards) {
  constexpr std::array<std::string_view, 11> kNames = {
      "invalid_utf8",  "control",    "bidirectional", "zero_width", "tags",     "variation_selectors",
      "mixed_scripts", "look_alike", "private_use",   "unassigned", "odd_space"};
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((hazards >> i & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

}  // namespace agentos::canonical
