// Making and removing a tree's own directory with descriptor-relative calls only.
#include "lib/sandbox/mechanism/tree_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace agentos::sandbox {
namespace {

constexpr int kDepthMax = 32;
constexpr int kEntriesMax = 1'000'000;

struct Removal {
  int top = -1;  // directory deeper ones are moved up to
  int entries_left = kEntriesMax;
  unsigned moved = 0;
};

int open_directory(int parent, const char* name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = ::openat(parent, name, kFlags);
  if (fd < 0 && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0) fd = ::openat(parent, name, kFlags);
  return fd;
}

int empty_directory(int directory, int depth, Removal& removal);

int remove_entry(int directory, const char* name, int depth, Removal& removal) {
  if (--removal.entries_left < 0) return E2BIG;
  if (::unlinkat(directory, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM && errno != EACCES) return errno;
  if (depth >= kDepthMax) {  // keeps the recursion and the open descriptors bounded
    char moved_name[32];
    std::snprintf(moved_name, sizeof moved_name, ".moved-%u", removal.moved++);
    return ::renameat(directory, name, removal.top, moved_name) == 0 ? 0 : errno;
  }
  const int inner = open_directory(directory, name);
  if (inner < 0) return errno;
  const int error = empty_directory(inner, depth + 1, removal);
  if (error != 0) return error;
  return ::unlinkat(directory, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

// One pass; takes ownership of the descriptor.
int empty_directory(int directory, int depth, Removal& removal) {
  DIR* entries = ::fdopendir(directory);
  if (entries == nullptr) {
    ::close(directory);
    return ENOMEM;
  }
  ::fchmod(directory, 0700);
  int result = 0;
  while (const dirent* entry = ::readdir(entries)) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    const int error = remove_entry(directory, entry->d_name, depth, removal);
    if (error != 0) result = error;
    if (removal.entries_left < 0) break;
  }
  ::closedir(entries);
  return result;
}

}  // namespace

int make_tree_directory(const char* path, TreeTmp tmp, unsigned owner) {
  if (::mkdir(path, 0700) != 0) return errno;
  const int directory = ::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return errno;
  int error = 0;
  const int canary = ::openat(directory, kCanaryName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  if (canary < 0) {
    error = errno;
  } else {
    ::close(canary);
  }
  if (error == 0 && tmp == TreeTmp::kMake && ::mkdirat(directory, kTmpName, 0700) != 0) error = errno;
  if (error == 0 && tmp == TreeTmp::kMake && owner != kSameUser &&
      ::fchownat(directory, kTmpName, owner, owner, AT_SYMLINK_NOFOLLOW) != 0) {
    error = errno;
  }
  ::close(directory);
  return error;
}

int remove_tree_directory(const char* path) {
  Removal removal;
  removal.top = ::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (removal.top < 0) return errno == ENOENT ? 0 : errno;
  int error = 0;
  do {  // again while directories were moved up
    removal.moved = 0;
    const int pass = ::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    error = pass < 0 ? errno : empty_directory(pass, 0, removal);
  } while (removal.moved > 0 && removal.entries_left > 0);
  ::close(removal.top);
  return ::rmdir(path) == 0 ? 0 : (error != 0 ? error : errno);
}

}  // namespace agentos::sandbox
