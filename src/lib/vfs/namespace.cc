// The mount table and the namespace on top of it: which tree a path lies in, what a read-only mount refuses, and
// trees that come into being at the first write. An untouched namespace is one small object and one ledger.
#include "lib/vfs/namespace.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "lib/vfs/fs/memory/node.h"
#include "lib/vfs/fs/memory/open_file.h"
#include "lib/vfs/fs/memory/tree.h"
#include "lib/vfs/path.h"

namespace agentos::vfs {
namespace {

using memory::Charged;
using memory::File;
using memory::Location;
using memory::Node;
using memory::Parents;
using memory::Tree;

struct MountRow {
  std::string_view path;
  bool read_only;
  std::string_view summary;
};
constexpr std::size_t kMountCount = 8;
// No mount lies inside another; the busiest come first.
constexpr std::array<MountRow, kMountCount> kMountRows = {{
    {"/mem/working", false, "What the agent works on now."},
    {"/mem/episodic", false, "What happened, one file an event."},
    {"/mem/semantic", false, "What the agent knows."},
    {"/mem/procedural", false, "How the agent does things."},
    {"/state", false, "Checkpoints and other state of the agent."},
    {"/tools", false, "Notes and files of tools."},
    {"/ipc", false, "Files passed between agents."},
    {"/policy", true, "The policy the agent runs under; written by the kernel only."},
}};
constexpr std::size_t kNoMount = kMountCount;

constexpr OpenFlags bit(OpenFlag flag) { return static_cast<OpenFlags>(flag); }
constexpr OpenFlags kWritingFlags =
    bit(OpenFlag::kWrite) | bit(OpenFlag::kAppend) | bit(OpenFlag::kCreate) | bit(OpenFlag::kTruncate);
constexpr OpenFlags kAccessFlags = bit(OpenFlag::kRead) | bit(OpenFlag::kWrite) | bit(OpenFlag::kAppend);
constexpr OpenFlags kKnownFlags = kWritingFlags | kAccessFlags | bit(OpenFlag::kExclusive);

std::size_t mount_of(std::string_view path) {
  for (std::size_t i = 0; i < kMountCount; ++i) {
    const std::string_view mount = kMountRows[i].path;
    if (path.size() < mount.size()) continue;
    if (path.size() > mount.size() && path[mount.size()] != '/') continue;
    if (path.substr(0, mount.size()) == mount) return i;
  }
  return kNoMount;
}

Location location_in(std::size_t mount, std::string_view path) {
  const std::size_t size = kMountRows[mount].path.size();
  return {path, path.size() == size ? std::string_view{} : path.substr(size + 1)};
}

bool is_above_mounts(std::string_view path) { return path == "/" || path == "/mem"; }

std::unexpected<Error> no_mount(std::string_view path) {
  std::string hint = "the mounts are";
  for (const MountRow& row : kMountRows) hint += fmt::format(" {}", row.path);
  return fail(ErrorCode::kNotFound, fmt::format("no mount holds \"{}\"", path), std::move(hint));
}

std::unexpected<Error> read_only(std::string_view path, std::size_t mount) {
  return fail(kReadOnly, fmt::format("\"{}\" lies in {}, which is read-only", path, kMountRows[mount].path));
}

std::unexpected<Error> is_directory(std::string_view path) {
  return fail(kIsDirectory, fmt::format("\"{}\" is a directory", path));
}

Status check_flags(OpenFlags flags) {
  const auto refuse = [](const char* what) { return fail(ErrorCode::kInvalidArgument, what); };
  if ((flags & ~kKnownFlags) != 0) return refuse("open was given an unknown flag");
  if ((flags & kAccessFlags) == 0) return refuse("open needs read, write or append");
  const bool writes = (flags & (bit(OpenFlag::kWrite) | bit(OpenFlag::kAppend))) != 0;
  if (!writes && (flags & kWritingFlags) != 0) return refuse("open to create or truncate needs write or append");
  if ((flags & bit(OpenFlag::kExclusive)) != 0 && (flags & bit(OpenFlag::kCreate)) == 0) {
    return refuse("open with exclusive needs create");
  }
  return {};
}

class MemoryNamespace final : public Namespace {
 public:
  MemoryNamespace(Limits limits, const Clock& clock)
      : ledger_(std::make_shared<memory::Ledger>(memory::Ledger{limits, clock})), created_us_(clock.wall_us()) {}

  Result<std::shared_ptr<OpenFile>> open(std::string_view path, OpenFlags flags) override;
  Result<std::string> read(std::string_view path, std::int64_t offset, std::int64_t size) const override;
  Result<std::int64_t> write(std::string_view path, std::string_view content) override;
  Result<std::int64_t> write_at(std::string_view path, std::int64_t offset, std::string_view content) override;
  Result<std::int64_t> append(std::string_view path, std::string_view content) override;
  Result<Stat> stat(std::string_view path) const override;
  Result<std::vector<Stat>> list(std::string_view path) const override;
  Status make_directory(std::string_view path) override;
  Status unlink(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status publish(std::string_view path, std::string_view content) override;
  std::int64_t bytes_used() const override { return ledger_->bytes; }
  std::int64_t nodes_used() const override { return ledger_->nodes; }

 private:
  std::int64_t now_us() const { return ledger_->clock.wall_us(); }
  Tree& tree(std::size_t mount);
  Stat mount_stat(std::size_t mount) const;
  Stat folder_stat(std::string_view path) const;
  // Null when absent.
  Node* find(std::size_t mount, const Location& at) const {
    return trees_[mount] ? trees_[mount]->find(at.below) : nullptr;
  }
  std::unexpected<Error> missing(std::size_t mount, const Location& at) const;
  // The mount of a path that may be changed: kNotFound, kReadOnly.
  Result<std::size_t> writable(std::string_view path) const;
  // The same for a node that is to be made, removed or moved, which a mount itself never is.
  Result<std::size_t> changeable(std::string_view path, const char* verb) const;
  // The existing file there or null; kIsDirectory.
  Result<File*> file_or_null(std::size_t mount, const Location& at) const;
  Result<std::int64_t> replace(std::size_t mount, std::string_view path, std::string_view content, Charged charged);

  std::shared_ptr<memory::Ledger> ledger_;  // declared first: the trees charge it when they go
  std::int64_t created_us_;
  std::array<std::unique_ptr<Tree>, kMountCount> trees_;  // null until first written
};
static_assert(sizeof(MemoryNamespace) + sizeof(memory::Ledger) + 4 * sizeof(void*) < 512,
              "an untouched namespace stays under 512 octets");

Tree& MemoryNamespace::tree(std::size_t mount) {
  if (!trees_[mount]) trees_[mount] = std::make_unique<Tree>(*ledger_);
  return *trees_[mount];
}

std::unexpected<Error> MemoryNamespace::missing(std::size_t mount, const Location& at) const {
  if (trees_[mount]) return trees_[mount]->missing(at);
  return fail(ErrorCode::kNotFound, fmt::format("there is no \"{}\"", at.path));
}

Result<std::size_t> MemoryNamespace::writable(std::string_view path) const {
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount) [[unlikely]] {
    if (is_above_mounts(path)) return is_directory(path);
    return no_mount(path);
  }
  if (kMountRows[mount].read_only) [[unlikely]]
    return read_only(path, mount);
  return mount;
}

Result<std::size_t> MemoryNamespace::changeable(std::string_view path, const char* verb) const {
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount && !is_above_mounts(path)) return no_mount(path);
  if (mount != kNoMount && kMountRows[mount].read_only) return read_only(path, mount);
  if (mount == kNoMount || path.size() == kMountRows[mount].path.size()) {
    return fail(ErrorCode::kNotPermitted,
                fmt::format("\"{}\" belongs to the mount table and cannot be {}", path, verb));
  }
  return mount;
}

Result<File*> MemoryNamespace::file_or_null(std::size_t mount, const Location& at) const {
  if (at.below.empty()) [[unlikely]]
    return is_directory(at.path);
  Node* node = find(mount, at);
  if (node == nullptr) return static_cast<File*>(nullptr);
  if (node->kind() == NodeKind::kDirectory) [[unlikely]]
    return is_directory(at.path);
  return memory::as_file(node);
}

Result<std::shared_ptr<OpenFile>> MemoryNamespace::open(std::string_view path, OpenFlags flags) {
  TRY(check_flags(flags));
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount) {
    if (is_above_mounts(path)) return is_directory(path);
    return no_mount(path);
  }
  if (kMountRows[mount].read_only && (flags & kWritingFlags) != 0) return read_only(path, mount);
  const Location at = location_in(mount, path);
  File* existing = TRY(file_or_null(mount, at));
  std::shared_ptr<File> file;
  if (existing == nullptr) {
    if ((flags & bit(OpenFlag::kCreate)) == 0) return missing(mount, at);
    file = TRY(tree(mount).create_file(at, {}, Parents::kMustExist, Charged::kWithinLimits));
  } else {
    if ((flags & bit(OpenFlag::kExclusive)) != 0) {
      return fail(ErrorCode::kAlreadyExists, fmt::format("\"{}\" exists", path));
    }
    if ((flags & bit(OpenFlag::kTruncate)) != 0) {
      TRY(existing->replace({}, Charged::kWithinLimits));
      existing->touch(now_us());
    }
    file = std::static_pointer_cast<File>(trees_[mount]->share(at.below));
  }
  return memory::open_file(ledger_, std::move(file), path, mounts()[mount], flags);
}

Result<std::string> MemoryNamespace::read(std::string_view path, std::int64_t offset, std::int64_t size) const {
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount) {
    if (is_above_mounts(path)) return is_directory(path);
    return no_mount(path);
  }
  if (offset < 0) return fail(ErrorCode::kInvalidArgument, fmt::format("the offset {} is negative", offset));
  const Location at = location_in(mount, path);
  File* file = TRY(file_or_null(mount, at));
  if (file == nullptr) return missing(mount, at);
  return file->read_at(offset, size);
}

Result<std::int64_t> MemoryNamespace::replace(std::size_t mount, std::string_view path, std::string_view content,
                                              Charged charged) {
  const Location at = location_in(mount, path);
  File* file = TRY(file_or_null(mount, at));
  if (file != nullptr) [[likely]] {
    TRY(file->replace(content, charged));
    file->touch(now_us());
  } else {
    TRY(tree(mount).create_file(at, content, Parents::kCreate, charged));
  }
  return static_cast<std::int64_t>(content.size());
}

Result<std::int64_t> MemoryNamespace::write(std::string_view path, std::string_view content) {
  return replace(TRY(writable(path)), path, content, Charged::kWithinLimits);
}

Result<std::int64_t> MemoryNamespace::write_at(std::string_view path, std::int64_t offset, std::string_view content) {
  const std::size_t mount = TRY(writable(path));
  if (offset < 0) return fail(ErrorCode::kInvalidArgument, fmt::format("the offset {} is negative", offset));
  const Location at = location_in(mount, path);
  File* file = TRY(file_or_null(mount, at));
  if (file == nullptr) {
    if (offset != 0) return missing(mount, at);  // a hole at the start of a new file is a mistake
    return replace(mount, path, content, Charged::kWithinLimits);
  }
  TRY(file->write_at(offset, content));
  file->touch(now_us());
  return static_cast<std::int64_t>(content.size());
}

Result<std::int64_t> MemoryNamespace::append(std::string_view path, std::string_view content) {
  const std::size_t mount = TRY(writable(path));
  File* file = TRY(file_or_null(mount, location_in(mount, path)));
  if (file == nullptr) return replace(mount, path, content, Charged::kWithinLimits);
  TRY(file->append(content));
  file->touch(now_us());
  return static_cast<std::int64_t>(content.size());
}

Stat MemoryNamespace::mount_stat(std::size_t mount) const {
  const MountRow& row = kMountRows[mount];
  if (trees_[mount]) {
    Stat stat = memory::stat_of(trees_[mount]->root(), row.path, row.path, row.read_only);
    stat.created_us = created_us_;
    return stat;
  }
  Stat stat = folder_stat(row.path);
  stat.read_only = row.read_only;
  return stat;
}

Stat MemoryNamespace::folder_stat(std::string_view path) const {
  Stat stat;
  stat.path = path;
  stat.kind = NodeKind::kDirectory;
  stat.created_us = stat.modified_us = created_us_;
  stat.read_only = true;
  stat.mount = path;
  return stat;
}

Result<Stat> MemoryNamespace::stat(std::string_view path) const {
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount) {
    if (is_above_mounts(path)) return folder_stat(path);
    return no_mount(path);
  }
  const Location at = location_in(mount, path);
  if (at.below.empty()) return mount_stat(mount);
  const Node* node = find(mount, at);
  if (node == nullptr) return missing(mount, at);
  return memory::stat_of(*node, path, kMountRows[mount].path, kMountRows[mount].read_only);
}

Result<std::vector<Stat>> MemoryNamespace::list(std::string_view path) const {
  std::vector<Stat> stats;
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount) {
    if (!is_above_mounts(path)) return no_mount(path);
    for (const Mount& row : mounts()) {
      if (contains(path, row.path)) stats.push_back(mount_stat(mount_of(row.path)));
    }
    std::ranges::sort(stats, {}, &Stat::path);
    return stats;
  }
  const Location at = location_in(mount, path);
  if (at.below.empty() && !trees_[mount]) return stats;
  Node* node = find(mount, at);
  if (node == nullptr) return missing(mount, at);
  if (node->kind() != NodeKind::kDirectory) {
    return fail(kNotDirectory, fmt::format("\"{}\" is a file, not a directory", path));
  }
  const auto& entries = memory::as_directory(node)->entries;
  stats.reserve(entries.size());
  for (const auto& [name, child] : entries) {
    stats.push_back(
        memory::stat_of(*child, fmt::format("{}/{}", path, name), kMountRows[mount].path, kMountRows[mount].read_only));
  }
  return stats;
}

Status MemoryNamespace::make_directory(std::string_view path) {
  const std::size_t mount = mount_of(path);
  const bool is_mount = mount != kNoMount && path.size() == kMountRows[mount].path.size();
  if (is_above_mounts(path) || (is_mount && !kMountRows[mount].read_only)) {
    return fail(ErrorCode::kAlreadyExists, fmt::format("\"{}\" exists", path));
  }
  return tree(TRY(changeable(path, "made"))).make_directory(location_in(mount, path));
}

Status MemoryNamespace::unlink(std::string_view path) {
  const std::size_t mount = TRY(changeable(path, "removed"));
  const Location at = location_in(mount, path);
  if (!trees_[mount]) return missing(mount, at);
  return trees_[mount]->unlink(at);
}

Status MemoryNamespace::rename(std::string_view from, std::string_view to) {
  const std::size_t mount = TRY(changeable(from, "renamed"));
  const std::size_t target = TRY(changeable(to, "replaced"));
  if (mount != target) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" and \"{}\" lie in different mounts", from, to),
                "read it and write it there");
  }
  const Location at = location_in(mount, from);
  if (!trees_[mount]) return missing(mount, at);
  return trees_[mount]->rename(at, location_in(mount, to));
}

Status MemoryNamespace::publish(std::string_view path, std::string_view content) {
  const std::size_t mount = mount_of(path);
  if (mount == kNoMount) return no_mount(path);
  if (!kMountRows[mount].read_only) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" does not lie in a read-only mount", path));
  }
  TRY(replace(mount, path, content, Charged::kAlways));
  return {};
}

std::vector<Mount> make_mounts() {
  std::vector<Mount> mounts;
  for (const MountRow& row : kMountRows) {
    mounts.push_back({std::string(row.path), row.read_only, "memory", std::string(row.summary)});
  }
  return mounts;
}

}  // namespace

const std::vector<Mount>& Namespace::mounts() {
  static const std::vector<Mount> mounts = make_mounts();  // immutable, shared by every namespace
  return mounts;
}

std::unique_ptr<Namespace> Namespace::make(Limits limits, const Clock& clock) {
  return std::make_unique<MemoryNamespace>(limits, clock);
}

}  // namespace agentos::vfs
