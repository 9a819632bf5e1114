// Both globs become automata over the characters they name, one character for all others, and walk together.
#include "lib/policy/tools/glob_relation.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <queue>
#include <set>

#include "lib/policy/tools/bounds.h"

namespace agentos::policy::tools {
namespace {

using Symbol = std::uint32_t;  // the octets of one character
using States = std::vector<std::uint16_t>;

constexpr Symbol kOther = 0xffffffff;  // a character neither glob names
constexpr Symbol kSlash = '/';

class Automaton {
 public:
  Automaton(std::string_view pattern, Glob::Style style) {
    const std::uint16_t start = add_state();
    if (style == Glob::Style::kPath) {
      path(pattern, start);
    } else {
      accept(piece(pattern, start, false));
    }
  }

  States start() const { return closed({0}); }
  bool accepts(const States& states) const {
    return std::ranges::any_of(states, [&](std::uint16_t state) { return accepting_[state]; });
  }
  States step(const States& from, Symbol symbol) const {
    States to;
    for (const std::uint16_t state : from) {
      for (const Edge& edge : edges_[state]) {
        const bool taken = edge.what == What::kOne   ? edge.symbol == symbol
                           : edge.what == What::kAny ? true
                                                     : symbol != kSlash;
        if (edge.what != What::kNothing && taken) to.push_back(edge.to);
      }
    }
    return closed(std::move(to));
  }
  const std::set<Symbol>& symbols() const { return symbols_; }

 private:
  enum class What : std::uint8_t { kNothing, kOne, kAny, kNotSlash };
  struct Edge {
    What what;
    Symbol symbol;
    std::uint16_t to;
  };

  std::uint16_t add_state() {
    edges_.emplace_back();
    accepting_.push_back(false);
    return static_cast<std::uint16_t>(edges_.size() - 1);
  }
  void accept(std::uint16_t state) { accepting_[state] = true; }
  std::uint16_t edge(std::uint16_t from, What what, Symbol symbol = 0) {
    const std::uint16_t to = add_state();
    edges_[from].push_back({what, symbol, to});
    if (what == What::kOne) symbols_.insert(symbol);
    return to;
  }

  // '*', '?' and characters from `from` on; the state behind them.
  std::uint16_t piece(std::string_view text, std::uint16_t from, bool in_path) {
    const What any = in_path ? What::kNotSlash : What::kAny;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '*') {
        const std::uint16_t loop = edge(from, What::kNothing);
        edges_[loop].push_back({any, 0, loop});
        from = loop;
        ++at;
        continue;
      }
      if (text[at] == '?') {
        from = edge(from, any);
        ++at;
        continue;
      }
      Symbol symbol = static_cast<unsigned char>(text[at++]);
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) {
        symbol = symbol << 8 | static_cast<unsigned char>(text[at++]);
      }
      from = edge(from, What::kOne, symbol);
    }
    return from;
  }

  void path(std::string_view pattern, std::uint16_t state) {
    bool all_folders = true;  // the root has no component: it matches when every one of them is "**"
    for (std::size_t at = 1; at < pattern.size();) {
      const std::size_t end = std::min(pattern.find('/', at), pattern.size());
      const std::string_view component = pattern.substr(at, end - at);
      if (component == "**") {
        const std::uint16_t here = edge(state, What::kNothing);
        const std::uint16_t inside = edge(edge(here, What::kOne, kSlash), What::kNotSlash);
        edges_[inside].push_back({What::kNotSlash, 0, inside});
        edges_[inside].push_back({What::kNothing, 0, here});
        state = here;
      } else {
        all_folders = false;
        state = edge(state, What::kOne, kSlash);
        // A component is never empty, also when it is only a star.
        if (component.find_first_not_of('*') == std::string_view::npos) state = edge(state, What::kNotSlash);
        state = piece(component, state, true);
      }
      at = end + 1;
    }
    if (all_folders) accept(edge(0, What::kOne, kSlash));
    if (pattern != "/") accept(state);
  }

  States closed(States states) const {
    for (std::size_t i = 0; i < states.size(); ++i) {
      for (const Edge& edge : edges_[states[i]]) {
        if (edge.what == What::kNothing && std::ranges::find(states, edge.to) == states.end()) {
          states.push_back(edge.to);
        }
      }
    }
    std::ranges::sort(states);
    states.erase(std::ranges::unique(states).begin(), states.end());
    return states;
  }

  std::vector<std::vector<Edge>> edges_;
  std::vector<bool> accepting_;
  std::set<Symbol> symbols_;
};

enum class Answer : std::uint8_t { kYes, kNo, kUnknown };

// Whether some text is accepted by `a` and, as `wanted` says, accepted or not accepted by `b`.
Answer some_text(const Automaton& a, const Automaton& b, bool wanted) {
  std::set<Symbol> symbols = a.symbols();
  symbols.insert(b.symbols().begin(), b.symbols().end());
  symbols.insert({kSlash, kOther});
  using Pair = std::pair<States, States>;
  std::set<Pair> seen;
  std::queue<Pair> open;
  open.emplace(a.start(), b.start());
  seen.insert(open.front());
  bool first = true;  // the empty text matches nothing
  while (!open.empty()) {
    const Pair at = std::move(open.front());
    open.pop();
    if (!first && a.accepts(at.first) && b.accepts(at.second) == wanted) return Answer::kYes;
    first = false;
    for (const Symbol symbol : symbols) {
      Pair next(a.step(at.first, symbol), b.step(at.second, symbol));
      if (next.first.empty() || (wanted && next.second.empty())) continue;
      if (!seen.insert(next).second) continue;
      if (seen.size() > kGlobStatesMax) return Answer::kUnknown;
      open.push(std::move(next));
    }
  }
  return Answer::kNo;
}

}  // namespace

bool covers(const Glob& wide, const Glob& narrow, Glob::Style style) {
  if (narrow.is_literal()) return wide.matches(narrow.pattern());
  if (wide.pattern() == narrow.pattern()) return true;
  return some_text(Automaton(narrow.pattern(), style), Automaton(wide.pattern(), style), false) == Answer::kNo;
}

bool may_meet(const Glob& a, const Glob& b, Glob::Style style) {
  if (a.is_literal()) return b.matches(a.pattern());
  if (b.is_literal()) return a.matches(b.pattern());
  return some_text(Automaton(a.pattern(), style), Automaton(b.pattern(), style), true) != Answer::kNo;
}

bool covers(const std::vector<Glob>& wide, const std::vector<Glob>& narrow, Glob::Style style) {
  if (wide.empty()) return true;
  if (narrow.empty()) {
    return std::ranges::any_of(wide, [](const Glob& glob) { return glob.pattern() == "*" || glob.pattern() == "/**"; });
  }
  return std::ranges::all_of(narrow, [&](const Glob& one) {
    return std::ranges::any_of(wide, [&](const Glob& other) { return covers(other, one, style); });
  });
}

bool may_meet(const std::vector<Glob>& a, const std::vector<Glob>& b, Glob::Style style) {
  if (a.empty() || b.empty()) return true;
  return std::ranges::any_of(a, [&](const Glob& one) {
    return std::ranges::any_of(b, [&](const Glob& other) { return may_meet(one, other, style); });
  });
}

}  // namespace agentos::policy::tools
