// One walk over all strings of a definition, keys included; each check looks at one string.
#include "lib/mcp/definition_scan.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/crypto/hash.h"

namespace agentos::mcp {
namespace {

constexpr std::size_t kPayloadCharsMin = 64;  // of base64 that stand together

// Phrases that address a model; lower case. What describes a tool has no use for them.
constexpr std::array<std::string_view, 22> kInstructions = {"ignore previous",
                                                            "ignore all previous",
                                                            "disregard previous",
                                                            "disregard all",
                                                            "do not tell the user",
                                                            "don't tell the user",
                                                            "do not mention",
                                                            "without telling the user",
                                                            "<important>",
                                                            "<system>",
                                                            "</system>",
                                                            "[system]",
                                                            "system prompt",
                                                            "you must first",
                                                            "before using this tool",
                                                            "before using any other tool",
                                                            "before calling any",
                                                            "always call this tool",
                                                            "instead of using",
                                                            "hide this from",
                                                            "secretly",
                                                            "side note to the assistant"};
constexpr std::array<std::string_view, 10> kSensitive = {
    ".ssh/",  "id_rsa",   "id_ed25519",       "/etc/shadow", "/etc/passwd", ".aws/credentials",
    ".netrc", "mcp.json", ".git-credentials", "wallet.dat"};

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char first = octet(at);
  if (first < 0x80) return text[at++];
  if (first < 0xE0) {
    const char32_t c = (first & 0x1FU) << 6 | (octet(at + 1) & 0x3FU);
    at += 2;
    return c;
  }
  if (first < 0xF0) {
    const char32_t c = (first & 0x0FU) << 12 | (octet(at + 1) & 0x3FU) << 6 | (octet(at + 2) & 0x3FU);
    at += 3;
    return c;
  }
  const char32_t c =
      (first & 0x07U) << 18 | (octet(at + 1) & 0x3FU) << 12 | (octet(at + 2) & 0x3FU) << 6 | (octet(at + 3) & 0x3FU);
  at += 4;
  return c;
}

bool is_invisible(char32_t c) {
  return (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF || c == 0x00AD || c == 0x180E || c == 0x3164 ||
         (c >= 0xE0000 && c <= 0xE007F) || (c >= 0xE0100 && c <= 0xE01EF) || (c >= 0x2061 && c <= 0x2064);
}
bool is_bidirectional(char32_t c) {
  return c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}
bool is_control(char32_t c) { return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || (c >= 0x7F && c < 0xA0); }
bool is_base64(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '='; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

// Base64 that decodes to readable text. Digests and keys do not.
bool holds_payload(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_base64(text[end])) ++end;
    if (end - at >= kPayloadCharsMin) {
      const std::size_t size = (end - at) / 4 * 4;
      if (auto decoded = crypto::from_base64(text.substr(at, size)); decoded && !decoded->empty()) {
        const auto readable = std::count_if(decoded->begin(), decoded->end(),
                                            [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t'; });
        if (static_cast<std::size_t>(readable) * 10 >= decoded->size() * 9) return true;
      }
    }
    at = std::max(end, at + 1);
  }
  return false;
}

bool mentions(std::string_view text, std::string_view name) {
  if (name.size() < 4) return false;  // too short to mean anything
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const std::size_t end = at + name.size();
    if (begins && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

class Scan {
 public:
  explicit Scan(std::span<const std::string> foreign) : foreign_(foreign) {}

  void walk(const json::Value& value, const std::string& where, int depth) {
    if (depth > 64 || found.size() >= kFindingsMax || left_ == 0) return;
    if (value.is_string()) return look(value.as_string(), where);
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        walk(value.as_array()[i], where + "/" + std::to_string(i), depth + 1);
      }
    } else if (value.is_object()) {
      for (const auto& [key, member] : value.as_object()) {
        look(key, where);
        walk(member, where + "/" + key, depth + 1);
      }
    }
  }

  std::vector<DefinitionFinding> found;

 private:
  void add(std::string_view kind, std::string_view severity, const std::string& where) {
    const bool known = std::any_of(found.begin(), found.end(), [&](const DefinitionFinding& finding) {
      return finding.kind == kind && finding.where == where;
    });
    if (!known && found.size() < kFindingsMax) found.push_back({std::string(kind), where, std::string(severity)});
  }

  void look(std::string_view text, const std::string& where) {
    if (text.size() > left_) {
      left_ = 0;
      return add("too-large", "medium", where);
    }
    left_ -= text.size();
    for (std::size_t at = 0; at < text.size();) {
      const char32_t c = next_code_point(text, at);
      if (is_invisible(c)) add("invisible-text", "high", where);
      if (is_bidirectional(c)) add("bidirectional-text", "high", where);
      if (is_control(c)) add("control-character", "high", where);
    }
    if (text.find("<!--") != std::string_view::npos) add("markup-comment", "medium", where);
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const std::string_view phrase : kInstructions) {
      if (lower.find(phrase) != std::string::npos) add("instruction", "high", where);
    }
    for (const std::string_view path : kSensitive) {
      if (lower.find(path) != std::string::npos) add("sensitive-path", "medium", where);
    }
    if (holds_payload(text)) add("encoded-payload", "high", where);
    for (const std::string& name : foreign_) {
      if (mentions(text, name)) add("other-server", "medium", where);
    }
  }

  std::span<const std::string> foreign_;
  std::size_t left_ = kScannedBytesMax;
};

}  // namespace

std::vector<DefinitionFinding> scan_definition(const json::Value& definition, std::span<const std::string> foreign) {
  Scan scan(foreign);
  scan.walk(definition, "", 0);
  return std::move(scan.found);
}

json::Value to_json(const std::vector<DefinitionFinding>& findings) {
  json::Array out;
  for (const DefinitionFinding& finding : findings) {
    out.emplace_back(json::Object{{"kind", finding.kind}, {"where", finding.where}, {"severity", finding.severity}});
  }
  return out;
}

}  // namespace agentos::mcp
