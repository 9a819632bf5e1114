// One line a fact; everything that came from a document or request is made printable.
#include "apps/agentos/explanation.h"

#include <fmt/format.h>

namespace agentos::cli {
namespace {

std::string shown(const json::Value& value) {
  if (value.is_null()) return "-";
  return printable(value.is_string() ? value.as_string() : json::write(value));
}

std::string shown(const json::Value& object, std::string_view key) {
  const json::Value* found = object.find(key);
  return found == nullptr ? "-" : shown(*found);
}

void add_clauses(const json::Value& why, const Screen& screen, const std::string& indent, std::string& out) {
  const json::Value* clauses = why.find("clauses");
  if (clauses == nullptr || !clauses->is_array()) return;
  for (const json::Value& clause : clauses->as_array()) {
    const bool matched = clause.bool_or("matched", false);
    const std::string_view word = clause.find("error") != nullptr ? "error" : matched ? "true " : "false";
    out += fmt::format("{}  {} {} {} <- {}{}\n", indent, styled(screen, matched ? Style::kGood : Style::kBad, word),
                       shown(clause, "clause"), shown(clause, "pattern"), shown(clause, "actual"),
                       clause.find("error") != nullptr ? "; " + shown(clause, "error") : "");
  }
}

void add_change(const json::Value& change, const Screen& screen, const std::string& indent, std::string& out) {
  if (!change.is_object()) {
    out += fmt::format("{}smallest change: none found\n", indent);
    return;
  }
  const std::string kind = shown(change, "kind");
  const std::string_view verdict = change.string_or("verdict", "");
  out += fmt::format("{}smallest change ({}), then {} {}:\n", indent, kind,
                     styled(screen, style_of_verdict(verdict), printable(verdict)), shown(change, "rule"));
  if (kind == "approval") {
    out += fmt::format("{}  an approval by {}\n", indent, shown(change, "approvers"));
    return;
  }
  if (kind == "grant") {
    std::string_view text = change.string_or("document", "");
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      out += fmt::format("{}  {}\n", indent, printable(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return;
  }
  const json::Value* changes = change.find("changes");
  if (changes == nullptr) return;
  for (const json::Value& one : changes->as_array()) {
    out += fmt::format("{}  {}: {} -> {}\n", indent, shown(one, "what"), shown(one, "from"), shown(one, "to"));
  }
}

}  // namespace

Style style_of_verdict(std::string_view verdict) {
  return verdict == "allow" ? Style::kGood : verdict == "ask" ? Style::kWarn : Style::kBad;
}

std::string explanation_text(const json::Value& why, const Screen& screen, const std::string& indent) {
  const std::string_view verdict = why.string_or("verdict", "");
  std::string out = fmt::format("{}{} by {}", indent, styled(screen, style_of_verdict(verdict), printable(verdict)),
                                shown(why, "rule"));
  if (why.find("at") != nullptr && !why.find("at")->is_null()) out += fmt::format(" ({})", shown(why, "at"));
  out += "\n" + fmt::format("{}reason: {}\n", indent, shown(why, "reason"));
  if (why.find("message") != nullptr && !why.find("message")->is_null()) {
    out += fmt::format("{}message: {}\n", indent, shown(why, "message"));
  }
  const json::Value* obligations = why.find("obligations");
  if (obligations != nullptr && obligations->is_array() && !obligations->as_array().empty()) {
    out += fmt::format("{}obligations: {}\n", indent, shown(*obligations));
  }
  if (const json::Value* clauses = why.find("clauses"); clauses != nullptr && !clauses->as_array().empty()) {
    out += fmt::format("{}clauses:\n", indent);
    add_clauses(why, screen, indent, out);
  }
  const json::Value* also = why.find("also_matched");
  if (also != nullptr && also->is_array() && !also->as_array().empty()) {
    out += fmt::format("{}also matched:\n", indent);
    for (const json::Value& one : also->as_array()) {
      out += fmt::format("{}  {} {} ({})\n", indent, shown(one, "action"), shown(one, "rule"), shown(one, "at"));
    }
  }
  if (const json::Value* change = why.find("smallest_change")) add_change(*change, screen, indent, out);
  return out;
}

}  // namespace agentos::cli
