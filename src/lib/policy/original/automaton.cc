// Thompson's construction and a breadth-first run over it.
#include "lib/policy/original/automaton.h"

#include <algorithm>

#include "lib/policy/original/code_points.h"

namespace agentos::policy::original {

Result<Automaton> Automaton::compile(const Expression& expression) {
  Automaton automaton;
  TRY(automaton.add(expression));
  TRY(automaton.push({.op = Op::kMatch}));
  return automaton;
}

Result<std::uint32_t> Automaton::push(State state) {
  if (states_.size() == kAutomatonStatesMax) {
    return fail(ErrorCode::kTooLarge, "regular expression: too many states", "write fewer counted repetitions");
  }
  states_.push_back(state);
  return here() - 1;
}

// Every piece begins at here() and falls through to the state after it.
Status Automaton::add(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kEmpty:
      return {};
    case Expression::Kind::kSet:
      return add_set(expression.set);
    case Expression::Kind::kPlace:
      TRY(push({.op = Op::kPlace, .next = here() + 1, .place = expression.place}));
      return {};
    case Expression::Kind::kSequence:
      for (const Expression& part : expression.parts) TRY(add(part));
      return {};
    case Expression::Kind::kAlternatives:
      return add_alternatives(expression);
    case Expression::Kind::kRepetition:
      return add_repetition(expression);
  }
  return {};
}

Status Automaton::add_set(const CharacterSet& set) {
  const auto known = std::ranges::find(sets_, set);
  const auto test = static_cast<std::uint32_t>(known - sets_.begin());
  if (known == sets_.end()) {
    sets_.push_back(set);
    tests_.push_back(TRY(CharacterTest::compile(set)));
  }
  TRY(push({.op = Op::kSet, .next = here() + 1, .other = test}));
  return {};
}

Status Automaton::add_alternatives(const Expression& expression) {
  std::vector<std::uint32_t> ends;
  for (const Expression& part : expression.parts) {
    if (&part == &expression.parts.back()) {
      TRY(add(part));
      break;
    }
    const std::uint32_t split = TRY(push({.op = Op::kSplit, .next = here() + 1}));
    TRY(add(part));
    ends.push_back(TRY(push({.op = Op::kJump})));
    states_[split].other = here();
  }
  for (const std::uint32_t end : ends) states_[end].next = here();
  return {};
}

Status Automaton::add_repetition(const Expression& expression) {
  const Expression& part = expression.parts.front();
  for (int i = 0; i < expression.least; ++i) TRY(add(part));
  if (expression.most == Expression::kUnbounded) {
    const std::uint32_t split = TRY(push({.op = Op::kSplit, .next = here() + 1}));
    TRY(add(part));
    TRY(push({.op = Op::kJump, .next = split}));
    states_[split].other = here();
    return {};
  }
  std::vector<std::uint32_t> splits;
  for (int i = expression.least; i < expression.most; ++i) {
    splits.push_back(TRY(push({.op = Op::kSplit, .next = here() + 1})));
    TRY(add(part));
  }
  for (const std::uint32_t split : splits) states_[split].other = here();
  return {};
}

// One run over one text.
class AutomatonSearch {
 public:
  AutomatonSearch(const Automaton& automaton, std::string_view text)
      : automaton_(automaton), text_(text), seen_(automaton.states_.size(), 0) {}

  std::optional<bool> run() {
    std::vector<std::uint32_t> current;
    std::vector<std::uint32_t> next;
    std::uint32_t before = 0;
    for (std::size_t at = 0;;) {
      const bool last = at >= text_.size();
      const CodePoint here = last ? CodePoint{} : code_point_at(text_, at);
      position_ = {.at = at, .before = before, .after = here.value};
      ++round_;
      ready_.clear();
      for (const std::uint32_t state : current) reach(state);
      reach(0);
      if (matched_) return true;
      if (last) return false;
      steps_ += ready_.size() + 1;
      if (steps_ > kAutomatonStepsMax) return std::nullopt;
      next.clear();
      for (const std::uint32_t state : ready_) {
        const Automaton::State& set = automaton_.states_[state];
        if (automaton_.tests_[set.other].holds(here.value)) next.push_back(set.next);
      }
      std::swap(current, next);
      before = here.value;
      at += here.octets;
    }
  }

 private:
  struct Position {
    std::size_t at = 0;
    std::uint32_t before = 0;  // code points beside it, meaningless at the ends
    std::uint32_t after = 0;
  };

  // Follows what needs no character; what needs one becomes ready.
  void reach(std::uint32_t start) {
    stack_.push_back(start);
    while (!stack_.empty()) {
      const std::uint32_t state = stack_.back();
      stack_.pop_back();
      if (seen_[state] == round_) continue;
      seen_[state] = round_;
      const Automaton::State& step = automaton_.states_[state];
      switch (step.op) {
        case Automaton::Op::kMatch:
          matched_ = true;
          break;
        case Automaton::Op::kSet:
          ready_.push_back(state);
          break;
        case Automaton::Op::kPlace:
          if (stands(step.place)) stack_.push_back(step.next);
          break;
        case Automaton::Op::kSplit:
          stack_.push_back(step.other);
          [[fallthrough]];
        case Automaton::Op::kJump:
          stack_.push_back(step.next);
          break;
      }
    }
  }

  bool stands(Place place) const {
    const std::size_t at = position_.at;
    const bool begin = at == 0;
    const bool end = at == text_.size();
    const bool newline = !end && text_[at] == '\n';
    switch (place) {
      case Place::kTextBegin:
        return begin;
      case Place::kLineBegin:
        return begin || text_[at - 1] == '\n';
      case Place::kTextEnd:
        return end;
      case Place::kLineEnd:
        return end || newline;
      case Place::kFinalEnd:
        return end || (newline && at + 1 == text_.size());
      case Place::kBoundary:
      case Place::kAsciiBoundary:
        return !text_.empty() && boundary(place == Place::kAsciiBoundary);
      case Place::kNotBoundary:
      case Place::kNotAsciiBoundary:
        return !text_.empty() && !boundary(place == Place::kNotAsciiBoundary);
    }
    return false;
  }

  bool boundary(bool ascii) const {
    const auto word = [ascii](std::uint32_t c) { return !(ascii && c >= 0x80) && is_word(c); };
    const bool before = position_.at > 0 && word(position_.before);
    const bool after = position_.at < text_.size() && word(position_.after);
    return before != after;
  }

  const Automaton& automaton_;
  std::string_view text_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
  std::vector<std::uint32_t> ready_;
  std::vector<std::uint32_t> stack_;
  Position position_;
  std::size_t steps_ = 0;
  bool matched_ = false;
};

std::optional<bool> Automaton::search(std::string_view text) const { return AutomatonSearch(*this, text).run(); }

}  // namespace agentos::policy::original
