// Each file keeps what is durable and what is seen, each folder its names after every change since it was synced; a
// power failure mixes the two by sectors, and picks for each name.
#include "lib/recorder/fake_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/random.h"

namespace agentos::recorder {

struct FakeDisk::Node {
  bool is_folder = false;
  std::string seen, durable;   // of a file
  Names names;                 // of a folder, as seen now
  std::vector<Names> history;  // names after each change since the folder was synced; the first is durable

  void changed() { history.push_back(names); }
  void sync() {
    durable = seen;
    history = {names};
  }
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
  File(FakeDisk& disk, NodePointer node, std::string path)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)) {}

  Status write_at(std::uint64_t offset, std::string_view octets) override {
    const std::lock_guard lock(disk_.mutex_);
    return write(offset, octets);
  }
  Status append_synced_at(std::uint64_t offset, std::string_view octets) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY(write(offset, octets));
    TRY(disk_.change(path_));
    if (node_->durable.size() < node_->seen.size()) node_->durable.resize(node_->seen.size());
    node_->durable.replace(offset, octets.size(), octets);
    return {};
  }
  Status sync() override {
    const std::lock_guard lock(disk_.mutex_);
    TRY(disk_.change(path_));
    node_->durable = node_->seen;
    return {};
  }
  Status reserve(std::uint64_t size) override { return clear(size); }
  Status clear(std::uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY(disk_.change(path_));
    node_->seen.assign(size, '\0');
    return {};
  }
  Result<std::size_t> read_at(std::uint64_t offset, char* octets, std::size_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    const std::string& seen = node_->seen;
    if (offset >= seen.size()) return std::size_t{0};
    size = std::min(size, seen.size() - static_cast<std::size_t>(offset));
    std::memcpy(octets, seen.data() + offset, size);
    return size;
  }
  Result<std::uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    return node_->seen.size();
  }

 private:
  Status write(std::uint64_t offset, std::string_view octets) {
    auto status = disk_.change(path_);
    if (!status) octets = octets.substr(0, octets.size() / 2);  // a failing write may have done a part
    if (node_->seen.size() < offset + octets.size()) node_->seen.resize(offset + octets.size());
    node_->seen.replace(offset, octets.size(), octets);
    return status;
  }

  FakeDisk& disk_;
  NodePointer node_;
  std::string path_;
};

namespace {

std::string name_in_folder(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::unexpected<Error> cannot(int error_number, std::string_view verb, const std::string& path) {
  return fail_errno(error_number, fmt::format("cannot {} {}", verb, path));
}

}  // namespace

FakeDisk::FakeDisk() : root_(std::make_shared<Node>()), locks_(std::make_shared<Locks>()) {
  root_->is_folder = true;
  root_->sync();
}
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
  if (changes_ >= fail_from_) return cannot(error_number_, "write", path);
  ++changes_;
  return {};
}

FakeDisk::NodePointer FakeDisk::find(const std::string& path) const {
  NodePointer node = root_;
  for (std::size_t at = 1; at < path.size() && node;) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const auto found = node->names.find(path.substr(at, end - at));
    node = found == node->names.end() ? nullptr : found->second;
    at = end + 1;
  }
  return node;
}

FakeDisk::NodePointer FakeDisk::folder_of(const std::string& path) const {
  NodePointer folder = find(path.substr(0, path.rfind('/')));
  return folder && folder->is_folder ? folder : nullptr;
}

// After a power failure. Seed 0 keeps nothing that was not synced. Each name goes back on its own: nothing says in
// which order they last.
struct FakeDisk::Failure {
  std::uint64_t seed;
  SeededRandom random;

  std::size_t draw(std::size_t below) {
    std::uint64_t number = 0;
    random.fill(std::as_writable_bytes(std::span(&number, 1)));
    return static_cast<std::size_t>(number % below);
  }

  NodePointer after(const Node& before) {
    auto node = std::make_shared<Node>();
    node->is_folder = before.is_folder;
    if (before.is_folder) {
      std::set<std::string> all;
      for (const Names& names : before.history)
        for (const auto& [name, child] : names) all.insert(name);
      for (const std::string& name : all) {
        const Names& names = before.history[seed == 0 ? 0 : draw(before.history.size())];
        if (const auto found = names.find(name); found != names.end()) node->names[name] = after(*found->second);
      }
    } else {
      node->seen = octets_of(before);
    }
    node->sync();
    return node;
  }

  std::string octets_of(const Node& file) {
    std::string kept = file.durable;
    for (std::size_t at = 0; seed != 0 && at < file.seen.size(); at += kSectorSize) {
      const std::size_t size = std::min(kSectorSize, file.seen.size() - at);
      if (at < file.durable.size() && file.durable.compare(at, size, file.seen, at, size) == 0) continue;
      if (draw(2) == 0) continue;
      if (kept.size() < at + size) kept.resize(at + size);
      kept.replace(at, size, file.seen, at, size);
    }
    return kept;
  }
};

std::unique_ptr<FakeDisk> FakeDisk::after_power_failure(std::uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  auto disk = std::make_unique<FakeDisk>();
  disk->root_ = Failure{seed, SeededRandom(seed)}.after(*root_);
  return disk;
}

FakeDisk::NodePointer FakeDisk::settled(const Node& before) {
  auto node = std::make_shared<Node>();
  node->is_folder = before.is_folder;
  node->seen = before.seen;
  for (const auto& [name, child] : before.names) node->names[name] = settled(*child);
  node->sync();
  return node;
}

std::unique_ptr<FakeDisk> FakeDisk::copy() const {
  const std::lock_guard lock(mutex_);
  auto disk = std::make_unique<FakeDisk>();
  disk->root_ = settled(*root_);
  return disk;
}

std::string FakeDisk::content(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const NodePointer node = find(path);
  CHECK(node != nullptr && !node->is_folder);
  return node->seen;
}

void FakeDisk::set_content(const std::string& path, std::string content) {
  const std::lock_guard lock(mutex_);
  const NodePointer folder = made(path.substr(0, path.rfind('/')));
  auto file = std::make_shared<Node>();
  file->seen = std::move(content);
  file->sync();
  folder->names[name_in_folder(path)] = std::move(file);
  folder->sync();
}

bool FakeDisk::exists(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return find(path) != nullptr;
}

void FakeDisk::erase(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const NodePointer folder = folder_of(path);
  if (!folder) return;
  folder->names.erase(name_in_folder(path));
  folder->sync();
}

std::vector<std::string> FakeDisk::left_behind() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> octets;
  for (const NodePointer& file : nameless_) octets.push_back(file->durable);
  return octets;
}

std::vector<std::string> FakeDisk::files_below(const std::string& directory) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  const std::function<void(const Node&, const std::string&)> walk = [&](const Node& node, const std::string& path) {
    if (!node.is_folder) found.push_back(path);
    for (const auto& [name, child] : node.names) walk(*child, path.empty() ? name : path + "/" + name);
  };
  if (const NodePointer node = find(directory); node && node->is_folder) walk(*node, "");
  return found;
}

FakeDisk::NodePointer FakeDisk::made(const std::string& path) {
  if (path.empty()) return root_;
  if (NodePointer there = find(path)) return there;
  const NodePointer above = made(path.substr(0, path.rfind('/')));
  auto folder = std::make_shared<Node>();
  folder->is_folder = true;
  folder->sync();
  above->names[name_in_folder(path)] = folder;
  for (Names& names : above->history) names[name_in_folder(path)] = folder;
  above->changed();
  return folder;
}

Status FakeDisk::make_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const NodePointer there = find(path);
  if (there) return there->is_folder ? Status{} : cannot(ENOTDIR, "use", path);
  TRY(change(path));
  (void)made(path);
  return {};
}

Status FakeDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const NodePointer node = find(path);
  if (!node || !node->is_folder) return cannot(node ? ENOTDIR : ENOENT, "open directory", path);
  TRY(change(path));
  node->sync();
  return {};
}

Result<std::vector<std::string>> FakeDisk::names_in(const std::string& directory, bool folders) const {
  const std::lock_guard lock(mutex_);
  const NodePointer node = find(directory);
  if (!node || !node->is_folder) return cannot(node ? ENOTDIR : ENOENT, "open directory", directory);
  std::vector<std::string> found;
  for (const auto& [name, child] : node->names)
    if (child->is_folder == folders) found.push_back(name);
  return found;
}

Result<std::vector<std::string>> FakeDisk::list(const std::string& directory) { return names_in(directory, false); }
Result<std::vector<std::string>> FakeDisk::list_folders(const std::string& directory) {
  return names_in(directory, true);
}

Result<std::unique_ptr<DiskFile>> FakeDisk::create(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const NodePointer folder = folder_of(path);
  if (!folder) return cannot(ENOENT, "open", path);
  TRY(change(path));
  auto file = std::make_shared<Node>();
  folder->names[name_in_folder(path)] = file;
  folder->changed();
  return std::make_unique<File>(*this, std::move(file), path);
}

Result<std::unique_ptr<DiskFile>> FakeDisk::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  NodePointer file = find(path);
  if (!file || file->is_folder) return cannot(file ? EISDIR : ENOENT, "open", path);
  return std::make_unique<File>(*this, std::move(file), path);
}

Result<std::unique_ptr<DiskFile>> FakeDisk::open_for_reading(const std::string& path) { return open(path); }

Status FakeDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  TRY(change(to));
  const NodePointer node = find(from), source = folder_of(from), target = folder_of(to), there = find(to);
  if (!node || !target) return cannot(ENOENT, "rename to", to);
  if (there && there->is_folder != node->is_folder) return cannot(there->is_folder ? EISDIR : ENOTDIR, "rename to", to);
  if (there && !there->names.empty()) return cannot(ENOTEMPTY, "rename to", to);
  source->names.erase(name_in_folder(from));
  if (source != target) source->changed();
  target->names[name_in_folder(to)] = node;
  target->changed();
  return {};
}

Status FakeDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const NodePointer node = find(path);
  if (!node || node->is_folder) return cannot(node ? EISDIR : ENOENT, "remove", path);
  TRY(change(path));
  const NodePointer folder = folder_of(path);
  nameless_.push_back(node);
  folder->names.erase(name_in_folder(path));
  folder->changed();
  return {};
}

Status FakeDisk::remove_folder(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const NodePointer node = find(path);
  if (!node || !node->is_folder) return cannot(node ? ENOTDIR : ENOENT, "remove", path);
  TRY(change(path));
  const NodePointer folder = folder_of(path);
  folder->names.erase(name_in_folder(path));
  folder->changed();
  return {};
}

Result<std::unique_ptr<DiskLock>> FakeDisk::lock(const std::string& path) {
  const std::lock_guard lock(locks_->mutex);
  if (!locks_->held.insert(path).second) return cannot(EBUSY, "lock", path);
  return std::make_unique<Lock>(locks_, path);
}

bool FakeDisk::is_locked(const std::string& path) {
  const std::lock_guard lock(locks_->mutex);
  return locks_->held.contains(path);
}

}  // namespace agentos::recorder
