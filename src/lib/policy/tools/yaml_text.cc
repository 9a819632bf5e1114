// Quotes only where needed; what "needed" is errs on the side of quotes.
#include "lib/policy/tools/yaml_text.h"

#include <algorithm>

#include "base/json/value.h"
#include "base/yaml/scalar.h"
#include "lib/policy/tools/bounds.h"

namespace agentos::policy::tools {
namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_text_when_plain(std::string_view text) {
  yaml::Node node;
  return yaml::resolve_plain(text, node) && node.kind == yaml::Node::Kind::kString && node.text == text;
}

bool is_plain(std::string_view text, Inside inside) {
  if (text.empty() || !is_text_when_plain(text)) return false;
  const char first = text.front();
  if (!is_letter_or_digit(first) && first != '/' && first != '_' && first != '.') return false;
  if (inside == Inside::kFlow) {
    return text != "." && std::ranges::all_of(text, [](char c) {
             return is_letter_or_digit(c) || c == '_' || c == '.' || c == '/' || c == '-';
           });
  }
  if (text.back() == ' ' || text.back() == ':' || text.starts_with("...")) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  // Globs are quoted everywhere, so that they look the same everywhere.
  const bool is_glob = text.find(' ') == std::string_view::npos && text.find_first_of("*?") != std::string_view::npos;
  return !is_glob &&
         std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c < 0x7f; });
}

std::string literal(std::string_view text, std::size_t indent, std::string_view comment) {
  const bool ends = text.ends_with('\n');
  const std::string_view body = ends ? text.substr(0, text.size() - 1) : text;
  if (body.empty() || body.ends_with('\n') || body.front() == ' ' || body.front() == '\n' || body.front() == '\t') {
    return {};
  }
  const bool printable = std::ranges::all_of(body, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return c == '\n' || (octet >= 0x20 && octet < 0x7f);
  });
  if (!printable) return {};
  std::string out = ends ? " |" : " |-";
  out += comment;
  for (std::size_t at = 0; at <= body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    const std::string_view line = body.substr(at, end - at);
    if (line.find_first_not_of(' ') == std::string_view::npos && !line.empty()) return {};
    out += "\n";
    if (!line.empty()) out.append(indent, ' ').append(line);
    at = end + 1;
  }
  return out;
}

std::string folded(std::string_view text, std::size_t indent, std::string_view comment) {
  const bool foldable =
      text.front() != ' ' && text.back() != ' ' && text.find("  ") == std::string_view::npos &&
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c < 0x7f; });
  if (!foldable || text.find(' ') == std::string_view::npos) return {};
  std::string out = " >-";
  out += comment;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kFormatWidth) {
      (out += "\n").append(indent, ' ').append(line);
      line.clear();
    }
    line.append(line.empty() ? "" : " ").append(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return (out += "\n").append(indent, ' ').append(line);
}

}  // namespace

std::string scalar_text(std::string_view text, Inside inside) {
  if (is_plain(text, inside)) return std::string(text);
  std::string out;
  json::write_string(text, out);
  // JSON leaves the delete character as it is, and YAML refuses it.
  for (std::size_t at = out.find('\x7f'); at != std::string::npos; at = out.find('\x7f', at))
    out.replace(at, 1, "\\u007f");
  return out;
}

std::string scalar_text(const yaml::Node& node, Inside inside) {
  if (node.kind == yaml::Node::Kind::kString) return scalar_text(node.text, inside);
  if (node.kind == yaml::Node::Kind::kNull || node.text.empty()) return "null";
  return node.text;
}

std::string block_text(std::string_view text, std::size_t columns_before, std::size_t indent,
                       std::string_view comment) {
  if (text.empty()) return {};
  if (text.find('\n') != std::string_view::npos) return literal(text, indent, comment);
  if (columns_before + 1 + scalar_text(text, Inside::kBlock).size() <= kFormatWidth) return {};
  return folded(text, indent, comment);
}

}  // namespace agentos::policy::tools
