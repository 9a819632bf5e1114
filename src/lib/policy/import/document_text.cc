// Texts are put together here and checked by what reads them: the compiler and the formatter.
#include "lib/policy/import/document_text.h"

#include <fmt/format.h>

#include "base/json/value.h"
#include "lib/policy/limits.h"
#include "lib/policy/tools/format.h"
#include "lib/policy/tools/yaml_text.h"

namespace agentos::policy::importing {
namespace {

constexpr std::size_t kCommentBytesMax = 240;

void append_comment(std::string_view text, std::string_view indent, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append(indent).append("# ").append(on_one_line(text.substr(0, end))).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void append_rule(const RuleText& rule, std::string& out) {
  append_comment(on_one_line(rule.comment), "    ", out);
  out += "    - name: " + flow_text(rule.name) + "\n";
  for (const auto& [key, value] : rule.keys) out.append("      ").append(key).append(": ").append(value).append("\n");
}

std::string text_of(const DocumentText& document) {
  std::string out;
  append_comment(document.comment, "", out);
  out += "apiVersion: agentos/v1\nkind: Policy\nmetadata:\n  name: " + flow_text(document.name) + "\n";
  if (!document.summary.empty()) out += "  summary: " + flow_text(document.summary) + "\n";
  out += "spec:\n";
  if (!document.combining.empty()) out += "  combining: " + document.combining + "\n";
  out += "  rules:\n";
  for (const RuleText& rule : document.rules) append_rule(rule, out);
  return out;
}

// At the last whole character that fits.
std::string_view cut(std::string_view text, std::size_t octets_max) {
  if (text.size() <= octets_max) return text;
  std::size_t end = octets_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string flow_text(std::string_view text) { return tools::scalar_text(text, tools::Inside::kFlow); }

std::string on_one_line(std::string_view text) {
  std::string out;
  const std::string valid = json::to_valid_utf8(text);
  for (const char c : cut(valid, kCommentBytesMax)) {
    const auto octet = static_cast<unsigned char>(c);
    out += octet < 0x20 || octet >= 0x7f ? '?' : c;
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  json::write_string(json::to_valid_utf8(text), out);
  return out;
}

bool is_cut(std::string_view sentence) { return sentence.size() > kSentenceBytesMax; }

void RuleText::text(std::string key, std::string_view value) { keys.emplace_back(std::move(key), flow_text(value)); }

void RuleText::sentence(std::string key, std::string_view value) {
  text(std::move(key), cut(value, kSentenceBytesMax));
}

void RuleText::number(std::string key, std::int64_t value) { keys.emplace_back(std::move(key), std::to_string(value)); }

void RuleText::texts(std::string key, const std::vector<std::string>& values) {
  std::string list = "[";
  for (const std::string& value : values) list.append(list.size() > 1 ? ", " : "").append(flow_text(value));
  keys.emplace_back(std::move(key), list + "]");
}

std::string Names::take(std::string_view wanted, std::string_view otherwise) {
  constexpr std::size_t kRoomForNumber = 8;
  std::string name;
  for (const char c : cut(wanted, kNameBytesMax - kRoomForNumber)) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (fits) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  if (name.empty()) name = otherwise;
  std::string unique = name;
  for (std::size_t number = 2; !taken_.insert(unique).second; ++number) unique = fmt::format("{}-{}", name, number);
  return unique;
}

std::string problem_with(const RuleText& rule, const Vocabulary& vocabulary) {
  DocumentText alone{.name = "rule", .rules = {rule}};
  alone.rules[0].comment.clear();
  const Source source{text_of(alone), "rule"};
  const auto program = Program::compile({&source, 1}, vocabulary, 1);
  if (program) return {};
  const std::string& message = program.error().message;
  return program.error().hint.empty() ? message : message + "; " + program.error().hint;
}

Result<std::string> write_policy(const DocumentText& document, const Vocabulary& vocabulary) {
  const Source source{text_of(document), "imported"};
  if (source.text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::kTooLarge, fmt::format("the document would have {} octets", source.text.size()),
                fmt::format("at most {}: import the documents one by one", kDocumentBytesMax));
  }
  const auto program = Program::compile({&source, 1}, vocabulary, 1);
  if (!program) {
    return fail(ErrorCode::kInternal, "what was written does not compile: " + program.error().message,
                program.error().hint);
  }
  return tools::format_document(source.text, source.file);
}

}  // namespace agentos::policy::importing
