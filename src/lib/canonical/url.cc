// Splits a URL as browsers do and writes its canonical text into the caller's scratch string.
#include "lib/canonical/url.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/json/value.h"
#include "lib/canonical/host_parts.h"
#include "lib/canonical/octets.h"
#include "lib/canonical/url_parts.h"

namespace agentos::canonical {
namespace {

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr std::array<Scheme, 6> kSchemes = {
    {{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"ftp", 21}, {"file", 0}}};
constexpr std::size_t kSchemeBytesMax = 5;

constexpr bool is_edge(char c) { return static_cast<unsigned char>(c) <= ' '; }
constexpr bool is_break(char c) { return c == '\t' || c == '\n' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_edge(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_edge(text.back())) text.remove_suffix(1);
  return text;
}

std::unexpected<Error> refuse(std::string_view why, std::string hint) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("the URL {}", why), std::move(hint));
}

// Cuts "scheme:" from the front.
Result<Scheme> take_scheme(std::string_view& text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool valid =
      colon != std::string_view::npos && !name.empty() && is_letter(name[0]) &&
      std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
  if (!valid) return refuse("is relative or has no scheme", "start it with http:// or https://");
  std::array<char, kSchemeBytesMax> lower{};
  if (name.size() <= lower.size()) {
    std::ranges::transform(name, lower.begin(), to_lower);
    for (const Scheme& scheme : kSchemes) {
      if (scheme.name == std::string_view(lower.data(), name.size())) {
        text.remove_prefix(colon + 1);
        return scheme;
      }
    }
  }
  return fail(ErrorCode::kUnsupported, fmt::format("the URL has the scheme \"{}\"", printable(name.substr(0, 40))),
              "canonical forms exist for http, https, ws, wss, ftp and file");
}

// Cuts the slashes before the host from the front.
void take_slashes(std::string_view& text, std::uint32_t& oddities) {
  std::size_t count = 0;
  while (count < text.size() && is_slash(text[count])) {
    if (text[count] == '\\') oddities |= kUrlBackslash;
    ++count;
  }
  if (count != 2) oddities |= kUrlSlashes;
  text.remove_prefix(count);
}

// Decimal digits; an empty port is the default.
std::optional<std::uint16_t> read_port(std::string_view digits, std::uint16_t fallback, std::uint32_t& oddities) {
  if (digits.empty() || digits[0] == '0') oddities |= kUrlPort;
  if (digits.empty()) return fallback;
  unsigned port = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > 0xffff) return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

Status read_authority(std::string_view authority, const Scheme& scheme, Url& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.has_userinfo = true;
    if (authority.find('@') != at) url.oddities |= kUrlManyAt;
    authority.remove_prefix(at + 1);
  }
  std::size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
  if (host_end == std::string_view::npos) return refuse("has an open bracket", "close the IPv6 address with ]");
  host_end = std::min(authority.find(':', host_end), authority.size());
  url.port = scheme.port;
  if (host_end < authority.size()) {
    const auto port = read_port(authority.substr(host_end + 1), scheme.port, url.oddities);
    if (!port) return refuse("has a port that is no number up to 65535", "write host:port, as in example.com:8080");
    url.port = *port;
  }
  url.host = TRY(read_host(authority.substr(0, host_end)));
  if (url.host.ambiguous()) url.oddities |= kUrlHost;
  return {};
}

bool is_drive_letter(std::string_view text) {
  return text.size() >= 2 && is_letter(text[0]) && (text[1] == ':' || text[1] == '|') &&
         (text.size() == 2 || is_slash(text[2]));
}

// file: what stands before the path. Leaves the path in `text`.
Status read_file_place(std::string_view& text, Url& url) {
  if (text.empty() || !is_slash(text[0])) url.oddities |= kUrlSlashes;
  if (text.size() >= 2 && is_slash(text[0]) && is_slash(text[1])) {
    if (text.substr(0, 2) != "//") url.oddities |= kUrlBackslash;
    const std::size_t end = std::min(text.find_first_of("/\\", 2), text.size());
    const std::string_view host = text.substr(2, end - 2);
    if (is_drive_letter(host)) {
      url.oddities |= kUrlDriveLetter | kUrlSlashes;
      text.remove_prefix(1);
    } else {
      if (!host.empty()) url.host = TRY(read_host(host));
      if (url.host.text() == "localhost") url.host = {};
      if (url.host.size != 0) url.oddities |= kUrlFileHost;
      if (url.host.ambiguous()) url.oddities |= kUrlHost;
      text.remove_prefix(end);
    }
  }
  return {};
}

void append_authority(const Url& url, const Scheme& scheme, std::string& out) {
  const bool brackets = url.host.kind == HostKind::kIpv6;
  if (brackets) out += '[';
  out += url.host.text();
  if (brackets) out += ']';
  if (url.port != scheme.port) fmt::format_to(std::back_inserter(out), ":{}", url.port);
}

// `text` is clean and starts behind the scheme.
Result<Url> read_rest(std::string_view text, const Scheme& scheme, Url url, std::string& scratch) {
  const std::size_t hash = text.find('#');
  url.has_fragment = hash != std::string_view::npos;
  const std::string_view fragment = url.has_fragment ? text.substr(hash + 1) : std::string_view();
  const std::size_t question = text.substr(0, hash).find('?');
  url.has_query = question != std::string_view::npos;
  const std::string_view query =
      url.has_query ? text.substr(question + 1, std::min(hash, text.size()) - question - 1) : std::string_view();
  std::string_view path = text.substr(0, std::min({hash, question, text.size()}));
  if (scheme.name == "file") {
    TRY(read_file_place(path, url));
  } else {
    take_slashes(path, url.oddities);
    const std::size_t end = std::min(path.find_first_of("/\\"), path.size());
    if (end == path.size() &&
        text.find('@', static_cast<std::size_t>(path.data() + end - text.data())) != std::string_view::npos) {
      url.oddities |= kUrlAtBehindHost;
    }
    TRY(read_authority(path.substr(0, end), scheme, url));
    path.remove_prefix(end);
  }

  scratch.clear();
  scratch += scheme.name;
  scratch += "://";
  append_authority(url, scheme, scratch);
  const std::size_t path_start = scratch.size();
  append_path(path, scratch, url.oddities);
  const std::size_t path_end = scratch.size();
  if (scheme.name == "file" && is_drive_letter(std::string_view(scratch).substr(path_start + 1))) {
    url.oddities |= kUrlDriveLetter;
  }
  if (url.has_query) {
    scratch += '?';
    append_escaped(query, UrlPart::kQuery, scratch, url.oddities);
  }
  const std::size_t text_end = scratch.size();
  append_escaped(fragment, UrlPart::kFragment, scratch, url.oddities);
  const std::string_view whole = scratch;
  url.scheme = whole.substr(0, scheme.name.size());
  url.path = whole.substr(path_start, path_end - path_start);
  url.query = url.has_query ? whole.substr(path_end + 1, text_end - path_end - 1) : std::string_view();
  url.text = whole.substr(0, text_end);
  url.fragment = whole.substr(text_end);
  return url;
}

}  // namespace

Result<Url> read_url(std::string_view text, std::string& scratch) {
  if (text.size() > kUrlBytesMax) {
    return fail(ErrorCode::kTooLarge, fmt::format("the URL has {} octets", text.size()),
                fmt::format("a URL has at most {} octets", kUrlBytesMax));
  }
  if (!json::valid_utf8(text)) return refuse("is not valid UTF-8", "encode it as UTF-8");
  Url url;
  std::string_view rest = trim(text);
  if (rest.size() != text.size()) url.oddities |= kUrlTrimmed;
  std::string without_breaks;
  if (std::ranges::any_of(rest, is_break)) {
    url.oddities |= kUrlBreaksRemoved;
    std::ranges::copy_if(rest, std::back_inserter(without_breaks), [](char c) { return !is_break(c); });
    rest = without_breaks;
  }
  const Scheme scheme = TRY(take_scheme(rest));
  return read_rest(rest, scheme, url, scratch);
}

std::string describe_url_oddities(std::uint32_t oddities) {
  constexpr std::array<std::string_view, 17> kNames = {
      "trimmed",         "breaks_removed", "slashes",        "backslash",
      "many_at",         "at_behind_host", "host",           "port",
      "dot_segments",    "encoded_dots",   "empty_segments", "encoded_separator",
      "encoded_control", "broken_escape",  "bare_space",     "drive_letter",
      "file_host"};
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((oddities >> i & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

}  // namespace agentos::canonical
