// parse(): Boost.JSON's incremental parser does the grammar; the builder below holds it to the stricter contract of
// value.h. This is the only file that sees Boost. Values are gathered on one flat stack, so that every array and
// object is allocated once at its exact size.
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <exception>
#include <optional>

#include "base/json/value.h"

namespace agentos::json {
namespace {

namespace bj = boost::json;

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
constexpr std::size_t kPairwiseMax = 16;        // up to here comparing all pairs beats sorting
constexpr std::size_t kStackReserved = 48;      // values open at once in nearly every message
constexpr std::size_t kQuotedKeyBytesMax = 64;  // of a key shown in a message

struct Problem {
  ErrorCode code;
  std::string message;
  std::string hint;
  std::size_t offset = kNowhere;  // octet; nowhere means where the parser stopped
};

class Builder {
 public:
  static constexpr std::size_t max_array_size = kNowhere;
  static constexpr std::size_t max_object_size = kNowhere;
  static constexpr std::size_t max_string_size = kNowhere;
  static constexpr std::size_t max_key_size = kNowhere;

  Builder(std::string_view text, const ParseLimits& limits) : text_(text), limits_(limits) {
    stack_.reserve(kStackReserved);
  }

  Value take() { return std::move(stack_.front().value); }
  std::optional<Problem>& problem() { return problem_; }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code& ec) { return open(ec); }
  bool on_object_begin(bj::error_code& ec) { return open(ec); }
  bool on_array_end(std::size_t size, bj::error_code&);
  bool on_object_end(std::size_t size, bj::error_code& ec);

  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) {
    pending_.append(part.data(), part.size());
    return true;
  }
  bool on_string(bj::string_view rest, std::size_t, bj::error_code& ec) {
    if (pending_.empty()) return push(Value(std::string(rest.data(), rest.size())), ec);
    pending_.append(rest.data(), rest.size());
    const bool pushed = push(Value(std::move(pending_)), ec);
    pending_.clear();
    return pushed;
  }
  bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) {
    if (key_.empty()) key_offset_ = offset_of(part);
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(bj::string_view rest, std::size_t, bj::error_code&) {
    if (key_.empty()) {
      key_offset_ = offset_of(rest);
      key_.assign(rest.data(), rest.size());
    } else {
      key_.append(rest.data(), rest.size());
    }
    return true;
  }

  bool on_number_part(bj::string_view, bj::error_code&) { return true; }  // only for split input; ours is whole
  bool on_int64(std::int64_t number, bj::string_view, bj::error_code& ec) { return push(Value(number), ec); }
  bool on_uint64(std::uint64_t, bj::string_view digits, bj::error_code& ec) { return refuse_integer(digits, ec); }
  bool on_double(double approximate, bj::string_view digits, bj::error_code& ec);
  bool on_bool(bool value, bj::error_code& ec) { return push(Value(value), ec); }
  bool on_null(bj::error_code& ec) { return push(Value(), ec); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

 private:
  struct Slot {
    std::string key;
    std::size_t key_offset;
    Value value;
  };

  bool refuse(bj::error_code& ec, Problem problem) {
    problem_ = std::move(problem);
    ec = bj::error::exception;
    return false;
  }
  bool refuse_integer(bj::string_view digits, bj::error_code& ec) {
    return refuse(ec, {ErrorCode::kMalformed, "integer out of range (64 bits with sign)",
                       "write it as a string, or with an exponent to get a floating-point number", offset_of(digits)});
  }
  bool push(Value value, bj::error_code& ec) {
    if (++values_ > limits_.values_max) [[unlikely]] {
      return refuse(ec, {ErrorCode::kTooLarge, "more than " + std::to_string(limits_.values_max) + " values", {}});
    }
    stack_.emplace_back(std::move(key_), key_offset_, std::move(value));
    key_.clear();
    return true;
  }
  bool open(bj::error_code& ec) {
    if (++depth_ > limits_.depth_max) {
      return refuse(ec, {ErrorCode::kTooLarge, "nested deeper than " + std::to_string(limits_.depth_max), {}});
    }
    return push(Value(), ec);
  }
  std::size_t offset_of(bj::string_view part) const {
    const std::less<const char*> before;
    if (before(part.data(), text_.data()) || !before(part.data(), text_.data() + text_.size())) return kNowhere;
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  const Slot* duplicate_in(std::size_t first) const;

  std::string_view text_;
  const ParseLimits& limits_;
  std::vector<Slot> stack_;
  std::string key_;
  std::string pending_;
  std::size_t key_offset_ = kNowhere;
  std::size_t values_ = 0;
  std::size_t depth_ = 0;
  std::optional<Problem> problem_;
};

bool Builder::on_array_end(std::size_t size, bj::error_code&) {
  const std::size_t first = stack_.size() - size;
  Array array;
  array.reserve(size);
  for (std::size_t i = first; i < stack_.size(); ++i) array.push_back(std::move(stack_[i].value));
  stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.back().value = Value(std::move(array));
  --depth_;
  return true;
}

bool Builder::on_object_end(std::size_t size, bj::error_code& ec) {
  const std::size_t first = stack_.size() - size;
  if (const Slot* again = duplicate_in(first)) {
    std::string key = again->key.size() <= kQuotedKeyBytesMax ? again->key : again->key.substr(0, kQuotedKeyBytesMax);
    return refuse(ec, {ErrorCode::kMalformed, "duplicate key \"" + to_valid_utf8(key) + "\"", {}, again->key_offset});
  }
  std::vector<Object::Member> members;
  members.reserve(size);
  for (std::size_t i = first; i < stack_.size(); ++i) {
    members.emplace_back(std::move(stack_[i].key), std::move(stack_[i].value));
  }
  stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.back().value = Value(Object(std::move(members)));
  --depth_;
  return true;
}

// The second of two slots with one key, or nullptr.
const Builder::Slot* Builder::duplicate_in(std::size_t first) const {
  const std::size_t size = stack_.size() - first;
  const Slot* slots = stack_.data() + first;
  if (size <= kPairwiseMax) {
    for (std::size_t i = 1; i < size; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (slots[i].key == slots[j].key) return &slots[i];
      }
    }
    return nullptr;
  }
  std::vector<const Slot*> sorted(size);
  for (std::size_t i = 0; i < size; ++i) sorted[i] = slots + i;
  std::sort(sorted.begin(), sorted.end(), [](const Slot* a, const Slot* b) {
    const int order = a->key.compare(b->key);
    return order != 0 ? order < 0 : a < b;
  });
  const auto twice =
      std::adjacent_find(sorted.begin(), sorted.end(), [](const Slot* a, const Slot* b) { return a->key == b->key; });
  return twice == sorted.end() ? nullptr : twice[1];
}

// Boost's own double may be off by one unit in the last place, so the digits are read again.
bool Builder::on_double(double approximate, bj::string_view digits, bj::error_code& ec) {
  const std::string_view text(digits.data(), digits.size());
  if (text.find_first_of(".eE") == std::string_view::npos) return refuse_integer(digits, ec);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) {
    if (std::fabs(approximate) > 1) {
      return refuse(ec, {ErrorCode::kMalformed, "number out of range", {}, offset_of(digits)});
    }
    number = std::signbit(approximate) ? -0.0 : 0.0;  // too small to tell from zero
  } else if (error != std::errc() || end != text.data() + text.size()) {
    return refuse(ec, {ErrorCode::kMalformed, "malformed number", {}, offset_of(digits)});
  }
  return push(Value(number), ec);
}

std::string describe(const bj::error_code& ec) {
  switch (static_cast<bj::error>(ec.value())) {
    case bj::error::incomplete:
      return "the text ends before the value does";
    case bj::error::exponent_overflow:
      return "number out of range";
    case bj::error::expected_hex_digit:
      return "expected four hexadecimal digits after \\u";
    case bj::error::illegal_leading_surrogate:
    case bj::error::illegal_trailing_surrogate:
      return "unpaired surrogate escape";
    default:
      return {};
  }
}

// What a person needs to know about octet `offset`, which the grammar does not allow there.
std::string describe_octet(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return "the text ends before the value does";
  const auto octet = static_cast<unsigned char>(text[offset]);
  if (octet >= 0x80) return "invalid UTF-8, or a character that JSON does not allow here";
  if (octet < 0x20) return "a control character that JSON does not allow here";
  return std::string("unexpected character '") + text[offset] + "'";
}

std::unexpected<Error> fail_at_offset(std::string_view text, std::size_t offset, Problem problem) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : text.substr(0, std::min(offset, text.size()))) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column;
    }
  }
  return fail(problem.code, std::to_string(line) + ":" + std::to_string(column) + ": " + problem.message,
              std::move(problem.hint));
}

}  // namespace

Result<Value> parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::kTooLarge, "1:1: " + std::to_string(text.size()) + " bytes of JSON, at most " +
                                          std::to_string(limits.bytes_max) + " are allowed");
  }
  try {
    bj::parse_options options;
    options.max_depth = limits.depth_max + 1;  // the builder stops one level earlier, with a better message
    bj::basic_parser<Builder> parser(options, text, limits);
    bj::error_code ec;
    const std::size_t stopped = parser.write_some(false, text.data(), text.size(), ec);
    if (ec) {
      if (auto& problem = parser.handler().problem()) {
        const std::size_t offset = problem->offset == kNowhere ? stopped : problem->offset;
        return fail_at_offset(text, offset, std::move(*problem));
      }
      std::string message = describe(ec);
      if (message.empty()) message = describe_octet(text, stopped);
      return fail_at_offset(text, stopped, {ErrorCode::kMalformed, std::move(message), {}});
    }
    if (stopped < text.size()) {
      return fail_at_offset(text, stopped, {ErrorCode::kMalformed, "bytes after the value", {}});
    }
    return parser.handler().take();
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kTooLarge, std::string("1:1: JSON could not be read: ") + exception.what());
  }
}

}  // namespace agentos::json
