// rlimits, closed descriptors, no_new_privs and an allow-list of system calls; what is not on it kills the process.
// The filter of seccomp_filter.cc lets ordinary programs run and is far wider than a worker needs.
#include "lib/sandbox/worker_confinement.h"

#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "lib/sandbox/mechanism/rlimits.h"

namespace agentos::sandbox {
namespace {

constexpr rlim_t kWorkerMemoryBytesMax = rlim_t{512} << 20;
constexpr rlim_t kParsingCpuSecondsMax = 600;  // of a whole life; a deadline per question is the asker's

#if defined(__x86_64__)
constexpr std::uint32_t kWorkerArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kWorkerArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this machine's AUDIT_ARCH"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kWorkerSanitized = true;  // needs terabytes of address space
#else
constexpr bool kWorkerSanitized = false;
#endif
#else
constexpr bool kWorkerSanitized = false;
#endif

Status worker_limit(int resource, rlim_t value) {
  const rlimit limits{.rlim_cur = value, .rlim_max = value};
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &limits) != 0)
    return fail_errno(errno, "cannot set a limit");
  return {};
}

sock_filter load(std::size_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)}; }
sock_filter verdict(std::uint32_t value) { return {BPF_RET | BPF_K, 0, 0, value}; }
sock_filter jump_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return {BPF_JMP | BPF_JEQ | BPF_K, yes, no, value};
}
sock_filter jump_set(std::uint32_t bits, std::uint8_t yes, std::uint8_t no) {
  return {BPF_JMP | BPF_JSET | BPF_K, yes, no, bits};
}

// Allowed when the low half of argument `index` is `value`.
void allow_with(std::vector<sock_filter>& code, std::uint32_t number, std::size_t index, std::uint32_t value) {
  code.push_back(jump_equal(number, 0, 4));
  code.push_back(load(offsetof(seccomp_data, args) + 8 * index));
  code.push_back(jump_equal(value, 0, 1));
  code.push_back(verdict(SECCOMP_RET_ALLOW));
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
}

// Memory, but never executable.
void allow_without_exec(std::vector<sock_filter>& code, std::uint32_t number) {
  code.push_back(jump_equal(number, 0, 4));
  code.push_back(load(offsetof(seccomp_data, args) + 8 * 2));
  code.push_back(jump_set(PROT_EXEC, 1, 0));
  code.push_back(verdict(SECCOMP_RET_ALLOW));
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
}

std::vector<sock_filter> build_worker_filter(const WorkerKeeps& keeps) {
  constexpr std::array<std::uint32_t, 10> kAllowed = {
      SYS_getpid, SYS_exit_group, SYS_exit,         SYS_brk,           SYS_munmap,
      SYS_mremap, SYS_madvise,    SYS_rt_sigreturn, SYS_clock_gettime, SYS_restart_syscall};
  std::vector<sock_filter> code;
  code.push_back(load(offsetof(seccomp_data, arch)));
  code.push_back(jump_equal(kWorkerArchitecture, 1, 0));
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
  code.push_back(load(offsetof(seccomp_data, nr)));
  for (const std::uint32_t number : kAllowed) {
    code.push_back(jump_equal(number, 0, 1));
    code.push_back(verdict(SECCOMP_RET_ALLOW));
  }
  allow_with(code, SYS_read, 0, STDIN_FILENO);
  allow_with(code, SYS_write, 0, STDOUT_FILENO);
  allow_without_exec(code, SYS_mmap);
  allow_without_exec(code, SYS_mprotect);
  if (keeps.writing_files) {
    for (const std::uint32_t number : {SYS_pwritev2, SYS_fdatasync}) {
      code.push_back(jump_equal(number, 0, 1));
      code.push_back(verdict(SECCOMP_RET_ALLOW));
    }
  }
  if (kWorkerSanitized) {
    for (const std::uint32_t number : {SYS_futex, SYS_sched_yield, SYS_gettid, SYS_sigaltstack}) {
      code.push_back(jump_equal(number, 0, 1));
      code.push_back(verdict(SECCOMP_RET_ALLOW));
    }
  }
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
  return code;
}

}  // namespace

Status confine_worker(const WorkerKeeps& keeps) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(keeps.descriptors), ~0U, 0U) != 0)
    return fail_errno(errno, "cannot close descriptors");
  if (!kWorkerSanitized) TRY(worker_limit(RLIMIT_AS, kWorkerMemoryBytesMax));
  TRY(worker_limit(RLIMIT_CORE, core_dump_limit()));
  if (!keeps.writing_files) {
    TRY(worker_limit(RLIMIT_CPU, kParsingCpuSecondsMax));
    TRY(worker_limit(RLIMIT_FSIZE, 0));
  }
  TRY(worker_limit(RLIMIT_NOFILE, static_cast<rlim_t>(keeps.descriptors)));
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno(errno, "cannot forbid tracing");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(errno, "cannot set no_new_privs");
  std::vector<sock_filter> code = build_worker_filter(keeps);
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0)
    return fail_errno(errno, "cannot install a filter");
  return {};
}

}  // namespace agentos::sandbox
