// An agent's file namespace: eight mounts, names to nodes to octets, with real descriptor semantics.
//
// Mounts (in memory for now, gone with the agent): /mem/working /mem/episodic /mem/semantic /mem/procedural /state
// /tools /ipc read-write and /policy read-only. Every path given here must be canonical (path.h). An untouched
// namespace costs under 512 octets: trees are made at first write. Not thread-safe: the agent's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"

namespace agentos::vfs {

struct Limits {
  std::int64_t bytes_max = 64 << 20;  // of the whole namespace, contents and names
  std::int64_t nodes_max = 10'000;    // files and directories
  std::int64_t file_bytes_max = 16 << 20;
  Pool* pool = nullptr;  // shared with others, outlives the namespace and its open files; null: none
};

enum class NodeKind : std::uint8_t { kFile, kDirectory };

struct Stat {
  std::string path;
  NodeKind kind = NodeKind::kFile;
  std::int64_t size = 0;
  std::int64_t created_us = 0;
  std::int64_t modified_us = 0;
  bool read_only = false;
  std::string mount;  // "/mem/working"; "/" and "/mem" for the folders above the mounts
};

struct Mount {
  std::string path;
  bool read_only = false;
  std::string storage;  // "memory"
  std::string summary;
};

enum class OpenFlag : std::uint8_t {
  kRead = 1,
  kWrite = 2,
  kAppend = 4,  // every write goes to the end
  kCreate = 8,
  kTruncate = 16,
  kExclusive = 32,  // with kCreate: kAlreadyExists when the file is there
};
using OpenFlags = std::uint8_t;

// An open file: it stays readable after its name is gone, as POSIX says. Same lock as its namespace.
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  // From the current offset; fewer octets at the end, empty at the end of file. size < 0 means "to the end".
  virtual Result<std::string> read(std::int64_t size) = 0;
  virtual Result<std::string> read_at(std::int64_t offset, std::int64_t size) const = 0;  // does not move
  virtual Result<std::int64_t> write(std::string_view content) = 0;  // at the offset, or at the end with kAppend
  virtual Result<std::int64_t> write_at(std::int64_t offset, std::string_view content) = 0;
  virtual Result<std::int64_t> seek(std::int64_t offset, int whence) = 0;  // SEEK_SET/CUR/END; the new offset
  virtual Stat stat() const = 0;
  virtual OpenFlags flags() const = 0;
};

class Namespace {
 public:
  static std::unique_ptr<Namespace> make(Limits limits, const Clock& clock);
  virtual ~Namespace() = default;

  virtual Result<std::shared_ptr<OpenFile>> open(std::string_view path, OpenFlags flags) = 0;
  // Whole-file forms. write replaces the content (creating the file and its parents inside a mount); append adds.
  virtual Result<std::string> read(std::string_view path, std::int64_t offset, std::int64_t size) const = 0;
  virtual Result<std::int64_t> write(std::string_view path, std::string_view content) = 0;
  virtual Result<std::int64_t> write_at(std::string_view path, std::int64_t offset, std::string_view content) = 0;
  virtual Result<std::int64_t> append(std::string_view path, std::string_view content) = 0;
  virtual Result<Stat> stat(std::string_view path) const = 0;
  virtual Result<std::vector<Stat>> list(std::string_view path) const = 0;  // by name; "/" lists the eight mounts
  virtual Status make_directory(std::string_view path) = 0;                 // parent must exist
  virtual Status unlink(std::string_view path) = 0;  // a file, or an empty directory; never a mount
  virtual Status rename(std::string_view from, std::string_view to) = 0;  // within one mount; replaces a file
  // For the kernel only: puts a file into a read-only mount (/policy).
  virtual Status publish(std::string_view path, std::string_view content) = 0;

  virtual std::int64_t bytes_used() const = 0;
  virtual std::int64_t nodes_used() const = 0;
  static const std::vector<Mount>& mounts();
};

// Error codes used here beside the generic ones, from src/abi/errors.def.
inline constexpr ErrorCode kReadOnly = static_cast<ErrorCode>(-104);
inline constexpr ErrorCode kBadHandle = static_cast<ErrorCode>(-105);
inline constexpr ErrorCode kIsDirectory = static_cast<ErrorCode>(-113);
inline constexpr ErrorCode kNotDirectory = static_cast<ErrorCode>(-114);
inline constexpr ErrorCode kNotEmpty = static_cast<ErrorCode>(-115);

}  // namespace agentos::vfs
