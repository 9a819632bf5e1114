// Nodes once they are read: lookup, conversion to JSON, messages with a position, and spelling suggestions.
#include "base/yaml/document.h"

#include <algorithm>
#include <array>

namespace agentos::yaml {

namespace {

constexpr std::size_t kWordMax = 64;  // longer words get no suggestion

// Edit distance with swaps of neighbours; both words are at most kWordMax long.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kWordMax + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

const char* Node::kind_name() const {
  static constexpr const char* kNames[] = {"null", "boolean", "integer", "number", "string", "list", "mapping"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::unexpected<Error> fail_at(std::string_view file, Mark mark, std::string_view message, std::string hint) {
  std::string text(file);
  text += ':';
  text += std::to_string(mark.line);
  text += ':';
  text += std::to_string(mark.column);
  text += ": ";
  text += message;
  return fail(ErrorCode::kMalformed, std::move(text), std::move(hint));
}

json::Value to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return {};
    case Node::Kind::kBool:
      return node.boolean;
    case Node::Kind::kInt:
      return node.integer;
    case Node::Kind::kDouble:
      return node.number;
    case Node::Kind::kString:
      return node.text;
    case Node::Kind::kSequence: {
      json::Array array;
      array.reserve(node.items.size());
      for (const Node& item : node.items) array.push_back(to_json(item));
      return array;
    }
    case Node::Kind::kMapping: {
      std::vector<json::Object::Member> members;
      members.reserve(node.entries.size());
      for (const Node::Entry& entry : node.entries) members.emplace_back(entry.key, to_json(entry.value));
      return json::Object(std::move(members));
    }
  }
  return {};
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kWordMax) return {};
  const std::size_t near = std::max<std::size_t>(2, word.size() / 3);
  std::string_view best;
  std::size_t best_distance = std::min(near + 1, word.size());  // never replace every letter
  for (std::string_view candidate : candidates) {
    const std::size_t difference =
        candidate.size() > word.size() ? candidate.size() - word.size() : word.size() - candidate.size();
    if (candidate.size() > kWordMax || difference >= best_distance) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace agentos::yaml
