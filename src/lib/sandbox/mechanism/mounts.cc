// open_tree, mount_setattr, move_mount and fsmount, by number.
#include "lib/sandbox/mechanism/mounts.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace agentos::sandbox {
namespace {

constexpr unsigned kRecursiveFlag = 0x8000;  // AT_RECURSIVE

}  // namespace

int copy_mount(int folder, const char* path) {
  return static_cast<int>(::syscall(SYS_open_tree, folder, path,
                                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | kRecursiveFlag | AT_SYMLINK_NOFOLLOW |
                                        (path[0] == 0 ? AT_EMPTY_PATH : 0U)));
}

bool set_mount_attributes(int mount_fd, std::uint64_t set, int user_namespace) {
  mount_attr attributes{};
  attributes.attr_set = set;
  if (user_namespace >= 0) {
    attributes.attr_set |= MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  }
  return ::syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | kRecursiveFlag, &attributes, sizeof attributes) ==
         0;
}

bool attach_mount(int mount_fd, int folder, const char* path) {
  return ::syscall(SYS_move_mount, mount_fd, "", folder, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

int new_file_system(const char* type, const FileSystemOptions& options, std::uint64_t attributes) {
  const int context = static_cast<int>(::syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
  if (context < 0) return -1;
  const auto set = [&](const char* name, const char* value) {
    return value == nullptr || ::syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, name, value, 0) == 0;
  };
  int result = -1;
  if (set("mode", options.mode) && set("size", options.size) && set("nr_inodes", options.inodes) &&
      ::syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
    result = static_cast<int>(::syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes));
  }
  const int error = errno;
  ::close(context);
  errno = error;
  return result;
}

}  // namespace agentos::sandbox
