// The nodes of the memory file system, and the ledger that keeps its octets and nodes exact.
//
// Every node returns what it holds when it is destroyed, so content that is unlinked but still open stays charged
// until its last handle closes. Names are charged by the directory that holds them. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "lib/vfs/namespace.h"

namespace agentos::vfs::memory {

// Bounds and use of one namespace; outlives every node and open file of it.
struct Ledger {
  Limits limits;
  const Clock& clock;
  std::int64_t bytes = 0;
  std::int64_t nodes = 0;
  std::int64_t taken = 0;  // from the pool, in steps

  ~Ledger() {
    if (limits.pool != nullptr) limits.pool->give(taken);
  }
  // kNoSpace, and nothing is charged, when a growth would pass a bound. Shrinking never fails.
  Status charge(std::int64_t bytes_more, std::int64_t nodes_more);
  void give_back() { (void)share(bytes); }  // of the pool's, after bytes became fewer

 private:
  Status share(std::int64_t bytes_wanted);
};

// Whether a change is the agent's, within its bounds, or the kernel's, which is charged but never refused.
enum class Charged : std::uint8_t { kWithinLimits, kAlways };

class Node {
 public:
  Node(NodeKind kind, Ledger* ledger, std::int64_t now_us);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  NodeKind kind() const { return kind_; }
  std::int64_t created_us() const { return created_us_; }
  std::int64_t modified_us() const { return modified_us_; }
  void touch(std::int64_t now_us) { modified_us_ = now_us; }

 protected:
  ~Node();  // through shared_ptr<Node> made from a File or a Directory only
  Ledger* ledger() const { return ledger_; }

 private:
  Ledger* ledger_;  // null: a mount's root, which is not charged
  std::int64_t created_us_;
  std::int64_t modified_us_;
  NodeKind kind_;
};

// A file's content. Preconditions: offsets and sizes are not negative.
class File final : public Node {
 public:
  File(Ledger& ledger, std::int64_t now_us) : Node(NodeKind::kFile, &ledger, now_us) {}
  ~File();

  const std::string& content() const { return content_; }
  std::int64_t size() const { return static_cast<std::int64_t>(content_.size()); }
  // size < 0 means "to the end"; past the end it is empty.
  std::string read_at(std::int64_t offset, std::int64_t size) const;
  // All or nothing: kTooLarge beyond the file's bound, kNoSpace beyond the namespace's.
  Status replace(std::string_view content, Charged charged);
  Status write_at(std::int64_t offset, std::string_view content);  // a gap is filled with NUL
  Status append(std::string_view content) { return write_at(size(), content); }

 private:
  Status resize_charge(std::int64_t size_new, Charged charged);
  void give_back_capacity();

  std::string content_;
};

class Directory final : public Node {
 public:
  using Entries = std::map<std::string, std::shared_ptr<Node>, std::less<>>;
  Directory(Ledger* ledger, std::int64_t now_us) : Node(NodeKind::kDirectory, ledger, now_us) {}

  // Null when absent.
  Node* find(std::string_view name) const;
  Entries entries;
};

inline File* as_file(Node* node) { return static_cast<File*>(node); }
inline Directory* as_directory(Node* node) { return static_cast<Directory*>(node); }

}  // namespace agentos::vfs::memory
