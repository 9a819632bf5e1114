// Kinds, bounds and words of YAML nodes, each with the one sentence that says how to mend them.
#include "lib/policy/node_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

using Kind = yaml::Node::Kind;

std::string with_article(Kind kind) {
  yaml::Node node;
  node.kind = kind;
  return fmt::format("{} {}", kind == Kind::kInt ? "an" : "a", node.kind_name());
}

}  // namespace

std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view near = yaml::nearest(word, candidates);
  if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
  return fmt::format("one of: {}", fmt::join(candidates, ", "));
}

void Complaints::add(yaml::Mark mark, std::string message, std::string hint) {
  const bool earlier = mark.line < mark_.line || (mark.line == mark_.line && mark.column < mark_.column);
  if (count_++ > 0 && !earlier) return;
  mark_ = mark;
  message_ = std::move(message);
  hint_ = std::move(hint);
}

std::unexpected<Error> Complaints::first() const {
  std::string message = message_;
  if (count_ > 1) message += fmt::format(" (and {} more {})", count_ - 1, count_ == 2 ? "error" : "errors");
  auto error = yaml::fail_at(file_, mark_, message, hint_);
  Error copy = error.error();
  copy.code = ErrorCode::kInvalidArgument;
  return std::unexpected<Error>(std::move(copy));
}

void NodeReader::only_keys(const yaml::Node& mapping, std::string_view where,
                           const std::vector<std::string_view>& known) {
  for (const auto& entry : mapping.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    if (entry.key == "calls" && std::ranges::find(known, "syscalls") != known.end()) {
      complaints_.add(entry.mark, fmt::format("unknown key \"calls\" in {}", where), "did you mean \"syscalls\"?");
    } else {
      complaints_.add(entry.mark, fmt::format("unknown key \"{}\" in {}", entry.key, where), suggest(entry.key, known));
    }
  }
}

const yaml::Node* NodeReader::mapping(const yaml::Node& parent, std::string_view key, std::string_view where) {
  const yaml::Node* node = parent.find(key);
  if (node == nullptr) {
    complaints_.add(parent.mark, fmt::format("{} has no \"{}\"", where, key), fmt::format("add \"{}:\"", key));
    return nullptr;
  }
  return is(*node, Kind::kMapping, key) ? node : nullptr;
}

const yaml::Node* NodeReader::list(const yaml::Node& parent, std::string_view key, std::string_view where) {
  const yaml::Node* node = parent.find(key);
  if (node == nullptr) {
    complaints_.add(parent.mark, fmt::format("{} has no \"{}\"", where, key), fmt::format("add \"{}: [...]\"", key));
    return nullptr;
  }
  return is(*node, Kind::kSequence, key) ? node : nullptr;
}

bool NodeReader::is(const yaml::Node& node, Kind kind, std::string_view what) {
  if (node.kind == kind) return true;
  std::string hint;
  if (kind == Kind::kSequence && node.kind == Kind::kString) hint = fmt::format("write [\"{}\"]", node.text);
  if (kind == Kind::kString && node.kind != Kind::kMapping && node.kind != Kind::kSequence) {
    hint = fmt::format("write it in quotes: \"{}\"", node.text);
  }
  complaints_.add(node.mark,
                  fmt::format("\"{}\" must be {}, not {}", what, with_article(kind), with_article(node.kind)),
                  std::move(hint));
  return false;
}

std::string NodeReader::text(const yaml::Node& node, std::string_view what, std::size_t bytes_max) {
  if (!is(node, Kind::kString, what)) return {};
  if (node.text.empty()) {
    complaints_.add(node.mark, fmt::format("\"{}\" is empty", what), "leave the key out, or write something");
    return {};
  }
  if (node.text.size() > bytes_max) {
    complaints_.add(node.mark, fmt::format("\"{}\" of {} octets is too long", what, node.text.size()),
                    fmt::format("at most {}", bytes_max));
    return {};
  }
  return node.text;
}

std::string NodeReader::name(const yaml::Node& node, std::string_view what) {
  std::string name = text(node, what, kNameBytesMax);
  for (char c : name) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (allowed) continue;
    complaints_.add(node.mark, fmt::format("\"{}\" has characters a name cannot have", what),
                    "letters, digits, '.', '_' and '-'");
    return {};
  }
  return name;
}

std::int64_t NodeReader::integer(const yaml::Node& node, std::string_view what, std::int64_t least, std::int64_t most) {
  if (node.kind != Kind::kInt) {
    is(node, Kind::kInt, what);
    return least;
  }
  if (node.integer < least || node.integer > most) {
    complaints_.add(node.mark, fmt::format("\"{}\" is out of range: {}", what, node.integer),
                    fmt::format("{} to {}", least, most));
    return least;
  }
  return node.integer;
}

std::int64_t NodeReader::duration_ms(const yaml::Node& node, std::string_view what, std::int64_t least,
                                     std::int64_t most) {
  if (!is(node, Kind::kString, what)) return least;
  struct Unit {
    std::string_view suffix;
    std::int64_t ms;
  };
  constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  std::int64_t amount = 0;
  const char* end = node.text.data() + node.text.size();
  auto [stop, error] = std::from_chars(node.text.data(), end, amount);
  std::string_view suffix(stop, static_cast<std::size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (error != std::errc() || suffix != unit.suffix || amount < 0) continue;
    if (amount > most / unit.ms || amount * unit.ms < least) {
      complaints_.add(node.mark, fmt::format("\"{}\" is out of range: {}", what, node.text),
                      fmt::format("{} s to {} s", least / 1000, most / 1000));
      return least;
    }
    return amount * unit.ms;
  }
  complaints_.add(node.mark, fmt::format("\"{}\" is not a duration: {}", what, node.text),
                  "a whole number and a unit: 500ms, 30s, 5m, 2h, 1d");
  return least;
}

int NodeReader::word(const yaml::Node& node, std::string_view what, const std::vector<std::string_view>& words) {
  if (!is(node, Kind::kString, what)) return -1;
  auto found = std::ranges::find(words, node.text);
  if (found != words.end()) return static_cast<int>(found - words.begin());
  complaints_.add(node.mark, fmt::format("unknown {} \"{}\"", what, node.text), suggest(node.text, words));
  return -1;
}

std::vector<const yaml::Node*> NodeReader::strings(const yaml::Node& node, std::string_view what) {
  std::vector<const yaml::Node*> found;
  if (!is(node, Kind::kSequence, what)) return found;
  if (node.items.empty()) {
    complaints_.add(node.mark, fmt::format("\"{}\" is an empty list, which nothing matches", what),
                    "leave the key out to match anything");
  }
  if (node.items.size() > kPatternsMax) {
    complaints_.add(node.mark, fmt::format("\"{}\" has {} entries", what, node.items.size()),
                    fmt::format("at most {}; split the rule", kPatternsMax));
    return found;
  }
  for (const yaml::Node& item : node.items) {
    if (is(item, Kind::kString, fmt::format("an entry of {}", what))) found.push_back(&item);
  }
  return found;
}

std::vector<Glob> NodeReader::globs(const yaml::Node& node, std::string_view what, Glob::Style style) {
  std::vector<Glob> globs;
  for (const yaml::Node* item : strings(node, what)) {
    Result<Glob> glob = Glob::compile(item->text, style);
    if (glob) {
      globs.push_back(std::move(*glob));
    } else {
      complaints_.add(item->mark, fmt::format("{}: {}", what, glob.error().message), glob.error().hint);
    }
  }
  return globs;
}

}  // namespace agentos::policy
