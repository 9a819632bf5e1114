// Compiling a glob to the cheapest test that decides it; the general forms backtrack to one place only, which is
// enough because a later star can always stand in for an earlier one, and keeps the time bounded.
#include "lib/policy/glob.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json/value.h"
#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

bool is_continuation(char octet) { return (static_cast<unsigned char>(octet) & 0xC0) == 0x80; }

// '*' and '?' over one name or one path component.
bool matches_wild(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  std::size_t p = 0, t = 0, star = kNowhere, resume = 0;
  while (true) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    if (p == pattern.size() && t == text.size()) return true;
    if (p < pattern.size() && t < text.size()) {
      if (pattern[p] == '?') {
        ++p;
        ++t;
        while (t < text.size() && is_continuation(text[t])) ++t;
        continue;
      }
      if (pattern[p] == text[t]) {
        ++p;
        ++t;
        continue;
      }
    }
    if (star == kNowhere || resume >= text.size()) return false;
    p = star;
    t = ++resume;
  }
}

// The components of a canonical path, one after the other.
class Components {
 public:
  explicit Components(std::string_view path) : path_(path), at_(path == "/" ? kEnd : 1) {}
  bool done() const { return at_ == kEnd; }
  std::string_view current() const { return path_.substr(at_, end() - at_); }
  void advance() {
    std::size_t stop = end();
    at_ = stop >= path_.size() ? kEnd : stop + 1;
  }

 private:
  static constexpr std::size_t kEnd = static_cast<std::size_t>(-1);
  std::size_t end() const { return std::min(path_.find('/', at_), path_.size()); }
  std::string_view path_;
  std::size_t at_;
};

bool matches_path(std::string_view pattern, std::string_view text) {
  Components p(pattern), t(text), star_pattern(pattern), star_text(text);
  bool star = false;
  while (true) {
    if (p.done()) {
      if (t.done()) return true;
    } else if (p.current() == "**") {
      p.advance();
      star = true;
      star_pattern = p;
      star_text = t;
      continue;
    } else if (!t.done() && matches_wild(p.current(), t.current())) {
      p.advance();
      t.advance();
      continue;
    }
    if (!star || star_text.done()) return false;
    star_text.advance();
    t = star_text;
    p = star_pattern;
  }
}

std::unexpected<Error> refuse(std::string message, std::string hint = {}) {
  return fail(ErrorCode::kInvalidArgument, std::move(message), std::move(hint));
}

Status check_octets(std::string_view pattern) {
  if (pattern.empty()) return refuse("a glob cannot be empty", "write \"*\" for anything");
  if (pattern.size() > kPatternBytesMax) {
    return refuse(fmt::format("a glob of {} octets is too long", pattern.size()),
                  fmt::format("at most {}", kPatternBytesMax));
  }
  if (!json::valid_utf8(pattern)) return refuse("a glob must be valid UTF-8");
  if (pattern[0] == '!') {
    return refuse(fmt::format("\"{}\": a glob cannot be negated", pattern), "write a deny rule instead");
  }
  for (char octet : pattern) {
    if (static_cast<unsigned char>(octet) < 0x20 || octet == 0x7f) return refuse("a glob has a control character");
    if (std::string_view("[]{}\\").find(octet) != std::string_view::npos) {
      return refuse(fmt::format("\"{}\": '{}' has no meaning in a glob", pattern, octet),
                    "only '*', '**' (in paths) and '?' are special; list the alternatives");
    }
  }
  return {};
}

Status check_path(std::string_view pattern) {
  if (pattern[0] != '/') {
    return refuse(fmt::format("\"{}\": a path glob must start with '/'", pattern),
                  fmt::format("write \"/{}\" or \"/**/{}\"", pattern, pattern));
  }
  if (pattern == "/") return {};
  std::size_t depth = 0;
  for (std::size_t at = 1; at <= pattern.size();) {
    std::size_t end = std::min(pattern.find('/', at), pattern.size());
    std::string_view component = pattern.substr(at, end - at);
    if (component.empty()) {
      return refuse(fmt::format("\"{}\": a path glob has no empty component", pattern),
                    "canonical paths have no \"//\" and no trailing '/'; \"/folder/**\" is a folder and all below it");
    }
    if (component == "." || component == "..") {
      return refuse(fmt::format("\"{}\": \"{}\" never occurs in a canonical path", pattern, component));
    }
    if (component != "**" && component.find("**") != std::string_view::npos) {
      return refuse(fmt::format("\"{}\": '**' must stand alone between slashes", pattern),
                    "for example \"/mem/**\" or \"/mem/**/*.txt\"");
    }
    if (++depth > kPathDepthMax) {
      return refuse("a path glob has too many components", fmt::format("at most {}", kPathDepthMax));
    }
    at = end + 1;
  }
  return {};
}

}  // namespace

Result<Glob> Glob::compile(std::string_view pattern, Style style) {
  TRY(check_octets(pattern));
  if (style == Style::kPath) {
    TRY(check_path(pattern));
  } else if (pattern.find("**") != std::string_view::npos) {
    return refuse(fmt::format("\"{}\": '**' is for paths", pattern), "in a name '*' already stands for anything");
  }
  Glob glob;
  glob.pattern_ = pattern;
  std::size_t wild = pattern.find_first_of("*?");
  bool literal = wild == std::string_view::npos;
  if (literal) {
    glob.kind_ = Kind::kLiteral;
    if (style == Style::kPath && pattern != "/") glob.folder_size_ = static_cast<std::uint16_t>(pattern.size());
    return glob;
  }
  if (style == Style::kPath) {
    std::size_t folder = pattern.rfind('/', wild);
    glob.folder_size_ = static_cast<std::uint16_t>(folder);
    glob.fixed_size_ = glob.folder_size_;
    bool folder_and_below = pattern.substr(folder) == "/**";
    glob.kind_ = !folder_and_below ? Kind::kPath : folder == 0 ? Kind::kAll : Kind::kFolder;
    return glob;
  }
  glob.fixed_size_ = static_cast<std::uint16_t>(wild);
  if (pattern == "*") {
    glob.kind_ = Kind::kAll;
  } else if (pattern[wild] == '*' && wild + 1 == pattern.size()) {
    glob.kind_ = Kind::kPrefix;
  } else if (pattern[0] == '*' && pattern.find_first_of("*?", 1) == std::string_view::npos) {
    glob.kind_ = Kind::kSuffix;
  } else {
    glob.kind_ = Kind::kName;
  }
  return glob;
}

bool Glob::matches(std::string_view text) const {
  if (text.empty()) return false;
  std::string_view pattern = pattern_;
  switch (kind_) {
    case Kind::kAll:
      return true;
    case Kind::kLiteral:
      return text == pattern;
    case Kind::kPrefix:
      return text.starts_with(pattern.substr(0, fixed_size_));
    case Kind::kSuffix:
      return text.ends_with(pattern.substr(1));
    case Kind::kFolder:
      return text.starts_with(pattern.substr(0, fixed_size_)) &&
             (text.size() == fixed_size_ || text[fixed_size_] == '/');
    case Kind::kName:
      return matches_wild(pattern, text);
    case Kind::kPath:
      return text[0] == '/' && matches_path(pattern, text);
  }
  return false;
}

std::string Glob::example() const {
  std::string text;
  for (std::size_t at = 0; at < pattern_.size(); ++at) {
    char octet = pattern_[at];
    if (octet == '*' && at > 0 && pattern_[at - 1] == '*') continue;
    text += octet == '*' || octet == '?' ? 'x' : octet;
  }
  return text;
}

}  // namespace agentos::policy
