// Parsing is strict: what is read must be what would be written.
#include "lib/recorder/erasing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lib/recorder/format.h"
#include "lib/recorder/note.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kErasingTitle = "agentos erasing v1\n";
constexpr std::size_t kErasingSizeMax = kErasedAtOnceMax * (2 * kFrameSizeMax + 128);

Result<std::vector<ErasedFrame>> parse_erasing(std::string_view text) {
  const auto malformed = [] {
    return fail(ErrorCode::kCorrupt, "the file erasing is damaged",
                "run: agentos log verify; remove it when that is good");
  };
  std::vector<ErasedFrame> frames;
  if (!text.starts_with(kErasingTitle)) return malformed();
  for (std::string_view rest = text.substr(kErasingTitle.size()); !rest.empty();) {
    const auto first = rest.find(' '), second = rest.find(' ', first + 1), end = rest.find('\n');
    if (first == rest.npos || second == rest.npos || end == rest.npos || second > end) return malformed();
    ErasedFrame frame;
    frame.segment = rest.substr(0, first);
    std::from_chars(rest.data() + first + 1, rest.data() + second, frame.offset);
    const auto octets = crypto::from_base64(rest.substr(second + 1, end - second - 1));
    if (!octets || !segment_first(frame.segment)) return malformed();
    const auto decoded = decode_frame(*octets);
    if (!decoded || !decoded->erased() || decoded->size != octets->size()) return malformed();
    frame.octets = *octets;
    frames.push_back(std::move(frame));
    rest.remove_prefix(end + 1);
  }
  if (erasing_text(frames) != text) return malformed();
  return frames;
}

// A segment seen through the frames that will lie in it.
class ErasedView final : public DiskFile {
 public:
  ErasedView(std::unique_ptr<DiskFile> file, std::vector<ErasedFrame> frames)
      : file_(std::move(file)), frames_(std::move(frames)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* octets, std::size_t size) override {
    const std::size_t read = TRY(file_->read_at(offset, octets, size));
    for (const ErasedFrame& frame : frames_) {
      const std::uint64_t begin = std::max(offset, frame.offset);
      const std::uint64_t end = std::min(offset + read, frame.offset + frame.octets.size());
      if (begin < end) frame.octets.copy(octets + (begin - offset), end - begin, begin - frame.offset);
    }
    return read;
  }
  Result<std::uint64_t> size() override { return file_->size(); }
  void will_read(std::uint64_t offset, std::size_t size) override { file_->will_read(offset, size); }

  Status write_at(std::uint64_t, std::string_view) override { return only_read(); }
  Status append_synced_at(std::uint64_t, std::string_view) override { return only_read(); }
  Status sync() override { return only_read(); }
  Status reserve(std::uint64_t) override { return only_read(); }
  Status clear(std::uint64_t) override { return only_read(); }

 private:
  static Status only_read() { return fail(ErrorCode::kNotPermitted, "the segment was opened for reading"); }

  std::unique_ptr<DiskFile> file_;
  std::vector<ErasedFrame> frames_;
};

}  // namespace

std::string erasing_text(const std::vector<ErasedFrame>& frames) {
  std::string text(kErasingTitle);
  for (const ErasedFrame& frame : frames)
    text += fmt::format("{} {} {}\n", frame.segment, frame.offset, crypto::base64(frame.octets));
  return text;
}

Result<std::vector<ErasedFrame>> read_erasing(Disk& disk, const std::string& directory) {
  const auto text = read_small_file(disk, fmt::format("{}/{}", directory, kErasingName), kErasingSizeMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::vector<ErasedFrame>{};
  if (!text) return std::unexpected(text.error());
  return parse_erasing(*text);
}

std::unique_ptr<DiskFile> with_erased(std::unique_ptr<DiskFile> file, const std::string& segment,
                                      std::vector<ErasedFrame> frames) {
  std::erase_if(frames, [&](const ErasedFrame& frame) { return frame.segment != segment; });
  if (frames.empty()) return file;
  return std::make_unique<ErasedView>(std::move(file), std::move(frames));
}

}  // namespace agentos::recorder
