// Walks the frames of a segment and judges what stands behind the last good one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/recorder/disk.h"
#include "lib/recorder/format.h"
#include "lib/recorder/leaf_difference.h"

namespace agentos::recorder {

// A segment opened for reading. `size` is the file's, `header` its checked header.
struct Segment {
  std::string name;
  std::unique_ptr<DiskFile> file;
  std::uint64_t size = 0;
  SegmentHeader header;
  std::size_t frames_at = 0;  // offset of the first frame
};

// Names of the segments in `directory`, oldest first.
Result<std::vector<std::string>> list_segments(Disk& disk, const std::string& directory);
// Reads and checks the header; an error names the file. For reading: what is being erased (erasing.h) is seen as
// erased.
Result<Segment> open_segment(Disk& disk, const std::string& directory, const std::string& name);
Result<Segment> read_segment(std::unique_ptr<DiskFile> file, const std::string& name);

// Reads frames one after another through a buffer, from the first of a segment on. The file may grow meanwhile.
class FrameCursor {
 public:
  enum class Step { kFrame, kZero, kBad };

  FrameCursor(DiskFile& file, std::uint64_t offset, std::uint64_t end) : file_(file), offset_(offset), end_(end) {}

  // kFrame: frame() is the next one, valid until the next call. kZero: zeroes begin here. kBad: reason() says why.
  Result<Step> next();
  const Frame& frame() const { return frame_; }
  const char* reason() const { return reason_; }
  std::uint64_t offset() const { return offset_; }  // of frame(), else of what is no frame
  void forget();                                    // the next call reads this place from the file again

 private:
  Status fill();

  DiskFile& file_;
  std::uint64_t offset_;
  std::uint64_t end_;
  std::uint64_t buffer_at_ = 0;
  std::string buffer_;
  std::size_t buffered_ = 0;
  Frame frame_{};
  WholeLeaves whole_;
  const char* reason_ = "";
};

// What stands from `offset`, where entry `expected` should begin and does not, to the end of the file.
struct Tail {
  std::uint64_t nonzero_end = 0;  // offset behind the last octet that is not zero; 0: all are zero
  bool was_durable = false;       // a later frame proves that entry `expected` had been on disk: this is damage
};
Result<Tail> examine_tail(DiskFile& file, std::uint64_t offset, std::uint64_t end, Index expected);

}  // namespace agentos::recorder
