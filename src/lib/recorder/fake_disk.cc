// Each file keeps what is durable and what is seen; a power failure mixes the two by sectors.
#include "lib/recorder/fake_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/random.h"

namespace agentos::recorder {

struct FakeDisk::Inode {
  std::string seen;
  std::string durable;
};

struct FakeDisk::Locks {
  std::mutex mutex;
  std::set<std::string> held;
};

class FakeDisk::Lock final : public DiskLock {
 public:
  Lock(std::shared_ptr<Locks> locks, std::string path) : locks_(std::move(locks)), path_(std::move(path)) {}
  ~Lock() override {
    const std::lock_guard lock(locks_->mutex);
    locks_->held.erase(path_);
  }

 private:
  std::shared_ptr<Locks> locks_;
  std::string path_;
};

class FakeDisk::File final : public DiskFile {
 public:
  File(FakeDisk& disk, std::shared_ptr<Inode> inode, std::string path)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)) {}

  Status write_at(std::uint64_t offset, std::string_view octets) override {
    const std::lock_guard lock(disk_.mutex_);
    return write(offset, octets);
  }
  Status append_synced_at(std::uint64_t offset, std::string_view octets) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY(write(offset, octets));
    TRY(disk_.change(path_));
    if (inode_->durable.size() < inode_->seen.size()) inode_->durable.resize(inode_->seen.size());
    inode_->durable.replace(offset, octets.size(), octets);
    return {};
  }
  Status sync() override {
    const std::lock_guard lock(disk_.mutex_);
    TRY(disk_.change(path_));
    inode_->durable = inode_->seen;
    return {};
  }
  Status reserve(std::uint64_t size) override { return clear(size); }
  Status clear(std::uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY(disk_.change(path_));
    inode_->seen.assign(size, '\0');
    return {};
  }
  Result<std::size_t> read_at(std::uint64_t offset, char* octets, std::size_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    const std::string& seen = inode_->seen;
    if (offset >= seen.size()) return std::size_t{0};
    size = std::min(size, seen.size() - static_cast<std::size_t>(offset));
    std::memcpy(octets, seen.data() + offset, size);
    return size;
  }
  Result<std::uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    return inode_->seen.size();
  }

 private:
  Status write(std::uint64_t offset, std::string_view octets) {
    auto status = disk_.change(path_);
    if (!status) octets = octets.substr(0, octets.size() / 2);  // a failing write may have done a part
    if (inode_->seen.size() < offset + octets.size()) inode_->seen.resize(offset + octets.size());
    inode_->seen.replace(offset, octets.size(), octets);
    return status;
  }

  FakeDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::string path_;
};

FakeDisk::FakeDisk() : durable_(1), locks_(std::make_shared<Locks>()) {}
FakeDisk::~FakeDisk() = default;

void FakeDisk::fail_after(std::uint64_t count, int error_number) {
  const std::lock_guard lock(mutex_);
  fail_from_ = changes_ + count;
  error_number_ = error_number;
}

void FakeDisk::mend() {
  const std::lock_guard lock(mutex_);
  fail_from_ = ~std::uint64_t{0};
}

std::uint64_t FakeDisk::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

Status FakeDisk::change(const std::string& path) {
  if (changes_ >= fail_from_) return fail_errno(error_number_, fmt::format("cannot write {}", path));
  ++changes_;
  return {};
}

void FakeDisk::name_changed() { durable_.push_back(names_); }

std::unique_ptr<FakeDisk> FakeDisk::after_power_failure(std::uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  SeededRandom random(seed);
  const auto draw = [&](std::size_t below) {
    std::uint64_t number = 0;
    random.fill(std::as_writable_bytes(std::span(&number, 1)));
    return static_cast<std::size_t>(number % below);
  };
  auto disk = std::make_unique<FakeDisk>();
  // Seed 0 keeps nothing that was not synced. Each name goes back on its own: nothing says in which order they last.
  std::set<std::string> paths;
  for (const Names& names : durable_)
    for (const auto& [path, inode] : names) paths.insert(path);
  for (const std::string& path : paths) {
    const Names& names = durable_[seed == 0 ? 0 : draw(durable_.size())];
    const auto found = names.find(path);
    if (found == names.end()) continue;
    const auto& inode = found->second;
    auto copy = std::make_shared<Inode>();
    copy->durable = inode->durable;
    const std::string& seen = inode->seen;
    for (std::size_t at = 0; seed != 0 && at < seen.size(); at += kSectorSize) {
      const std::size_t size = std::min(kSectorSize, seen.size() - at);
      if (at < inode->durable.size() && inode->durable.compare(at, size, seen, at, size) == 0) continue;
      if (draw(2) == 0) continue;
      if (copy->durable.size() < at + size) copy->durable.resize(at + size);
      copy->durable.replace(at, size, seen, at, size);
    }
    copy->seen = copy->durable;
    disk->names_[path] = std::move(copy);
  }
  disk->durable_ = {disk->names_};
  return disk;
}

std::unique_ptr<FakeDisk> FakeDisk::copy() const {
  const std::lock_guard lock(mutex_);
  auto disk = std::make_unique<FakeDisk>();
  for (const auto& [path, inode] : names_)
    disk->names_[path] = std::make_shared<Inode>(Inode{inode->seen, inode->seen});
  disk->durable_ = {disk->names_};
  return disk;
}

std::string FakeDisk::content(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return names_.at(path)->seen;
}

void FakeDisk::set_content(const std::string& path, std::string content) {
  const std::lock_guard lock(mutex_);
  names_[path] = std::make_shared<Inode>(Inode{content, content});
  durable_ = {names_};
}

bool FakeDisk::exists(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return names_.contains(path);
}

void FakeDisk::erase(const std::string& path) {
  const std::lock_guard lock(mutex_);
  names_.erase(path);
  durable_ = {names_};
}

Status FakeDisk::make_directory(const std::string&) { return {}; }

Status FakeDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY(change(path));
  durable_ = {names_};
  return {};
}

Result<std::vector<std::string>> FakeDisk::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [path, inode] : names_)
    if (path.starts_with(directory + "/")) found.push_back(path.substr(directory.size() + 1));
  return found;
}

Result<std::unique_ptr<DiskFile>> FakeDisk::create(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY(change(path));
  names_[path] = std::make_shared<Inode>();
  name_changed();
  return std::make_unique<File>(*this, names_[path], path);
}

Result<std::unique_ptr<DiskFile>> FakeDisk::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return fail_errno(ENOENT, fmt::format("cannot open {}", path));
  return std::make_unique<File>(*this, found->second, path);
}

Result<std::unique_ptr<DiskFile>> FakeDisk::open_for_reading(const std::string& path) { return open(path); }

Status FakeDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  TRY(change(to));
  const auto found = names_.find(from);
  if (found == names_.end()) return fail_errno(ENOENT, fmt::format("cannot rename {}", from));
  names_[to] = found->second;
  names_.erase(from);
  name_changed();
  return {};
}

Status FakeDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!names_.contains(path)) return fail_errno(ENOENT, fmt::format("cannot remove {}", path));
  TRY(change(path));
  names_.erase(path);
  name_changed();
  return {};
}

Result<std::unique_ptr<DiskLock>> FakeDisk::lock(const std::string& path) {
  const std::lock_guard lock(locks_->mutex);
  if (!locks_->held.insert(path).second) return fail_errno(EBUSY, fmt::format("cannot lock {}", path));
  return std::make_unique<Lock>(locks_, path);
}

bool FakeDisk::is_locked(const std::string& path) {
  const std::lock_guard lock(locks_->mutex);
  return locks_->held.contains(path);
}

}  // namespace agentos::recorder
