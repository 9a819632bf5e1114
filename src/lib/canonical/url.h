// What a client would contact when it is given a URL: scheme, host, port, path and query as browsers read them (WHATWG
// URL) for http, https, ws, wss, ftp and file, with percent escapes in one spelling.
//
// Where browsers, curl and the libraries of common languages read a text differently, the form follows the browser and
// says so in `oddities`; ambiguous() is for rules that rather refuse. Relative URLs, other schemes, invalid UTF-8 and
// hosts read_host() refuses are errors: a rule that asks for a form of a refused text must deny.
// Sources: WHATWG URL Standard section 4, RFC 3986, RFC 8089.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "lib/canonical/host.h"

namespace agentos::canonical {

inline constexpr std::size_t kUrlBytesMax = std::size_t{16} << 10;

enum UrlOddity : std::uint32_t {
  kUrlTrimmed = 1,                 // white space or control characters around it
  kUrlBreaksRemoved = 1 << 1,      // a tab or line break within: browsers drop it, others send or refuse it
  kUrlSlashes = 1 << 2,            // not exactly two slashes before the host
  kUrlBackslash = 1 << 3,          // a slash for browsers, an ordinary character for others
  kUrlManyAt = 1 << 4,             // more than one @ before the host: which one ends the userinfo?
  kUrlAtBehindHost = 1 << 5,       // host?...@... or host#...@...
  kUrlHost = 1 << 6,               // Host::ambiguous()
  kUrlPort = 1 << 7,               // empty, 0, or with leading zeros
  kUrlDotSegments = 1 << 8,        // "." or "..": resolved here; some clients send them as they are
  kUrlEncodedDots = 1 << 9,        // "%2e" as such a segment
  kUrlEmptySegments = 1 << 10,     // "//" in the path: servers may merge them
  kUrlEncodedSeparator = 1 << 11,  // %2F or %5C in the path: servers may decode them
  kUrlEncodedControl = 1 << 12,    // %00 to %1F or %7F
  kUrlBrokenEscape = 1 << 13,      // a % that starts no escape; written %25 here
  kUrlBareSpace = 1 << 14,         // a space or control character that was not escaped
  kUrlDriveLetter = 1 << 15,       // file:///C:/...
  kUrlFileHost = 1 << 16,          // file://host/...
};

struct Url {
  std::string_view text;    // the whole without userinfo and fragment; the default port left out
  std::string_view scheme;  // lower case, without ':'
  std::string_view path;    // starts with '/'; dot segments resolved
  std::string_view query;   // without '?'
  std::string_view fragment;
  Host host;               // of size 0 for file:///...
  std::uint16_t port = 0;  // the scheme's default filled in; 0 for file
  std::uint32_t oddities = 0;
  bool has_userinfo = false;
  bool has_query = false;
  bool has_fragment = false;

  bool ambiguous() const { return oddities != 0; }
};

// The views are into `scratch`, which holds the canonical text. kInvalidArgument, kUnsupported (another scheme),
// kTooLarge.
Result<Url> read_url(std::string_view text, std::string& scratch);

// "backslash, empty_segments": for explanations.
std::string describe_url_oddities(std::uint32_t oddities);

}  // namespace agentos::canonical
