// Walking a value with the path of names that leads to each member.
#include "lib/policy/redaction.h"

#include <algorithm>
#include <map>

namespace agentos::policy {
namespace {

constexpr int kRedactionDepthMax = 64;  // deeper values are replaced as a whole

using Names = std::map<std::string, int, std::less<>>;  // and how many would have the same

// `name`, or the first of it with a number that is not taken.
std::string distinct(std::string name, Names& taken) {
  for (int& times = taken[name];;) {
    if (++times == 1) return name;
    std::string numbered = name + " " + std::to_string(times);
    if (taken.emplace(numbered, 1).second) return numbered;
  }
}

}  // namespace

Result<Redaction> Redaction::compile(RedactionSpec spec) {
  if (spec.members.empty() && spec.pattern.empty()) {
    return fail(ErrorCode::kInvalidArgument, "nothing says what is redacted",
                "add members: [...] or matching: \"...\"");
  }
  Redaction made;
  if (!spec.pattern.empty()) {
    auto pattern = regex::Pattern::compile(spec.pattern);
    if (!pattern) return fail(ErrorCode::kInvalidArgument, pattern.error().message, pattern.error().hint);
    made.pattern_ = std::make_shared<const regex::Pattern>(std::move(*pattern));
  }
  made.spec_ = std::move(spec);
  return made;
}

std::size_t Redaction::apply(std::string& text) const {
  if (pattern_ == nullptr) return 0;
  std::string out;
  std::size_t count = 0, at = 0;
  while (at <= text.size()) {
    const auto found = pattern_->find(text, at);
    if (!found) break;
    out.append(text, at, found->begin - at);
    if (found->end == found->begin) {  // an empty match hides nothing
      if (found->begin == text.size()) break;
      out += text[found->begin];
      at = found->begin + 1;
      continue;
    }
    out += spec_.with;
    at = found->end;
    ++count;
  }
  if (count == 0) return 0;
  if (at < text.size()) out.append(text, at);
  text = std::move(out);
  return count;
}

std::size_t Redaction::apply(json::Value& value) const { return apply_at(value, {}, 0); }

// Names can hold what is to be hidden as well as values can; two that become the same are told apart by a number.
std::size_t Redaction::apply_to_names(json::Object& object) const {
  if (pattern_ == nullptr) return 0;
  std::vector<std::string> names;
  Names taken;
  std::size_t count = 0;
  for (const auto& [name, member] : object) {
    const std::size_t replaced = apply(names.emplace_back(name));
    if (replaced == 0) taken.emplace(name, 1);
    count += replaced;
  }
  if (count == 0) return 0;
  std::vector<json::Object::Member> members;
  std::size_t place = 0;
  for (auto& [name, member] : object) {
    std::string& shown = names[place++];
    if (shown != name) shown = distinct(std::move(shown), taken);
    members.emplace_back(std::move(shown), std::move(member));
  }
  object = json::Object(std::move(members));
  return count;
}

std::size_t Redaction::apply_at(json::Value& value, const std::string& path, int depth) const {
  if (depth > kRedactionDepthMax) {
    value = spec_.with;
    return 1;
  }
  std::size_t count = 0;
  if (value.is_string()) return apply(value.as_string());
  if (value.is_array()) {
    for (json::Value& element : value.as_array()) count += apply_at(element, path, depth + 1);
    return count;
  }
  if (!value.is_object()) return 0;
  if (depth > 0) count += apply_to_names(value.as_object());  // those of the whole are the reply's own
  for (auto& [name, member] : value.as_object()) {
    const std::string own = path.empty() ? name : path + "." + name;
    if (std::ranges::find(spec_.members, name) != spec_.members.end() ||
        std::ranges::find(spec_.members, own) != spec_.members.end()) {
      member = spec_.with;
      ++count;
    } else {
      count += apply_at(member, own, depth + 1);
    }
  }
  return count;
}

}  // namespace agentos::policy
