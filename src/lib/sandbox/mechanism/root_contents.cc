// Plain files and links of the small file system that is the root.
#include "lib/sandbox/mechanism/root_contents.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lib/sandbox/mechanism/root_filesystem.h"

namespace agentos::sandbox {
namespace {

constexpr std::size_t kAccountBytesMax = 256 * 1024;
constexpr const char* kPasswords = "/etc/passwd";
constexpr const char* kGroups = "/etc/group";

struct Link {
  const char* path;
  const char* target;
};
constexpr Link kLinks[] = {{"dev/fd", "/proc/self/fd"},
                           {"dev/stdin", "/proc/self/fd/0"},
                           {"dev/stdout", "/proc/self/fd/1"},
                           {"dev/stderr", "/proc/self/fd/2"}};

bool make_empty_file(int root, const char* path, mode_t mode) {
  const int fd = ::openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

bool make_root_contents(int root, const PlanHeader& header) {
  if (::mkdirat(root, kOwnFolder + 1, 0755) != 0 || !make_empty_file(root, kInsideCanary + 1, 0700) ||
      ::mkdirat(root, kHiddenFolder, 0) != 0 || !make_empty_file(root, kHiddenFile, 0)) {
    return false;
  }
  // What the probe may not open must be its own, or user ids alone would refuse it.
  if (header.user != kSameUser && ::fchownat(root, kInsideCanary + 1, header.user, header.user, 0) != 0) return false;
  if (::mkdirat(root, "dev", 0755) != 0) return false;
  for (const Link& link : kLinks) {
    if (::symlinkat(link.target, root, link.path) != 0) return false;
  }
  return true;
}

bool is_account_file(const char* path, const PlanHeader& header) {
  return header.user != kSameUser && (std::strcmp(path, kPasswords) == 0 || std::strcmp(path, kGroups) == 0);
}

bool make_account_file(int root, const char* path, const PlanHeader& header) {
  const int from = ::open(path, O_RDONLY | O_CLOEXEC);
  if (from < 0) return false;
  const int to = ::openat(root, path + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (to < 0) {
    ::close(from);
    return errno == EEXIST;  // made by an earlier rule
  }
  static char text[kAccountBytesMax];  // longer lists are cut at a line; the program's own line is what counts
  const ssize_t count = ::read(from, text, sizeof text - 128);
  std::size_t size = count > 0 ? static_cast<std::size_t>(count) : 0;
  while (size > 0 && text[size - 1] != '\n') --size;
  const int added =
      std::strcmp(path, kPasswords) == 0
          ? std::snprintf(text + size, sizeof text - size, "agent:x:%u:%u:agent:/:/bin/sh\n", header.user, header.user)
          : std::snprintf(text + size, sizeof text - size, "agent:x:%u:\n", header.user);
  const auto whole = static_cast<ssize_t>(size) + added;
  const bool done = ::write(to, text, static_cast<std::size_t>(whole)) == whole;
  ::close(from);
  ::close(to);
  return done;
}

}  // namespace agentos::sandbox
