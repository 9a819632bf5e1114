// A file or standard input line by line, for verbs that answer each line: bounded, and never holding an answer back
// while there is nothing more to read.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::cli {

inline constexpr std::size_t kLineOctetsMax = 4 << 20;

class Lines {
 public:
  virtual ~Lines() = default;
  virtual void line(std::string_view line) = 0;  // without its newline
  virtual void line_too_long() = 0;              // longer than kLineOctetsMax; its place in the order
  virtual void pause() = 0;                      // before every wait for more, and at the end
};

// "-" is standard input.
Status each_line(const std::string& file, Lines& lines);

// eval_originals.cc: requests with documents of the original, a line each. The exit code.
Result<int> evaluate_originals(const std::string& file);

}  // namespace agentos::cli
