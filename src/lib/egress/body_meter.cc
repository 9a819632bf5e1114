// Counting, and for chunks a state an octet outside of their content.
#include "lib/egress/body_meter.h"

#include <algorithm>

namespace agentos::egress {
namespace {

constexpr std::size_t kSizeDigitsMax = 12;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

BodyMeter::BodyMeter(Framing framing, std::uint64_t length)
    : framing_(framing),
      done_(framing == Framing::kNone || (framing == Framing::kLength && length == 0)),
      left_(framing == Framing::kLength ? length : 0) {}

Result<std::size_t> BodyMeter::take_into(std::string_view octets, std::string* content) {
  if (done_) return std::size_t{0};
  if (framing_ == Framing::kUntilClose) {
    if (content != nullptr) *content += octets;
    return octets.size();
  }
  if (framing_ == Framing::kLength) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size()));
    if (content != nullptr) *content += octets.substr(0, size);
    left_ -= size;
    done_ = left_ == 0;
    return size;
  }
  std::size_t at = 0;
  while (at < octets.size() && !done_) {
    if (step_ != Step::kContent) {
      TRY(step(octets[at++]));
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size() - at));
    if (content != nullptr) *content += octets.substr(at, size);
    left_ -= size;
    at += size;
    if (left_ == 0) step_ = Step::kContentCr;
  }
  return at;
}

Status BodyMeter::step(char c) {
  const auto wrong = [](const char* what) { return fail(ErrorCode::kMalformed, what); };
  switch (step_) {
    case Step::kSize: {
      const int value = hex_value(c);
      if (value >= 0) {
        if (++digits_ > kSizeDigitsMax) return wrong("the size of a chunk is too long");
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        return {};
      }
      if (digits_ == 0) return wrong("a chunk does not start with its size");
      if (c == '\r') {
        step_ = Step::kSizeEnd;
        return {};
      }
      if (c != ';') return wrong("a chunk's size is followed by something else");
      step_ = Step::kExtension;
      return {};
    }
    case Step::kExtension:
      if (++line_ > kChunkLineBytesMax) return fail(ErrorCode::kTooLarge, "the extension of a chunk is too long");
      if (c == '\r') step_ = Step::kSizeEnd;
      if (c == '\n' || c == '\0') return wrong("a bare line break stands in a chunk's extension");
      return {};
    case Step::kSizeEnd:
      return c == '\n' ? end_size() : wrong("a chunk's size does not end with CR LF");
    case Step::kContentCr:
      if (c != '\r') return wrong("a chunk is longer than its size");
      step_ = Step::kContentLf;
      return {};
    case Step::kContentLf:
      if (c != '\n') return wrong("a chunk does not end with CR LF");
      step_ = Step::kSize;
      digits_ = line_ = 0;
      return {};
    case Step::kTrailer:
      return trailer(c);
    case Step::kContent:
      break;
  }
  return {};
}

Status BodyMeter::end_size() {
  total_ += left_;
  if (total_ > kBodyBytesMax) return fail(ErrorCode::kTooLarge, "the body is too long");
  step_ = left_ == 0 ? Step::kTrailer : Step::kContent;
  line_ = 0;
  after_cr_ = false;
  return {};
}

// Lines up to an empty one.
Status BodyMeter::trailer(char c) {
  if (++trailers_ > kTrailerBytesMax) return fail(ErrorCode::kTooLarge, "the trailers are too long");
  if (after_cr_) {
    if (c != '\n') return fail(ErrorCode::kMalformed, "a bare CR stands in a trailer");
    done_ = line_ == 0;
    line_ = 0;
    after_cr_ = false;
    return {};
  }
  if (c == '\n' || c == '\0') return fail(ErrorCode::kMalformed, "a bare line break stands in a trailer");
  after_cr_ = c == '\r';
  if (!after_cr_) ++line_;
  return {};
}

}  // namespace agentos::egress
