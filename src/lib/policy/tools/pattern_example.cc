// The first alternative, each piece once or as often as it must be.
#include "lib/policy/tools/pattern_example.h"

#include <algorithm>
#include <charconv>

#include "lib/policy/tools/bounds.h"

namespace agentos::policy::tools {
namespace {

constexpr int kRepeatsMax = 64;

class Maker {
 public:
  explicit Maker(std::string_view pattern) : rest_(pattern) {}

  // Up to the ')' that closes the group, or the end; only the first alternative counts.
  std::string alternatives(std::size_t depth) {
    std::string first, piece;
    bool taken = false;
    while (!rest_.empty() && rest_.front() != ')') {
      if (rest_.front() == '|') {
        rest_.remove_prefix(1);
        if (!taken) first = piece;
        taken = true;
        piece.clear();
        continue;
      }
      const std::string one = atom(depth);
      for (int i = repeats(one); i > 0; --i) piece += one;
    }
    return taken ? first : piece;
  }

 private:
  char take() {
    const char c = rest_.empty() ? '\0' : rest_.front();
    if (!rest_.empty()) rest_.remove_prefix(1);
    return c;
  }

  std::string atom(std::size_t depth) {
    const char c = take();
    switch (c) {
      case '^':
      case '$':
        return {};
      case '.':
        return "x";
      case '[':
        return set();
      case '\\':
        return escape(take());
      case '(':
        return depth < kPatternDepthMax ? group(depth) : std::string();
      default:
        return {c};
    }
  }

  std::string group(std::size_t depth) {
    if (rest_.starts_with("?")) {
      const std::size_t end = rest_.find_first_of(":)>");
      const bool flags_only = end != std::string_view::npos && rest_[end] == ')';
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      if (flags_only) return {};
    }
    std::string inside = alternatives(depth + 1);
    if (!rest_.empty()) rest_.remove_prefix(1);
    return inside;
  }

  static std::string escape(char c) {
    switch (c) {
      case 'd':
        return "0";
      case 'w':
      case 'D':
      case 'S':
        return "x";
      case 's':
      case 'W':
        return " ";
      case 'b':
      case 'B':
      case 'A':
      case 'z':
        return {};
      case 'n':
        return "\n";
      case 't':
        return "\t";
      default:
        return {c};
    }
  }

  std::string set() {
    const bool negated = rest_.starts_with("^");
    if (negated) rest_.remove_prefix(1);
    std::string members;
    for (bool first = true; !rest_.empty() && (first || rest_.front() != ']'); first = false) {
      const char c = take();
      members += c == '\\' ? escape(take()) : std::string{c};
      if (rest_.size() > 1 && rest_.front() == '-' && rest_[1] != ']') rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    if (!negated) return members.empty() ? std::string() : members.substr(0, 1);
    for (const char c : std::string_view("x0 /-_~")) {
      if (members.find(c) == std::string::npos) return {c};
    }
    return {};
  }

  // How often the piece before is needed; reads its quantifier.
  int repeats(const std::string& one) {
    if (one.empty() || rest_.empty()) return 1;
    int count = 1;
    const char c = rest_.front();
    if (c == '*' || c == '?' || c == '+') {
      take();
    } else if (c == '{' && rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9') {
      std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), count);
      const std::size_t end = rest_.find('}');
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      count = std::clamp(count, 0, kRepeatsMax);
    } else {
      return 1;
    }
    if (rest_.starts_with("?")) take();  // a lazy one
    return count;
  }

  std::string_view rest_;
};

}  // namespace

std::string example_of(std::string_view pattern) { return Maker(pattern).alternatives(0); }

}  // namespace agentos::policy::tools
