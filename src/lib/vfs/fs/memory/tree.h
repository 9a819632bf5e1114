// One mount's directory tree in memory: finding, creating, removing and renaming nodes by canonical path.
//
// Every change is checked and charged before the first node moves, so a refused call changes nothing. Not thread-safe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/vfs/fs/memory/node.h"

namespace agentos::vfs::memory {

// A canonical path and its part below the mount: "/mem/working/a/b" and "a/b". `below` is a suffix of `path`.
struct Location {
  std::string_view path;
  std::string_view below;
};

enum class Parents : std::uint8_t { kMustExist, kCreate };

class Tree {
 public:
  explicit Tree(Ledger& ledger);

  // Null when there is no such node; missing() says why.
  Node* find(std::string_view below) const;
  std::shared_ptr<Node> share(std::string_view below) const;
  std::unexpected<Error> missing(const Location& at) const;  // kNotFound or kNotDirectory

  // A file that is not there yet, with `content`. The charge covers content, names and nodes.
  Result<std::shared_ptr<File>> create_file(const Location& at, std::string_view content, Parents parents,
                                            Charged charged);
  Status make_directory(const Location& at);
  Status unlink(const Location& at);
  Status rename(const Location& from, const Location& to);
  const Directory& root() const { return root_; }

 private:
  struct Slot {
    Directory* parent;
    Directory::Entries::iterator entry;
  };
  Result<Slot> slot_of(const Location& at);
  Result<Directory*> parent_directory(const Location& at);
  Status check_extent(const Node& node, const Location& from, const Location& to) const;

  Ledger& ledger_;
  Directory root_;
};

}  // namespace agentos::vfs::memory
