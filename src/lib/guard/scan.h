// What a text holds that a reader should know of before it is shown, kept or sent on: probable secrets, and characters
// that drive terminals or deceive eyes.
//
// Linear in the text; pure; any thread. Sources of token shapes: what their issuers document; Unicode TR36 and TR39 for
// characters that deceive; ECMA-48 for control sequences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace agentos::guard {

enum class Kind : std::uint8_t { kSecret, kControl, kAnsi, kBidi, kZeroWidth, kTag };
std::string_view name_of(Kind kind);  // "secret" "control" "ansi" "bidi" "zero_width" "tag"
inline constexpr std::size_t kKinds = 6;

enum class Confidence : std::uint8_t { kLow, kMedium, kHigh };
int severity_of(Confidence confidence);  // 3, 6, 9: what a policy compares

struct Finding {
  Kind kind = Kind::kSecret;
  Confidence confidence = Confidence::kHigh;
  std::string_view name;  // which shape: "github_token", "password"; of static storage
  std::size_t begin = 0;  // octets [begin, end) of the text
  std::size_t end = 0;
  bool operator==(const Finding&) const = default;
};

// How the text is written. In JSON a finding lies inside one string, and escapes of control characters count as them.
enum class Syntax : std::uint8_t { kPlain, kJson };

inline constexpr std::size_t kFindingsMax = 4096;  // of one text

struct Findings {
  std::vector<Finding> items;  // ascending, apart from each other
  bool complete = true;        // false: there were more than kFindingsMax; what follows the last one was not looked at
  bool empty() const { return items.empty(); }
};

// Replaces what `out` held; its memory is kept from call to call.
void scan(std::string_view text, Syntax syntax, Findings& out);
Findings scan(std::string_view text, Syntax syntax = Syntax::kPlain);

}  // namespace agentos::guard
