// One seccomp notification: read the caller's memory, open what it names, judge it, change it, answer.
#include "apps/init/metadata_broker.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#define CALL(name) __NR_##name

namespace agentos::sandbox {
namespace {

enum class Change : std::uint8_t { kMode, kOwner, kTimes };
enum class TimeUnit : std::uint8_t { kNone, kNanoseconds, kMicroseconds, kSeconds };

constexpr int kNoArgument = -1;
constexpr int kFchmodat2 = 452;
constexpr std::uint32_t kAccessWrite = 2;
constexpr mode_t kModeMask = 01777;  // never set-user-id or set-group-id

// Where a call has its descriptor, path, first value and flags.
struct Form {
  int number;
  Change change;
  int descriptor, path, value, flags;
  TimeUnit unit = TimeUnit::kNone;
  int fixed_flags = 0;
};

constexpr Form kForms[] = {
    {CALL(fchmod), Change::kMode, 0, kNoArgument, 1, kNoArgument},
    {CALL(fchmodat), Change::kMode, 0, 1, 2, kNoArgument},
    {kFchmodat2, Change::kMode, 0, 1, 2, 3},
    {CALL(fchown), Change::kOwner, 0, kNoArgument, 1, kNoArgument},
    {CALL(fchownat), Change::kOwner, 0, 1, 2, 4},
    {CALL(utimensat), Change::kTimes, 0, 1, 2, 3, TimeUnit::kNanoseconds},
#ifdef __x86_64__
    {CALL(chmod), Change::kMode, kNoArgument, 0, 1, kNoArgument},
    {CALL(chown), Change::kOwner, kNoArgument, 0, 1, kNoArgument},
    {CALL(lchown), Change::kOwner, kNoArgument, 0, 1, kNoArgument, TimeUnit::kNone, AT_SYMLINK_NOFOLLOW},
    {CALL(utime), Change::kTimes, kNoArgument, 0, 1, kNoArgument, TimeUnit::kSeconds},
    {CALL(utimes), Change::kTimes, kNoArgument, 0, 1, kNoArgument, TimeUnit::kMicroseconds},
    {CALL(futimesat), Change::kTimes, 0, 1, 2, kNoArgument, TimeUnit::kMicroseconds},
#endif
};

// Reads of a caller that may die and whose pid may be reused: every answer is checked against the notification's id.
class Caller {
 public:
  Caller(int listener, const seccomp_notif& notification) : listener_(listener), notification_(notification) {}

  bool alive() const {
    std::uint64_t id = notification_.id;
    return ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
  }
  std::uint64_t argument(int index) const { return notification_.data.args[index]; }

  // Up to `size` bytes at `address`; how many were read, -1 on failure.
  ssize_t read_memory(std::uint64_t address, void* into, std::size_t size) const {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%u/mem", notification_.pid);
    const int memory = ::open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0) return -1;
    const ssize_t count = alive() ? ::pread(memory, into, size, static_cast<off_t>(address)) : -1;
    ::close(memory);
    return count;
  }

  // An O_PATH descriptor of the caller's working directory (AT_FDCWD) or of one of its descriptors.
  int open_descriptor(int number) const {
    char path[64];
    if (number == AT_FDCWD) {
      std::snprintf(path, sizeof path, "/proc/%u/cwd", notification_.pid);
    } else {
      std::snprintf(path, sizeof path, "/proc/%u/fd/%d", notification_.pid, number);
    }
    const int fd = ::open(path, O_PATH | O_CLOEXEC);
    if (fd >= 0 && alive()) return fd;
    if (fd >= 0) ::close(fd);
    errno = EBADF;
    return -1;
  }

 private:
  const int listener_;
  const seccomp_notif& notification_;
};

int fail_with(int error) {
  errno = error;
  return -1;
}

bool read_path(const Caller& caller, std::uint64_t address, char (&path)[PATH_MAX]) {
  // A page at a time would do; a short read ends at the edge of the mapping.
  const ssize_t count = caller.read_memory(address, path, sizeof path);
  if (count <= 0 || std::memchr(path, 0, static_cast<std::size_t>(count)) == nullptr) {
    errno = count == static_cast<ssize_t>(sizeof path) ? ENAMETOOLONG : EFAULT;
    return false;
  }
  return true;
}

// What the call is about, as an O_PATH descriptor; -1 with errno.
int open_target(const Caller& caller, const Form& form) {
  const int descriptor = form.descriptor == kNoArgument ? AT_FDCWD : static_cast<int>(caller.argument(form.descriptor));
  const int flags = form.flags == kNoArgument ? form.fixed_flags : static_cast<int>(caller.argument(form.flags));
  char path[PATH_MAX] = "";
  const bool named = form.path != kNoArgument && caller.argument(form.path) != 0;
  if (named && !read_path(caller, caller.argument(form.path), path)) return -1;
  if (path[0] == 0) {
    const bool empty_allowed = !named || (flags & AT_EMPTY_PATH) != 0;
    if (!empty_allowed) return fail_with(ENOENT);
    return descriptor == AT_FDCWD && !named ? fail_with(EFAULT) : caller.open_descriptor(descriptor);
  }
  const int folder = path[0] == '/' ? AT_FDCWD : caller.open_descriptor(descriptor);
  if (folder < 0 && path[0] != '/') return -1;
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0);
  how.resolve = RESOLVE_NO_MAGICLINKS;
  const int target = static_cast<int>(::syscall(SYS_openat2, folder, path, &how, sizeof how));
  const int error = errno;
  if (folder >= 0) ::close(folder);
  errno = error;
  return target;
}

bool path_of(int fd, char (&path)[PATH_MAX]) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0 || size >= static_cast<ssize_t>(sizeof path) - 1) return false;
  path[size] = 0;
  return path[0] == '/';
}

// 0 or errno. `times` null: now.
int read_times(const Caller& caller, const Form& form, timespec (&times)[2], const timespec*& given) {
  const std::uint64_t address = caller.argument(form.value);
  given = nullptr;
  if (address == 0) return 0;
  long numbers[4] = {};
  const std::size_t size = form.unit == TimeUnit::kSeconds ? sizeof(utimbuf) : sizeof numbers;
  if (caller.read_memory(address, numbers, size) != static_cast<ssize_t>(size)) return EFAULT;
  if (form.unit == TimeUnit::kSeconds) {
    times[0] = {numbers[0], 0};
    times[1] = {numbers[1], 0};
  } else {
    const long scale = form.unit == TimeUnit::kMicroseconds ? 1000 : 1;
    if (scale == 1000 && (numbers[1] < 0 || numbers[1] >= 1'000'000 || numbers[3] < 0 || numbers[3] >= 1'000'000)) {
      return EINVAL;
    }
    times[0] = {numbers[0], numbers[1] * scale};
    times[1] = {numbers[2], numbers[3] * scale};
  }
  given = times;
  return 0;
}

int apply_change(const Caller& caller, const Form& form, int target, const struct stat& status) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", target);
  if (form.change == Change::kMode) {
    const auto mode = static_cast<mode_t>(caller.argument(form.value));
    if (S_ISLNK(status.st_mode)) return EOPNOTSUPP;
    if ((mode & 06000) != 0) return EPERM;
    return ::chmod(link, mode & kModeMask) == 0 ? 0 : errno;
  }
  if (form.change == Change::kOwner) {
    const auto user = static_cast<uid_t>(caller.argument(form.value));
    const auto group = static_cast<gid_t>(caller.argument(form.value + 1));
    const bool same = (user == status.st_uid || user == static_cast<uid_t>(-1)) &&
                      (group == status.st_gid || group == static_cast<gid_t>(-1));
    return same ? 0 : EPERM;
  }
  timespec times[2];
  const timespec* given = nullptr;
  const int error = read_times(caller, form, times, given);
  if (error != 0) return error;
  return ::syscall(SYS_utimensat, target, "", given, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

}  // namespace

void MetadataBroker::pin_grants(const Plan& plan) {
  for (std::uint32_t i = 0; i < plan.header.rules && grants_count_ < kGrantsMax; ++i) {
    if ((plan.rules[i].access & kAccessWrite) == 0) continue;
    const int fd = ::open(plan.rules[i].path, O_PATH | O_CLOEXEC);
    struct stat status{};
    if (fd < 0) continue;
    if (::fstat(fd, &status) == 0 && (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode))) {
      grants_[grants_count_++] = fd;
    } else {
      ::close(fd);
    }
  }
}

// Every other thread blocks every signal, so the timer's meets this one.
int MetadataBroker::answer_in_a_thread(int listener) {
  listener_ = listener;
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};  // no SA_RESTART: it interrupts
  if (::sigaction(SIGALRM, &nothing, nullptr) != 0) return errno;
  pthread_t thread;
  const int error = ::pthread_create(&thread, nullptr, &MetadataBroker::run, this);
  if (error == 0) ::pthread_detach(thread);
  return error;
}

void* MetadataBroker::run(void* self) {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  static_cast<MetadataBroker*>(self)->answer_all();
  return nullptr;
}

void MetadataBroker::interrupt_after(int first_ms) {
  const itimerval limit{{0, first_ms == 0 ? 0 : kAgainMs * 1000}, {first_ms / 1000, first_ms % 1000 * 1000}};
  ::setitimer(ITIMER_REAL, &limit, nullptr);
}

void MetadataBroker::answer_all() {
  for (;;) {
    pollfd watched{listener_, POLLIN, 0};
    if (::poll(&watched, 1, -1) < 0 && errno != EINTR) break;
    if ((watched.revents & POLLIN) != 0) {
      answer_one();
    } else if (watched.revents != 0) {
      break;  // nobody uses the filter any more
    }
  }
  ::close(listener_);
}

bool MetadataBroker::below_a_grant(int target) const {
  char path[PATH_MAX];
  char grant[PATH_MAX];
  if (!path_of(target, path)) return false;
  for (int i = 0; i < grants_count_; ++i) {
    if (!path_of(grants_[i], grant)) continue;
    const std::size_t size = std::strlen(grant);
    if (size == 1) return true;  // "/"
    if (std::strncmp(path, grant, size) == 0 && (path[size] == 0 || path[size] == '/')) return true;
  }
  return false;
}

void MetadataBroker::answer_one() {
  seccomp_notif notification{};
  if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return;
  seccomp_notif_resp response{};
  response.id = notification.id;
  interrupt_after(kAnswerMsMax);
  const int error = answer(notification);
  interrupt_after(0);
  response.error = -(error == EINTR ? ETIMEDOUT : error);
  ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int MetadataBroker::answer(const seccomp_notif& notification) {
  if (connections_ != nullptr && notification.data.nr == CALL(connect)) {
    return connections_->answer(listener_, notification);
  }
  for (const Form& form : kForms) {
    if (form.number != notification.data.nr) continue;
    const Caller caller(listener_, notification);
    const int target = open_target(caller, form);
    if (target < 0) return errno;
    struct stat status{};
    const bool ours = ::fstat(target, &status) == 0 && status.st_uid == ::geteuid() && below_a_grant(target);
    const int error = ours ? apply_change(caller, form, target, status) : EPERM;
    ::close(target);
    return error;
  }
  return EPERM;
}

}  // namespace agentos::sandbox
