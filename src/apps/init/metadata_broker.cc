// Read the caller's memory, open what it names, judge it, change it, answer.
#include "apps/init/metadata_broker.h"

#include <fcntl.h>
#include <linux/openat2.h>
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

int fail_with(int error) {
  errno = error;
  return -1;
}

// What the call is about, as an O_PATH descriptor; -1 with errno.
int open_target(const Caller& caller, const Form& form) {
  const int descriptor = form.descriptor == kNoArgument ? AT_FDCWD : static_cast<int>(caller.argument(form.descriptor));
  const int flags = form.flags == kNoArgument ? form.fixed_flags : static_cast<int>(caller.argument(form.flags));
  char path[PATH_MAX] = "";
  const bool named = form.path != kNoArgument && caller.argument(form.path) != 0;
  if (named && !caller.read_path(caller.argument(form.path), path)) return -1;
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

int MetadataBroker::answer(const Caller& caller, BlockedCalls& blocked) const {
  for (const Form& form : kForms) {
    if (form.number != caller.number()) continue;
    const Held target(open_target(caller, form));
    struct stat status{};
    if (target.get() < 0) return errno;
    const bool ours =
        ::fstat(target.get(), &status) == 0 && status.st_uid == ::geteuid() && below_a_grant(target.get());
    if (ours) return apply_change(caller, form, target.get(), status);
    char path[PATH_MAX];
    if (path_of(target.get(), path)) blocked.add(Attempt::kMetadata, path, caller);
    return EPERM;
  }
  return ENOSYS;
}

}  // namespace agentos::sandbox
