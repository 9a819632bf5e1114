// One expression: compiled once and within its bound, matched without captures, so that RE2 uses its fastest engines.
#include "base/regex/pattern.h"

#include "base/regex/engine.h"

namespace agentos::regex {

namespace {
re2::StringPiece piece_of(std::string_view text) { return {text.data(), text.size()}; }
}  // namespace

struct Pattern::Compiled {
  Compiled(std::string_view expression, const Options& options)
      : expression(piece_of(expression), engine_options(options, options.program_octets_max)) {}
  RE2 expression;
};

Pattern::Pattern(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(std::string_view expression, const Options& options) {
  TRY(check_length(expression, options));
  auto compiled = std::make_unique<const Compiled>(expression, options);
  if (!compiled->expression.ok()) return fail_refused(compiled->expression);
  return Pattern(std::move(compiled));
}

bool Pattern::search(std::string_view text) const {
  return compiled_->expression.Match(piece_of(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Pattern::full_match(std::string_view text) const {
  return compiled_->expression.Match(piece_of(text), 0, text.size(), RE2::ANCHOR_BOTH, nullptr, 0);
}

std::optional<Span> Pattern::find(std::string_view text, std::size_t from) const {
  if (from > text.size()) return std::nullopt;
  re2::StringPiece match;
  if (!compiled_->expression.Match(piece_of(text), from, text.size(), RE2::UNANCHORED, &match, 1)) return std::nullopt;
  const auto begin = static_cast<std::size_t>(match.data() - text.data());
  return Span{begin, begin + match.size()};
}

}  // namespace agentos::regex
