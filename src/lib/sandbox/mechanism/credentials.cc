// prctl and capset; libcap is not needed for emptying everything.
#include "lib/sandbox/mechanism/credentials.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace agentos::sandbox {
namespace {

constexpr int kCapabilitiesMax = 64;

int become_user(unsigned user) {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0) {
    return errno;
  }
  return ::getuid() == user && ::getgid() == user ? 0 : EPERM;
}

}  // namespace

bool may_administer() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  return ::syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective >> CAP_SYS_ADMIN & 1U) != 0;
}

int empty_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (::syscall(SYS_capset, &header, sets) != 0) return errno;
  if (::syscall(SYS_capget, &header, sets) != 0) return errno;
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) return EPERM;
  }
  return 0;
}

int drop_capabilities(unsigned user) {
  for (int capability = 0; capability < kCapabilitiesMax; ++capability) {
    // EPERM: without CAP_SETPCAP nothing privileged is held, and no_new_privs keeps exec from granting any.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  ::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
  if (user != kSameUser) {
    const int error = become_user(user);
    if (error != 0) return error;
  } else if (::getuid() == 0 && ::setgroups(0, nullptr) != 0 && errno != EPERM) {
    return errno;
  }
  return empty_capabilities();
}

int set_no_new_privileges() { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno; }

}  // namespace agentos::sandbox
