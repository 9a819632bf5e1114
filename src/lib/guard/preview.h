// What of a call's arguments or result the record keeps when it is not told to keep all of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/guard/scan.h"

namespace agentos::guard {

inline constexpr std::size_t kPreviewBytesMax = 512;  // content up to this is kept whole when nothing is found in it
inline constexpr std::size_t kPreviewStringBytesMax = 160;  // of one string of longer content
inline constexpr std::size_t kPreviewBytesLimit = 1024;  // of a preview; longer ones become the beginning of the text

// Reused from call to call; one thread at a time.
struct PreviewRoom {
  Findings findings;
  std::string cleaned, shortened, out;
};

// `json` itself when it is short and clean; otherwise {"cleaned"?,"digest","preview","size"}: digest (base64url
// SHA-256) and size are those of `json`, `cleaned` lists the kinds of findings that were replaced, and `preview` is the
// same value with findings replaced and long strings cut ("...[+N]" says how many octets are left out), or, when that
// is too long still, a string with the beginning of its text. Precondition: `json` is well-formed JSON. The view is
// valid until the next call with this room, and as long as `json`.
std::string_view preview_of(std::string_view json, PreviewRoom& room);

}  // namespace agentos::guard
