// A disk in memory that loses, tears, refuses and remembers, for tests.
//
// What was not synced may be kept, lost or torn at each power failure, sector by sector, as the seed says; each name
// created, renamed or removed since its directory was synced goes back to some moment since then. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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

  Status make_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::unique_ptr<DiskFile>> create(const std::string& path) override;
  Result<std::unique_ptr<DiskFile>> open(const std::string& path) override;
  Result<std::unique_ptr<DiskFile>> open_for_reading(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
  bool is_locked(const std::string& path) override;

 private:
  struct Inode;
  class File;
  class Lock;
  struct Locks;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  Status change(const std::string& path);  // counts, and fails when told to; under mutex_
  void name_changed();

  mutable std::mutex mutex_;
  Names names_;                 // as seen now
  std::vector<Names> durable_;  // names after each change since the last directory sync; the first is durable
  std::shared_ptr<Locks> locks_;
  std::uint64_t changes_ = 0;
  std::uint64_t fail_from_ = ~std::uint64_t{0};
  int error_number_ = 0;
};

}  // namespace agentos::recorder
