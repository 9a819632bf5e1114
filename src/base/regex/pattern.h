// A regular expression that answers in time linear in the text, whatever expression and text are.
//
// Syntax is RE2's, over UTF-8: no look-around and no back-references, which are refused when compiled. `^` and `$` are
// the ends of the text unless (?m) is set. A text that is not valid UTF-8 is matched octet by octet and is no error.
// Source: RE2's syntax page (github.com/google/re2/wiki/Syntax).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/regex/options.h"

namespace agentos::regex {

// Octets [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Span&) const = default;
};

// Move-only; every const member may be called from any number of threads.
class Pattern {
 public:
  // kMalformed naming what is refused, the octet it stands at and how to mend it; kTooLarge beyond the bounds.
  static Result<Pattern> compile(std::string_view expression, const Options& options = {});
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  bool search(std::string_view text) const;      // a match anywhere
  bool full_match(std::string_view text) const;  // the whole text is one match
  // The first match that begins at `from` or later, with offsets into `text`; `^` is still the start of `text`.
  // Leftmost, and of the leftmost the one Perl would prefer. It may be empty.
  std::optional<Span> find(std::string_view text, std::size_t from = 0) const;

 private:
  struct Compiled;
  explicit Pattern(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace agentos::regex
