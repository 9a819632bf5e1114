// rlimits, closed descriptors, no_new_privs and an allow-list of system calls; what is not on it kills the process.
// lib/sandbox's filter lets ordinary programs run and is far wider than a parser needs.
#include "apps/parser/confinement.h"

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

namespace agentos::parser {
namespace {

constexpr rlim_t kMemoryBytesMax = rlim_t{512} << 20;
constexpr rlim_t kCpuSecondsMax = 600;  // of a whole life; a deadline per query is the asker's

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this machine's AUDIT_ARCH"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;  // needs terabytes of address space
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

Status limit(int resource, rlim_t value) {
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

std::vector<sock_filter> build_filter() {
  constexpr std::array<std::uint32_t, 10> kAllowed = {
      SYS_getpid, SYS_exit_group, SYS_exit,         SYS_brk,           SYS_munmap,
      SYS_mremap, SYS_madvise,    SYS_rt_sigreturn, SYS_clock_gettime, SYS_restart_syscall};
  std::vector<sock_filter> code;
  code.push_back(load(offsetof(seccomp_data, arch)));
  code.push_back(jump_equal(kArchitecture, 1, 0));
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
  if (kSanitized) {
    for (const std::uint32_t number : {SYS_futex, SYS_sched_yield, SYS_gettid, SYS_sigaltstack}) {
      code.push_back(jump_equal(number, 0, 1));
      code.push_back(verdict(SECCOMP_RET_ALLOW));
    }
  }
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
  return code;
}

}  // namespace

Status confine() {
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) return fail_errno(errno, "cannot close descriptors");
  if (!kSanitized) TRY(limit(RLIMIT_AS, kMemoryBytesMax));
  TRY(limit(RLIMIT_CPU, kCpuSecondsMax));
  TRY(limit(RLIMIT_CORE, 0));
  TRY(limit(RLIMIT_FSIZE, 0));
  TRY(limit(RLIMIT_NOFILE, 2));
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno(errno, "cannot forbid tracing");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(errno, "cannot set no_new_privs");
  std::vector<sock_filter> code = build_filter();
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0)
    return fail_errno(errno, "cannot install a filter");
  return {};
}

}  // namespace agentos::parser
