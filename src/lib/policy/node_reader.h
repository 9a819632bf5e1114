// Reading checked values out of a YAML node, collecting every complaint with its position; the first one is reported
// and the others are counted.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml/document.h"
#include "lib/policy/glob.h"

namespace agentos::policy {

class Complaints {
 public:
  explicit Complaints(std::string_view file) : file_(file) {}
  void add(yaml::Mark mark, std::string message, std::string hint = {});
  bool empty() const { return count_ == 0; }
  // The complaint that stands first in the file, as kInvalidArgument; precondition: not empty().
  std::unexpected<Error> first() const;

 private:
  std::string file_;
  std::size_t count_ = 0;
  yaml::Mark mark_;
  std::string message_;
  std::string hint_;
};

class NodeReader {
 public:
  explicit NodeReader(Complaints& complaints) : complaints_(complaints) {}

  // Complains about keys that are neither known nor absent; `where` reads "a rule", "spec".
  void only_keys(const yaml::Node& mapping, std::string_view where, const std::vector<std::string_view>& known);
  // nullptr, with a complaint, when absent or of another kind.
  const yaml::Node* mapping(const yaml::Node& parent, std::string_view key, std::string_view where);
  const yaml::Node* list(const yaml::Node& parent, std::string_view key, std::string_view where);
  bool is(const yaml::Node& node, yaml::Node::Kind kind, std::string_view what);

  // A string of 1 to bytes_max octets; empty after a complaint.
  std::string text(const yaml::Node& node, std::string_view what, std::size_t bytes_max);
  // A name: letters, digits, '.', '_' and '-'.
  std::string name(const yaml::Node& node, std::string_view what);
  std::int64_t integer(const yaml::Node& node, std::string_view what, std::int64_t least, std::int64_t most);
  // "500ms", "30s", "5m", "2h" in milliseconds.
  std::int64_t duration_ms(const yaml::Node& node, std::string_view what, std::int64_t least, std::int64_t most);
  // The index of the word in `words`, or -1 after a complaint with the nearest one.
  int word(const yaml::Node& node, std::string_view what, const std::vector<std::string_view>& words);
  // A list of 1 to kPatternsMax strings; the nodes that are strings.
  std::vector<const yaml::Node*> strings(const yaml::Node& node, std::string_view what);
  std::vector<Glob> globs(const yaml::Node& node, std::string_view what, Glob::Style style);

  Complaints& complaints() { return complaints_; }

 private:
  Complaints& complaints_;
};

// "did you mean \"x\"?" or "one of: a, b, c".
std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace agentos::policy
