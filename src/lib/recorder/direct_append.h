// Appends to a file past the page cache, durable when they return: the octets go from here to the disk, and no memory
// is filled with a log nobody reads.
//
// The disk takes whole blocks, so the last block of an append is written again, with more behind, by the next one; the
// octets that were in it stay the same. One thread at a time; nobody else writes to the file meanwhile.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::recorder {

class DirectAppend {
 public:
  // Of the file behind `file`, open for reading and writing. Null when its file system has no such thing.
  static std::unique_ptr<DirectAppend> of(const io::Fd& file);

  // Everything from `offset` + `octets` to the end of its block becomes zero. kUnsupported: nothing was written and the
  // caller writes it another way, because the file ends within that block or the disk wants something else.
  Status append(std::uint64_t offset, std::string_view octets);

 private:
  struct Free {
    void operator()(char* octets) const { std::free(octets); }
  };
  DirectAppend(io::Fd direct, int file) : direct_(std::move(direct)), file_(file) {}
  Status take_block(std::uint64_t offset);  // the octets of its block before `offset`, into blocks_

  const io::Fd direct_;
  const int file_;                         // the caller's; through the page cache
  std::unique_ptr<char[], Free> blocks_;   // aligned; what is written
  std::size_t room_ = 0;                   // octets of blocks_
  std::uint64_t end_ = ~std::uint64_t{0};  // of the last append; what its block holds before it is in tail_
  std::unique_ptr<char[], Free> tail_;
  bool refused_ = false;  // by the disk, for good
};

}  // namespace agentos::recorder
