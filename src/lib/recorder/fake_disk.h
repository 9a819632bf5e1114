// A disk in memory that loses, tears, refuses and remembers, for tests.
//
// What was not synced may be kept, lost or torn at each power failure, sector by sector, as the seed says; each name
// created, renamed or removed since its own folder was synced goes back to some moment since then. A folder that was
// made is durable, as make_directory() promises; one that was renamed is so once the folders it is in are synced, and
// what is in it goes with it. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "lib/recorder/disk.h"

namespace agentos::recorder {

class FakeDisk final : public Disk {
 public:
  static constexpr std::size_t kSectorSize = 512;

  FakeDisk();
  ~FakeDisk() override;

  // Every call that changes something counts; from number `count` on (from now) each fails with `error_number`.
  void fail_after(std::uint64_t count, int error_number);
  void mend();
  std::uint64_t changes() const;

  // The disk after a power failure at this moment.
  std::unique_ptr<FakeDisk> after_power_failure(std::uint64_t seed) const;
  // The disk as a reader sees it now, without failures.
  std::unique_ptr<FakeDisk> copy() const;

  // For tampering: the visible octets of a file. Precondition: it exists.
  std::string content(const std::string& path) const;
  void set_content(const std::string& path, std::string content);
  bool exists(const std::string& path) const;
  void erase(const std::string& path);
  // What is durable of the files whose names were removed: a disk keeps it until it is overwritten.
  std::vector<std::string> left_behind() const;
  // Paths within `directory` of all files below it, sorted.
  std::vector<std::string> files_below(const std::string& directory) const;

  Status make_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::vector<std::string>> list_folders(const std::string& directory) override;
  Result<std::unique_ptr<DiskFile>> create(const std::string& path) override;
  Result<std::unique_ptr<DiskFile>> open(const std::string& path) override;
  Result<std::unique_ptr<DiskFile>> open_for_reading(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status remove_folder(const std::string& path) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
  bool is_locked(const std::string& path) override;

 private:
  struct Node;
  struct Failure;
  class File;
  class Lock;
  struct Locks;
  using NodePointer = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePointer>;

  Status change(const std::string& path);           // counts, and fails when told to; under mutex_, as all below
  NodePointer find(const std::string& path) const;  // null: there is none
  NodePointer folder_of(const std::string& path) const;
  NodePointer made(const std::string& folder);     // with those above it; durable
  static NodePointer settled(const Node& before);  // a copy, all of it durable
  Result<std::vector<std::string>> names_in(const std::string& directory, bool folders) const;

  mutable std::mutex mutex_;
  NodePointer root_;
  std::vector<NodePointer> nameless_;
  std::shared_ptr<Locks> locks_;
  std::uint64_t changes_ = 0;
  std::uint64_t fail_from_ = ~std::uint64_t{0};
  int error_number_ = 0;
};

}  // namespace agentos::recorder
