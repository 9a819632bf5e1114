// A log taken apart and put together again, as somebody who knows the format and wants to deceive would: with right
// checksums, indexes, headers and, when keys were stolen, signatures.
#pragma once

#include <string>
#include <vector>

#include "lib/recorder/fake_disk.h"
#include "lib/recorder/merkle.h"

namespace agentos::tampering {

struct ImageEntry {
  std::string leaf, salt, opening;
  std::uint16_t flags = 0;  // kFrameErased
};

struct ImageSegment {
  std::uint64_t capacity = 0;
  std::int64_t created_us = 0;
  std::vector<ImageEntry> entries;
};

class LogImage {
 public:
  explicit LogImage(const recorder::FakeDisk& disk);
  // Writes all segments; those of the disk are removed first.
  void store(recorder::FakeDisk& disk) const;

  ImageEntry& at(std::size_t index);
  void erase(std::size_t index);
  void insert(std::size_t index, ImageEntry entry);
  std::size_t size() const;
  // Replaces `from` in the leaf of the entry; it must be there.
  void edit(std::size_t index, std::string_view from, std::string_view to);
  recorder::Frontier tree() const;
  std::size_t first_of_segment(std::size_t segment) const;

  std::vector<ImageSegment> segments;

 private:
  std::pair<std::size_t, std::size_t> place(std::size_t index) const;
};

// Signs the first `size` entries of the disk's log anew with the keys found in it.
enum class Stolen : std::uint8_t { kLogKey, kBothKeys };
void sign_again(recorder::FakeDisk& disk, Stolen stolen);

std::string segment_path(const recorder::FakeDisk& disk, std::size_t segment);
// Offset of the frame of the `nth` entry in the segment's file.
std::size_t frame_offset(const std::string& content, std::size_t nth);

}  // namespace agentos::tampering
