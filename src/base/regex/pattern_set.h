// Many regular expressions asked at once: one pass over the text says which of them match somewhere in it.
//
// The cost of a match hardly grows with the number of expressions, which is what a list of rules needs.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/regex/options.h"

namespace agentos::regex {

// Move-only; match() may be called from any number of threads.
class PatternSet {
 public:
  // Errors as Pattern::compile, with the number of the expression (from 0); kTooLarge beyond the bounds of a set.
  static Result<PatternSet> compile(std::span<const std::string_view> expressions, const Options& options = {});
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;
  ~PatternSet();

  // `ids` becomes the numbers of the expressions that match somewhere in `text`, ascending; its memory is kept from
  // call to call. kNoSpace when the automaton outgrew its bound: then nothing is known of the text, `ids` is empty, and
  // the caller must refuse what it wanted to admit.
  Status match(std::string_view text, std::vector<int>& ids) const;
  std::size_t size() const;

 private:
  struct Compiled;
  explicit PatternSet(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace agentos::regex
