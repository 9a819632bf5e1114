// What a folder holds at one moment, so that two moments compare.
//
// Folders, regular files and symbolic links; anything else is refused by name, as is what is beyond the bounds. Links
// are read and never followed. Owners, times and extended attributes are no part of a comparison.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/hash.h"
#include "base/error.h"

namespace agentos::workspace {

enum class Kind : std::uint8_t { kAbsent, kFolder, kFile, kLink };

struct Entry {
  Kind kind = Kind::kAbsent;
  std::uint32_t mode = 0;  // permission and set-id bits; 0 of a link
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  crypto::Digest digest{};  // of a file's content
  std::string target = {};  // of a link
};
// Whether both are the same to who reads the folder.
bool same(const Entry& one, const Entry& other);

// By relative path; the folder itself is not in it. Ordered, so that a folder stands before what is in it.
using Snapshot = std::map<std::string, Entry>;

struct Bounds {
  std::size_t entries = 200'000;
  std::uint64_t bytes = std::uint64_t{8} << 30;
  std::size_t depth = 128;
  std::uint64_t list_bytes = std::uint64_t{512} << 20;  // of a list of all of it: paths, targets, digests
};

// A file of the agent's may not share its content with a name outside of the folder.
enum class HardLinks : std::uint8_t { kAny, kInsideOnly };

struct SnapshotOptions {
  Bounds bounds;
  HardLinks hard_links = HardLinks::kAny;
  std::string skipped;  // a name at the top that is left out; empty: none
};
Result<Snapshot> take_snapshot(int folder, const SnapshotOptions& options);
// Of one path; kAbsent when nothing is there, also where a folder on the way is missing or a link.
Result<Entry> entry_at(int folder, const std::string& path);

struct Change {
  std::string path;
  Entry before, after;  // not both absent
};
// In the order of paths.
std::vector<Change> difference(const Snapshot& before, const Snapshot& after);
// The changes that undo these.
std::vector<Change> inverse(const std::vector<Change>& changes);

// "added", "removed", "changed", "mode", "replaced": a file by a folder and the like.
std::string_view word_of(const Change& change);

}  // namespace agentos::workspace
