// The disk of this machine. The lock is an open-file-description lock: it goes with its holder, also when that is
// killed, and asking whether it is held does not take it.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/io/fd.h"
#include "lib/recorder/direct_append.h"
#include "lib/recorder/disk.h"

namespace agentos::recorder {

namespace {

constexpr std::size_t kZeroChunk = 256 * 1024;

std::unexpected<Error> failed(int error_number, std::string_view verb, const std::string& path) {
  return fail_errno(error_number, fmt::format("cannot {} {}", verb, path));
}

class RealFile final : public DiskFile {
 public:
  RealFile(io::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status write_at(std::uint64_t offset, std::string_view octets) override { return write_all(offset, octets, 0); }

  Status append_synced_at(std::uint64_t offset, std::string_view octets) override {
    if (!asked_for_direct_) direct_ = DirectAppend::of(fd_);
    asked_for_direct_ = true;
    if (direct_ != nullptr) {
      Status appended = direct_->append(offset, octets);
      if (appended) return appended;
      if (appended.error().code != ErrorCode::kUnsupported)
        return fail(appended.error().code, fmt::format("{}: {}", path_, appended.error().message));
    }
    return write_synced_at(offset, octets);
  }

  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return failed(errno, "sync", path_);
    return {};
  }

  Status reserve(std::uint64_t size) override {
    if (::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size)) == 0) return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS) return write_zeroes(size);
    return failed(errno, fmt::format("reserve {} octets for", size), path_);
  }

  Status clear(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return failed(errno, "shorten", path_);
    // Marks the blocks as unwritten and keeps them: no octet is written twice, and none is given back and asked for
    // again, which costs this disk more than writing.
    if (::fallocate(fd_.get(), FALLOC_FL_ZERO_RANGE, 0, static_cast<off_t>(size)) == 0) return {};
    if (errno != EOPNOTSUPP && errno != ENOSYS) return failed(errno, "clear", path_);
    if (::ftruncate(fd_.get(), 0) != 0) return failed(errno, "empty", path_);
    return reserve(size);
  }

  Result<std::size_t> read_at(std::uint64_t offset, char* octets, std::size_t size) override {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(fd_.get(), octets + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(errno, "read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return failed(errno, "examine", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  void will_read(std::uint64_t offset, std::size_t size) override {
    (void)::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
  }

 private:
  Status write_synced_at(std::uint64_t offset, std::string_view octets) {
    if (!per_write_sync_) {
      TRY(write_all(offset, octets, 0));
      return sync();
    }
    auto written = write_all(offset, octets, RWF_DSYNC);
    if (written || written.error().code != ErrorCode::kUnsupported) return written;
    per_write_sync_ = false;
    return write_synced_at(offset, octets);
  }

  Status write_all(std::uint64_t offset, std::string_view octets, int flags) {
    while (!octets.empty()) {
      iovec part{const_cast<char*>(octets.data()), octets.size()};
      const ssize_t n = ::pwritev2(fd_.get(), &part, 1, static_cast<off_t>(offset), flags);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failed(n < 0 ? errno : EIO, "write", path_);
      octets.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Status write_zeroes(std::uint64_t size) {
    const std::string zeroes(kZeroChunk, '\0');
    for (std::uint64_t at = 0; at < size; at += kZeroChunk)
      TRY(write_all(at, std::string_view(zeroes).substr(0, std::min<std::uint64_t>(kZeroChunk, size - at)), 0));
    return sync();  // here, so that the next sync has little to do
  }

  io::Fd fd_;
  std::string path_;
  bool per_write_sync_ = true;
  std::unique_ptr<DirectAppend> direct_;
  bool asked_for_direct_ = false;
};

class RealLock final : public DiskLock {
 public:
  explicit RealLock(io::Fd fd) : fd_(std::move(fd)) {}

 private:
  io::Fd fd_;
};

class RealDisk final : public Disk {
 public:
  Status make_directory(const std::string& path) override {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      const bool made = ::mkdir(part.c_str(), 0700) == 0;
      if (!made && errno != EEXIST) return failed(errno, "create directory", part);
      const auto slash = part.rfind('/');
      if (made) TRY(sync_directory(slash == part.npos ? "." : slash == 0 ? "/" : part.substr(0, slash)));
      if (end == std::string::npos) break;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return failed(errno, "examine", path);
    if (!S_ISDIR(status.st_mode)) return failed(ENOTDIR, "use", path);
    return {};
  }

  Status sync_directory(const std::string& path) override {
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return failed(errno, "open directory", path);
    if (::fsync(fd.get()) != 0 && errno != EINVAL) return failed(errno, "sync directory", path);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    return names_in(directory, [](mode_t mode) { return S_ISREG(mode) || S_ISLNK(mode); });
  }
  Result<std::vector<std::string>> list_folders(const std::string& directory) override {
    return names_in(directory, [](mode_t mode) { return S_ISDIR(mode); });
  }

  Result<std::unique_ptr<DiskFile>> create(const std::string& path) override {
    return open_with(path, O_RDWR | O_CREAT | O_TRUNC);
  }
  Result<std::unique_ptr<DiskFile>> open(const std::string& path) override { return open_with(path, O_RDWR); }
  Result<std::unique_ptr<DiskFile>> open_for_reading(const std::string& path) override {
    return open_with(path, O_RDONLY);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed(errno, "rename to", to);
    return {};
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed(errno, "remove", path);
    return {};
  }

  Status remove_folder(const std::string& path) override {
    std::error_code error;
    const auto removed = std::filesystem::remove_all(path, error);
    if (error) return failed(error.value(), "remove", path);
    return removed == 0 ? failed(ENOENT, "remove", path) : Status{};
  }

  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override {
    io::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return failed(errno, "open", path);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    if (::fcntl(fd.get(), F_OFD_SETLK, &whole) != 0) return failed(errno, "lock", path);
    return std::make_unique<RealLock>(std::move(fd));
  }

  bool is_locked(const std::string& path) override {
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock whole{};
    whole.l_type = F_RDLCK;
    return fd.valid() && ::fcntl(fd.get(), F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
  }

 private:
  static Result<std::vector<std::string>> names_in(const std::string& directory, bool (*wanted)(mode_t)) {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return failed(errno, "open directory", directory);
    std::vector<std::string> names;
    while (const dirent* item = ::readdir(stream)) {
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      mode_t mode = DTTOIF(item->d_type);
      struct stat status{};  // where the file system does not say; what is gone by now is none
      const int folder = item->d_type == DT_UNKNOWN ? ::dirfd(stream) : -1;
      if (folder >= 0 && ::fstatat(folder, item->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) mode = status.st_mode;
      if (wanted(mode)) names.emplace_back(name);
    }
    ::closedir(stream);
    return names;
  }

  static Result<std::unique_ptr<DiskFile>> open_with(const std::string& path, int flags) {
    io::Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return failed(errno, "open", path);
    return std::make_unique<RealFile>(std::move(fd), path);
  }
};

}  // namespace

std::unique_ptr<Disk> make_real_disk() { return std::make_unique<RealDisk>(); }

Result<std::string> read_small_file(Disk& disk, const std::string& path, std::size_t size_max) {
  auto file = TRY(disk.open_for_reading(path));
  const std::uint64_t size = TRY(file->size());
  if (size > size_max) return fail(ErrorCode::kTooLarge, fmt::format("{} has {} octets", path, size));
  std::string content(size, '\0');
  content.resize(TRY(file->read_at(0, content.data(), content.size())));
  return content;
}

Status replace_file(Disk& disk, const std::string& directory, const std::string& name, std::string_view content) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".tmp";
  auto file = TRY(disk.create(temporary));
  TRY(file->write_at(0, content));
  TRY(file->sync());
  TRY(disk.rename(temporary, path));
  return disk.sync_directory(directory);
}

}  // namespace agentos::recorder
