// Writes a native document rule by rule, each under a comment, and gives it in canonical form.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lib/policy/policy.h"

namespace agentos::policy::importing {

// One rule: `keys` are in order, their values in YAML's flow style.
struct RuleText {
  std::string comment = {};  // one line; what it holds is made harmless
  std::string name = {};
  std::vector<std::pair<std::string, std::string>> keys = {};

  void text(std::string key, std::string_view value);                   // a string
  void texts(std::string key, const std::vector<std::string>& values);  // a list of strings
  void number(std::string key, std::int64_t value);
  void sentence(std::string key, std::string_view value);  // a string, cut to what a sentence may have
};

// Whether `sentence` has to cut it.
bool is_cut(std::string_view sentence);
// A text in YAML's flow style.
std::string flow_text(std::string_view text);
// On one line, without what could end a comment or mislead.
std::string on_one_line(std::string_view text);
// "name", with what it is made of: quotes, escapes.
std::string quoted(std::string_view text);

// Names that documents and rules may have, each given once.
class Names {
 public:
  // The letters of `wanted` that a name may have, others as '-'; with a number where it was given before.
  std::string take(std::string_view wanted, std::string_view otherwise);

 private:
  std::set<std::string, std::less<>> taken_;
};

struct DocumentText {
  std::string comment = {};  // lines
  std::string name = {};
  std::string summary = {};
  std::string combining = {};  // empty: the default
  std::vector<RuleText> rules = {};
};

// The document, in canonical form. kInternal when it does not compile, which says what is wrong with it.
Result<std::string> write_policy(const DocumentText& document, const Vocabulary& vocabulary);
// Why a rule on its own does not compile; empty when it does.
std::string problem_with(const RuleText& rule, const Vocabulary& vocabulary);

}  // namespace agentos::policy::importing
