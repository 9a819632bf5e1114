// Works on the text as it stands: strings are cut and findings replaced in place, and nothing is parsed.
#include "lib/guard/preview.h"

#include <algorithm>
#include <array>

#include "base/crypto/sha256_fast.h"
#include "base/json/value.h"
#include "lib/guard/cleaning.h"

namespace agentos::guard {
namespace {

bool is_inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// The string whose content begins at `begin`: where it ends, and where it may be cut.
struct Cut {
  std::size_t end = 0;
  std::size_t keep = 0;
};
Cut cut_of(std::string_view json, std::size_t begin) {
  Cut cut{.end = begin, .keep = begin};
  while (cut.end < json.size() && json[cut.end] != '"') {
    if (cut.end - begin <= kPreviewStringBytesMax && !is_inside_character(json, cut.end)) cut.keep = cut.end;
    if (json[cut.end] != '\\') {
      ++cut.end;
    } else {
      cut.end += json.substr(cut.end).starts_with("\\u") ? 6 : 2;
    }
  }
  cut.end = std::min(cut.end, json.size());
  if (cut.end - begin <= kPreviewStringBytesMax) cut.keep = cut.end;
  return cut;
}

// A pair of surrogates is one character.
std::size_t before_half_pair(std::string_view json, std::size_t begin, std::size_t keep) {
  if (keep < begin + 6) return keep;
  const std::string_view last = json.substr(keep - 6, 6);
  const bool high = last.starts_with("\\ud") && (last[3] == '8' || last[3] == '9' || last[3] == 'a' || last[3] == 'b');
  return high ? keep - 6 : keep;
}

void write_shortened(std::string_view json, std::string& out) {
  for (std::size_t at = 0; at < json.size() && out.size() <= kPreviewBytesLimit;) {
    out += json[at];
    if (json[at++] != '"') continue;
    const Cut cut = cut_of(json, at);
    const std::size_t keep = cut.keep == cut.end ? cut.end : before_half_pair(json, at, cut.keep);
    out += json.substr(at, keep - at);
    if (keep < cut.end) {
      out += "…[+";
      json::write_int(static_cast<std::int64_t>(cut.end - keep), out);
      out += ']';
    }
    out += '"';
    at = cut.end + 1;
  }
}

std::string_view beginning_of(std::string_view text) {
  std::size_t end = std::min(text.size(), kPreviewBytesMax);
  while (end > 0 && is_inside_character(text, end)) --end;
  return text.substr(0, end);
}

void write_kinds(const Findings& findings, std::string& out) {
  std::array<bool, kKinds> seen{};
  for (const Finding& finding : findings.items) seen[static_cast<std::size_t>(finding.kind)] = true;
  static constexpr Kind kByName[] = {Kind::kAnsi,   Kind::kBidi, Kind::kControl,
                                     Kind::kSecret, Kind::kTag,  Kind::kZeroWidth};
  const char* separator = "\"cleaned\":[\"";
  for (const Kind kind : kByName) {
    if (!seen[static_cast<std::size_t>(kind)]) continue;
    (out += separator) += name_of(kind);
    separator = "\",\"";
  }
  out += "\"],";
}

}  // namespace

std::string_view preview_of(std::string_view json, PreviewRoom& room) {
  scan(json, Syntax::kJson, room.findings);
  if (json.size() <= kPreviewBytesMax && room.findings.empty()) return json;
  std::string_view text = json;
  if (!room.findings.empty()) {
    room.cleaned.clear();
    write_cleaned(json, room.findings, Syntax::kJson, room.cleaned);
    text = room.cleaned;
  }
  room.out.assign("{");
  if (!room.findings.empty()) write_kinds(room.findings, room.out);
  room.out += "\"digest\":\"";
  room.out += crypto::base64url(crypto::sha256_fast(json));
  room.out += "\",\"preview\":";
  if (text.size() > kPreviewBytesMax) {
    room.shortened.clear();
    write_shortened(text, room.shortened);
    if (room.shortened.size() <= kPreviewBytesLimit) {
      room.out += room.shortened;
    } else {
      json::write_string(beginning_of(text), room.out);
    }
  } else {
    room.out += text;
  }
  room.out += ",\"size\":";
  json::write_int(static_cast<std::int64_t>(json.size()), room.out);
  room.out += '}';
  return room.out;
}

}  // namespace agentos::guard
