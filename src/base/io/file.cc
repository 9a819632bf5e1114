// System calls with their retries; every failure names the path.
#include "base/io/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/io/fd.h"

namespace agentos::io {

namespace {

constexpr std::size_t kReadStep = 64 * 1024;
constexpr std::size_t kDirectoryEntriesMax = 1'000'000;

Fd open_retrying(const std::string& path, int flags) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC);
  } while (number < 0 && errno == EINTR);
  return Fd(number);
}

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "cannot write " + path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_folder(const std::string& folder) {
  const Fd fd = open_retrying(folder, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return fail_errno(errno, "cannot open " + folder);
  // Some file systems cannot sync a directory and say EINVAL; there is nothing more to be had from them.
  if (fsync(fd.get()) != 0 && errno != EINVAL) return fail_errno(errno, "cannot sync " + folder);
  return {};
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const Fd fd = open_retrying(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.valid()) return fail_errno(errno, "cannot open " + path);
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot stat " + path);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kInvalidArgument, path + " is not a regular file");
  std::string content;
  while (true) {
    const std::size_t have = content.size();
    const std::size_t expected = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    const std::size_t step = expected >= have ? std::min(expected - have + 1, kReadStep) : kReadStep;
    content.resize(have + step);
    const ssize_t got = ::read(fd.get(), content.data() + have, step);
    content.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read " + path);
    if (content.size() > bytes_max) {
      return fail(ErrorCode::kTooLarge, path + " has more than " + std::to_string(bytes_max) + " bytes");
    }
    if (got == 0) return content;
  }
}

Status write_file_atomic(const std::string& path, std::string_view content, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return fail_errno(errno, "cannot make a temporary file beside " + path);
  const auto give_up = [&temporary](Status status) {
    ::unlink(temporary.c_str());
    return status;
  };
  if (fchmod(fd.get(), mode) != 0) return give_up(fail_errno(errno, "cannot set the mode of " + temporary));
  if (Status status = write_all(fd.get(), content, temporary); !status) return give_up(status);
  if (fsync(fd.get()) != 0) return give_up(fail_errno(errno, "cannot sync " + temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(fail_errno(errno, "cannot replace " + path));
  return sync_folder(folder_of(path));
}

Status make_directories(const std::string& path, mode_t mode) {
  if (path.empty()) return fail(ErrorCode::kInvalidArgument, "the path of a directory is empty");
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const bool made = ::mkdir(part.c_str(), mode) == 0;
    const int error_number = made ? 0 : errno;
    if (!made && !is_directory(part)) {
      return fail_errno(error_number == EEXIST ? ENOTDIR : error_number, "cannot make the directory " + part);
    }
    if (end == std::string::npos) return {};
  }
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const auto close = [](DIR* directory) { closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory(opendir(path.c_str()), close);
  if (directory == nullptr) return fail_errno(errno, "cannot open the directory " + path);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr && errno != 0) return fail_errno(errno, "cannot read the directory " + path);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == kDirectoryEntriesMax) {
      return fail(ErrorCode::kTooLarge, path + " has more than " + std::to_string(kDirectoryEntriesMax) + " entries");
    }
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace agentos::io
