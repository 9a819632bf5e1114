// seccomp(SECCOMP_SET_MODE_FILTER).
#include "lib/sandbox/mechanism/seccomp.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace agentos::sandbox {

int install_filter(const sock_filter* instructions, std::uint32_t count, int* listener) {
  const sock_fprog program{static_cast<unsigned short>(count), const_cast<sock_filter*>(instructions)};
  const unsigned flags = listener == nullptr ? 0U : SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) return errno;
  if (listener != nullptr) *listener = static_cast<int>(result);
  return 0;
}

}  // namespace agentos::sandbox
