// Mounts as descriptors: copied, changed while nobody sees them, then attached.
#pragma once

#include <sys/mount.h>

#include <cstdint>

namespace agentos::sandbox {

inline constexpr std::uint64_t kPlainMount = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

// A detached copy of what is mounted at the path and below; the last name is not followed. -1 with errno.
int copy_mount(int folder, const char* path);

// Adds MOUNT_ATTR_* bits to a detached mount and all below it, and with `user_namespace` >= 0 maps its ids.
bool set_mount_attributes(int mount_fd, std::uint64_t set, int user_namespace);

bool attach_mount(int mount_fd, int folder, const char* path);

// As the options of tmpfs; null: none.
struct FileSystemOptions {
  const char* mode = nullptr;  // of its root
  const char* size = nullptr;
  const char* inodes = nullptr;
};

// A detached new file system. -1 with errno.
int new_file_system(const char* type, const FileSystemOptions& options, std::uint64_t attributes);

}  // namespace agentos::sandbox
