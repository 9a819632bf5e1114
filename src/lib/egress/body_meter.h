// Where the body of an HTTP/1.1 message ends, while it passes through. Octets are counted, never kept; who wants the
// content without its framing says where it goes.
// Source: RFC 9112 sections 6 and 7.1.
#pragma once

#include "lib/egress/head_fields.h"

namespace agentos::egress {

inline constexpr std::size_t kChunkLineBytesMax = 256;  // size and extensions
inline constexpr std::size_t kTrailerBytesMax = 8192;

class BodyMeter {
 public:
  BodyMeter() = default;
  BodyMeter(Framing framing, std::uint64_t length);

  // How many of the next octets belong to the body. kMalformed, kTooLarge: the connection is of no more use.
  Result<std::size_t> take(std::string_view octets) { return take_into(octets, nullptr); }
  // And appends those that are content. `content` may be null; it is the caller's to bound.
  Result<std::size_t> take_into(std::string_view octets, std::string* content);
  bool done() const { return done_; }
  // With kUntilClose the end of the connection is the end of the body.
  bool ends_with_connection() const { return framing_ == Framing::kUntilClose; }

 private:
  enum class Step : std::uint8_t { kSize, kExtension, kSizeEnd, kContent, kContentCr, kContentLf, kTrailer };
  Status step(char c);
  Status end_size();
  Status trailer(char c);

  Framing framing_ = Framing::kNone;
  bool done_ = true;
  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
  Step step_ = Step::kSize;
  std::size_t line_ = 0;      // octets of this line
  std::size_t digits_ = 0;    // of a chunk's size
  std::size_t trailers_ = 0;  // octets
  bool after_cr_ = false;
};

}  // namespace agentos::egress
