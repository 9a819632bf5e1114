// What in a text can mislead a person or a filter: invisible characters, reversed direction, look-alike letters.
//
// Total: every octet string has flags; nothing is changed or refused. Linear, no allocation. Flags are facts for
// policy: Hebrew text has good reasons for right-to-left marks. Sources: Unicode 15 (UAX #9, UTS #39 "mixed scripts"),
// the code point ranges of its blocks and scripts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agentos::canonical {

enum TextHazard : std::uint32_t {
  kTextInvalidUtf8 = 1,
  kTextControl = 1 << 1,             // C0 but tab, line feed, carriage return; DEL; C1: escape sequences of terminals
  kTextBidirectional = 1 << 2,       // embeddings, overrides, isolates, marks
  kTextZeroWidth = 1 << 3,           // zero width space, joiners, word joiner, byte order mark, soft hyphen, fillers
  kTextTags = 1 << 4,                // U+E0000 to U+E007F: ASCII that no one sees
  kTextVariationSelectors = 1 << 5,  // more than one in a row, or of the supplement: can carry hidden octets
  kTextMixedScripts = 1 << 6,        // letters of scripts with look-alikes in one word: Latin with Cyrillic, Greek ...
  kTextLookAlike = 1 << 7,           // full-width or mathematical letters and digits
  kTextPrivateUse = 1 << 8,
  kTextUnassigned = 1 << 9,  // noncharacters
  kTextOddSpace = 1 << 10,   // spaces and line separators other than ASCII's
};

std::uint32_t text_hazards(std::string_view text);

// "bidirectional, tags": for explanations.
std::string describe_text_hazards(std::uint32_t hazards);

}  // namespace agentos::canonical
