// Descriptor semantics: offset, append and access mode live here, content and charges in the node.
#include "lib/vfs/fs/memory/open_file.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace agentos::vfs::memory {
namespace {

bool has(OpenFlags flags, OpenFlag flag) { return (flags & static_cast<OpenFlags>(flag)) != 0; }

Status check_offset(std::int64_t offset) {
  if (offset >= 0) return {};
  return fail(ErrorCode::kInvalidArgument, fmt::format("the offset {} is negative", offset), "offsets start at 0");
}

class MemoryOpenFile final : public OpenFile {
 public:
  MemoryOpenFile(std::shared_ptr<Ledger> ledger, std::shared_ptr<File> file, std::string_view path, const Mount& mount,
                 OpenFlags flags)
      : ledger_(std::move(ledger)), file_(std::move(file)), path_(path), mount_(mount), flags_(flags) {}

  Result<std::string> read(std::int64_t size) override {
    std::string content = TRY(read_at(offset_, size));
    offset_ += static_cast<std::int64_t>(content.size());
    return content;
  }

  Result<std::string> read_at(std::int64_t offset, std::int64_t size) const override {
    if (!has(flags_, OpenFlag::kRead)) {
      return fail(kBadHandle, fmt::format("\"{}\" is not open for reading", path_), "open it with mode r or rw");
    }
    TRY(check_offset(offset));
    return file_->read_at(offset, size);
  }

  Result<std::int64_t> write(std::string_view content) override {
    const std::int64_t offset = has(flags_, OpenFlag::kAppend) ? file_->size() : offset_;
    const std::int64_t written = TRY(put(offset, content));
    offset_ = offset + written;
    return written;
  }

  Result<std::int64_t> write_at(std::int64_t offset, std::string_view content) override {
    // As pwrite(2) on Linux: with append the octets go to the end, whatever the offset.
    return put(has(flags_, OpenFlag::kAppend) ? file_->size() : offset, content);
  }

  Result<std::int64_t> seek(std::int64_t offset, int whence) override {
    std::int64_t base = 0;
    if (whence == SEEK_CUR) {
      base = offset_;
    } else if (whence == SEEK_END) {
      base = file_->size();
    } else if (whence != SEEK_SET) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{} is no seek origin", whence),
                  "use start, current or end");
    }
    std::int64_t target = 0;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("offset {} from {} is outside any file", offset, base));
    }
    return offset_ = target;
  }

  Stat stat() const override { return stat_of(*file_, path_, mount_.path, mount_.read_only); }
  OpenFlags flags() const override { return flags_; }

 private:
  Result<std::int64_t> put(std::int64_t offset, std::string_view content) {
    if (!has(flags_, OpenFlag::kWrite) && !has(flags_, OpenFlag::kAppend)) {
      return fail(kBadHandle, fmt::format("\"{}\" is not open for writing", path_), "open it with mode w, a or rw");
    }
    TRY(check_offset(offset));
    TRY(file_->write_at(offset, content));
    if (!content.empty()) file_->touch(ledger_->clock.wall_us());
    return static_cast<std::int64_t>(content.size());
  }

  std::shared_ptr<Ledger> ledger_;  // declared first: the file charges it when it goes
  std::shared_ptr<File> file_;
  std::string path_;
  const Mount& mount_;  // of the mount table, which lives as long as the program
  OpenFlags flags_;
  std::int64_t offset_ = 0;
};

}  // namespace

Stat stat_of(const Node& node, std::string_view path, std::string_view mount, bool read_only) {
  Stat stat;
  stat.path = path;
  stat.kind = node.kind();
  if (node.kind() == NodeKind::kFile) stat.size = static_cast<const File&>(node).size();
  stat.created_us = node.created_us();
  stat.modified_us = node.modified_us();
  stat.read_only = read_only;
  stat.mount = mount;
  return stat;
}

std::shared_ptr<OpenFile> open_file(std::shared_ptr<Ledger> ledger, std::shared_ptr<File> file, std::string_view path,
                                    const Mount& mount, OpenFlags flags) {
  return std::make_shared<MemoryOpenFile>(std::move(ledger), std::move(file), path, mount, flags);
}

}  // namespace agentos::vfs::memory
