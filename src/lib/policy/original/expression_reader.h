// The state of reading one Python pattern; expression_reader.cc reads structure, expression_characters.cc characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/policy/original/expression.h"

namespace agentos::policy::original {

class ExpressionReader {
 public:
  explicit ExpressionReader(std::string_view text) : text_(text) {}
  Result<Expression> read();

 private:
  struct Flags {
    bool any_case = false;
    bool lines = false;
    bool dot_is_any = false;
    bool ascii = false;
  };
  // One end of a range, or a class of its own.
  struct Member {
    std::uint32_t code_point = 0;
    std::optional<CharacterSet::Class> named = {};
  };

  Status global_flags();
  Status set_flag(Flags& flags, char letter, bool on) const;
  Result<Expression> alternatives(std::size_t depth);
  Result<Expression> sequence(std::size_t depth);
  Result<bool> comment();
  bool quantifier(int& least, int& most);
  Status repeat(Expression& part);
  Result<Expression> atom(std::size_t depth);
  Result<Expression> group(std::size_t depth);
  Status group_kind(std::size_t begin);
  Status scoped_flags(std::size_t begin);
  Expression literal_of(std::uint32_t code_point) const;
  Expression set_of(CharacterSet set) const;

  Result<Expression> character_class();
  Result<Member> member(std::size_t begin);
  Result<Expression> escape();
  Result<std::uint32_t> escaped_code_point(std::size_t begin);
  Result<std::uint32_t> hexadecimal(std::size_t begin, std::size_t digits);
  void add_range(Range range, CharacterSet& set) const;

  std::unexpected<Error> refuse(std::size_t at, std::string_view what, std::string hint = {}) const;
  bool at_end() const { return at_ >= text_.size(); }
  std::string_view rest() const { return text_.substr(at_); }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Flags flags_;
  std::vector<std::string_view> names_;
};

}  // namespace agentos::policy::original
