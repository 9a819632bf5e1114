// Whoever made a call that the filter sends to init: its memory, its descriptors, its view of the file system.
//
// The caller may die and its number be reused, so every answer is checked against the notification's id. What is read
// from its memory can change right after; nothing may be let through because of it.
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <climits>
#include <cstddef>
#include <cstdint>

namespace agentos::sandbox {

class Caller {
 public:
  Caller(int listener, const seccomp_notif& notification) : listener_(listener), notification_(notification) {}

  bool alive() const;
  int number() const { return notification_.data.nr; }
  std::uint64_t argument(int index) const { return notification_.data.args[index]; }
  std::uint32_t thread() const { return notification_.pid; }
  int process() const;  // the thread's process; -1: gone

  // Up to `size` bytes at `address`; how many were read, -1 on failure.
  ssize_t read_memory(std::uint64_t address, void* into, std::size_t size) const;
  // A string of at most PATH_MAX bytes with its NUL; false with errno.
  bool read_path(std::uint64_t address, char (&path)[PATH_MAX]) const;
  // An O_PATH descriptor of the caller's working directory (AT_FDCWD) or of one of its descriptors; -1 with EBADF.
  int open_descriptor(int number) const;
  // A copy of one of its descriptors; -1 with errno.
  int take_descriptor(int number) const;
  // The caller's name for itself; empty when it is gone.
  void read_name(char* into, std::size_t size) const;

 private:
  const int listener_;
  const seccomp_notif& notification_;
};

class Held {  // a descriptor that closes itself
 public:
  explicit Held(int fd) : fd_(fd) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held();
  int get() const { return fd_; }

 private:
  int fd_;
};

// What /proc calls the file behind a descriptor; false when it has no absolute name of at most PATH_MAX - 1 bytes.
bool path_of(int fd, char (&path)[PATH_MAX]);

}  // namespace agentos::sandbox
