// Raw process work: clone3 into a cgroup, and signals by pidfd to everything that carries a mark.
#include "lib/sandbox/mechanism/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace agentos::sandbox {
namespace {

constexpr int kStopPassesMax = 64;
constexpr const char* kPendingKeys[] = {"SigPnd:\t", "ShdPnd:\t"};

// 'R', 'S', 'T', 'Z' ...; 0 when the process is gone.
char state_of(int pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[256];
  const ssize_t count = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (count <= 0) return 0;
  text[count] = 0;
  const char* name_end = std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' ? name_end[2] : 0;
}

// Whether SIGSTOP waits for it. A process in uninterruptible sleep (the parent of a vfork whose child was stopped) runs
// no more code of its own before it stops.
bool stop_is_pending(int pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/status", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[4096];
  const ssize_t count = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  text[count > 0 ? count : 0] = 0;
  for (const char* key : kPendingKeys) {
    const char* at = std::strstr(text, key);
    if (at != nullptr && (std::strtoull(at + 8, nullptr, 16) >> (SIGSTOP - 1) & 1) != 0) return true;
  }
  return false;
}

bool dead(char state) { return state == 0 || state == 'Z' || state == 'X'; }
bool stopped(int pid, char state) { return state == 'T' || state == 't' || (state == 'D' && stop_is_pending(pid)); }

// Opens the process first and looks at its mark after: a pid that was reused in between fails one of the two.
bool signal_marked(int pid, const TreeMark& tree, int number, bool skip_stopped) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));
  if (process < 0) return false;
  bool needed = false;
  if (carries_mark(pid, tree)) {
    const char state = state_of(pid);
    needed = !dead(state) && !(skip_stopped && stopped(pid, state)) &&
             ::syscall(SYS_pidfd_send_signal, process, number, nullptr, 0U) == 0;
  }
  ::close(process);
  return needed;
}

int signal_all(const TreeMark& tree, int number, bool skip_stopped) {
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return -1;
  int count = 0;
  while (const dirent* entry = ::readdir(processes)) {
    const int pid = std::atoi(entry->d_name);
    if (pid > 0 && carries_mark(pid, tree) && signal_marked(pid, tree, number, skip_stopped)) ++count;
  }
  ::closedir(processes);
  return count;
}

}  // namespace

std::int64_t monotonic_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

int stop_marked(const TreeMark& tree) { return signal_all(tree, SIGSTOP, true); }
int continue_marked(const TreeMark& tree) { return signal_all(tree, SIGCONT, false); }
int kill_marked(const TreeMark& tree) { return signal_all(tree, SIGKILL, false); }

int freeze_marked(const TreeMark& tree) {
  const std::int64_t deadline_ms = monotonic_ms() + kFreezeMsMax;
  for (int i = 0; i < 4 || monotonic_ms() < deadline_ms; ++i) {
    const int running = stop_marked(tree);
    if (running == 0) return 0;
    if (running < 0) return ENOENT;
    const timespec pause{0, i < 4 ? 100'000 : 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return ETIMEDOUT;
}

int end_marked(const TreeMark& tree) {
  for (int i = 0; i < kStopPassesMax && stop_marked(tree) > 0; ++i) {
  }
  return kill_marked(tree);
}

void outrun_everything() {
  sched_param parameter{};
  parameter.sched_priority = 1;
  ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter);
}

int fork_into(int cgroup_directory, std::uint64_t flags) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.flags = flags;
  if (cgroup_directory >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup_directory);
  }
  long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0 && errno == ENOSYS && cgroup_directory < 0 && flags == 0) pid = ::fork();
  return static_cast<int>(pid);
}

void* shared_memory(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace agentos::sandbox
