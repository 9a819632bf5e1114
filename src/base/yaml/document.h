// A YAML 1.2 or JSON document as nodes that know where they stand, so that every message can say
// file:line:column. Strict: duplicate keys, unknown tags, anchors that loop and alias bombs are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::yaml {

struct Mark {
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1
};

struct Node {
  enum class Kind { kNull, kBool, kInt, kDouble, kString, kSequence, kMapping };
  struct Entry;  // key mark, key, value
  Kind kind = Kind::kNull;
  Mark mark;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;            // kString; for other scalars their source text
  bool literal = false;        // a string because of quotes, a block or a tag, not because nothing else fits
  std::vector<Node> items;     // kSequence
  std::vector<Entry> entries;  // kMapping, in document order

  const Node* find(std::string_view key) const;  // nullptr when absent or not a mapping
  const char* kind_name() const;                 // "null" "boolean" "integer" "number" "string" "list" "mapping"
};
struct Node::Entry {
  Mark mark;
  std::string key;
  Node value;
};

struct Limits {
  std::size_t bytes_max = 4 << 20;
  std::size_t depth_max = 64;
  std::size_t nodes_max = 500'000;  // after aliases are resolved
};

// `file` names the source in messages. Plain scalars follow the YAML 1.2 core schema (yes/no/on/off are
// strings; 0o17 and 0x1f are integers). kMalformed with "file:line:column: what". One document a file unless
// parse_all is used; an empty document is a null node.
Result<Node> parse(std::string_view text, std::string_view file, const Limits& limits = {});
Result<std::vector<Node>> parse_all(std::string_view text, std::string_view file, const Limits& limits = {});

// "file:line:column: message" as a kMalformed error.
std::unexpected<Error> fail_at(std::string_view file, Mark mark, std::string_view message, std::string hint = {});

// The same content as a JSON value; marks are lost.
json::Value to_json(const Node& node);

// The candidate nearest to `word` by edit distance when it is near enough to suggest, else empty.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace agentos::yaml
