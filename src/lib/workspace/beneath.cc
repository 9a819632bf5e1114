// openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV; there is no weaker way.
#include "lib/workspace/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/json/value.h"

namespace agentos::workspace {
namespace {

constexpr int kTriesMax = 100;

}  // namespace

Result<io::Fd> open_folder(const std::string& path) {
  io::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(errno, "cannot open the folder " + quoted(path));
  return fd;
}

int try_open_beneath(int folder, const std::string& path, int flags, mode_t mode) {
  if (path.size() > kPathBytesMax) return -ENAMETOOLONG;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const long number = ::syscall(SYS_openat2, folder, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (number >= 0) return static_cast<int>(number);
    if (errno != EINTR && errno != EAGAIN) break;  // EAGAIN: something was renamed meanwhile
  }
  return -errno;
}

Result<io::Fd> open_beneath(int folder, const std::string& path, int flags, mode_t mode) {
  const int number = try_open_beneath(folder, path, flags, mode);
  if (number >= 0) return io::Fd(number);
  if (number == -EXDEV) {
    return fail(ErrorCode::kUnsupported, quoted(path) + " is on another file system than the folder it is in",
                "unmount it, or take a folder without mounts in it");
  }
  return fail_errno(-number, "cannot open " + quoted(path));
}

Result<std::vector<std::string>> some_names_in(int folder, std::string_view path, std::size_t count) {
  // A descriptor of its own: reading moves the offset that duplicates share.
  const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return fail_errno(errno, "cannot read the folder " + quoted(path));
  const auto close = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory(::fdopendir(own), close);
  if (directory == nullptr) {
    ::close(own);
    return fail_errno(errno, "cannot read the folder " + quoted(path));
  }
  std::vector<std::string> names;
  while (names.size() < count) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return fail_errno(errno, "cannot read the folder " + quoted(path));
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> names_in(int folder, std::string_view path) {
  std::vector<std::string> names = TRY(some_names_in(folder, path, kNamesPerFolderMax + 1));
  if (names.size() <= kNamesPerFolderMax) return names;
  return fail(ErrorCode::kTooLarge,
              "the folder " + quoted(path) + " has more than " + std::to_string(kNamesPerFolderMax) + " names");
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool plain_path(std::string_view path) {
  if (path.empty() || path.size() > kPathBytesMax || path.find('\0') != std::string_view::npos) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (name.empty() || name == "." || name == "..") return false;
    at = end + 1;
  }
  return true;
}

std::string quoted(std::string_view path) {
  std::string out;
  json::write_string(json::to_valid_utf8(path), out);
  return out;
}

}  // namespace agentos::workspace
