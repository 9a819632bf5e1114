// The disk as the recorder needs it, so that a test can make it lose, tear and refuse writes.
//
// Only what sync() or append_synced_at() covered survives a power failure for certain; names survive once their
// directory was synced. Each file is used by one thread at a time, a Disk by any number. Errors name the path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::recorder {

class DiskFile {
 public:
  virtual ~DiskFile() = default;
  virtual Status write_at(std::uint64_t offset, std::string_view octets) = 0;  // all of it, or an error
  // The same, and these octets are durable. What lies behind them is zero, and nobody else writes to the file.
  virtual Status append_synced_at(std::uint64_t offset, std::string_view octets) = 0;
  virtual Status sync() = 0;  // everything written so far is durable
  // Of a file just created: `size` zeroes, and the room for what will be written over them (kNoSpace now, not later).
  virtual Status reserve(std::uint64_t size) = 0;
  // The same of a file that holds something, whose room is used again. Either is durable after the next sync.
  virtual Status clear(std::uint64_t size) = 0;
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* octets, std::size_t size) = 0;  // less at the end
  virtual Result<std::uint64_t> size() = 0;
  virtual void will_read(std::uint64_t /*offset*/, std::size_t /*size*/) {}  // soon: the disk may begin now
};

// Held until destroyed.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Status make_directory(const std::string& path) = 0;  // 0700, with its parents; there already is no error
  virtual Status sync_directory(const std::string& path) = 0;
  // Names in a directory, unsorted. Of files (with links, which cannot be opened); of folders, which are no links.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<std::vector<std::string>> list_folders(const std::string& directory) = 0;
  virtual Result<std::unique_ptr<DiskFile>> create(const std::string& path) = 0;  // 0600, emptied
  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path) = 0;    // for reading and writing
  virtual Result<std::unique_ptr<DiskFile>> open_for_reading(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;    // also a folder, over an empty one too
  virtual Status remove(const std::string& path) = 0;                           // kNotFound when absent
  virtual Status remove_folder(const std::string& path) = 0;                    // with all in it; kNotFound when absent
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;  // kBusy when held
  virtual bool is_locked(const std::string& path) = 0;                          // by anyone, now
};

std::unique_ptr<Disk> make_real_disk();

// The whole file; kTooLarge beyond `size_max`, kNotFound when absent.
Result<std::string> read_small_file(Disk& disk, const std::string& path, std::size_t size_max);
// Replaces directory/name so that after a power failure it is the old or the new content.
Status replace_file(Disk& disk, const std::string& directory, const std::string& name, std::string_view content);

}  // namespace agentos::recorder
