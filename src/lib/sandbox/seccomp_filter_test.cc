// The compiled filter, run over every number and over the arguments that matter.
#include "lib/sandbox/seccomp_filter.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <set>

#include "lib/sandbox/mechanism/wire.h"
#include "lib/sandbox/syscall_lists.h"

#define CALL(name) __NR_##name

namespace agentos::sandbox {
namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kAsk = SECCOMP_RET_USER_NOTIF;
constexpr std::uint32_t refused(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

std::uint32_t ask(FilterCall call, Network network = Network::kNone, int abi = 7) {
  return evaluate_filter(build_filter({network, abi}), call);
}

TEST(SeccompFilter, lists_do_not_overlap) {
  std::set<int> seen;
  for (const auto& list : {allowed_calls(), refused_calls(), metadata_calls(), attribute_calls(), socket_calls(),
                           own_process_calls(), shared_memory_calls(), execution_calls()}) {
    for (const int number : list) EXPECT_TRUE(seen.insert(number).second) << number;
  }
}

TEST(SeccompFilter, every_listed_call_gets_its_verdict_and_every_other_enosys) {
  const auto filter = build_filter({Network::kNone, 7});
  ASSERT_LE(filter.size(), kFilterInstructionsMax);
  const std::set<int> allowed(allowed_calls().begin(), allowed_calls().end());
  const std::set<int> denied(refused_calls().begin(), refused_calls().end());
  for (const int number : allowed) EXPECT_EQ(evaluate_filter(filter, {number, 0, {}}), kAllow) << number;
  for (const int number : denied) EXPECT_EQ(evaluate_filter(filter, {number, 0, {}}), refused(EPERM)) << number;
  for (const int number : {467, 500, 1000, 100000}) {
    EXPECT_EQ(evaluate_filter(filter, {number, 0, {}}), refused(ENOSYS)) << number;
  }
}

TEST(SeccompFilter, executions_are_seen_by_init) {
  for (const int number : execution_calls()) EXPECT_EQ(ask({number, 0, {}}, Network::kHost), kAsk) << number;
}

TEST(SeccompFilter, changes_of_metadata_are_asked_of_init) {
  for (const int number : metadata_calls()) EXPECT_EQ(ask({number, 0, {}}), SECCOMP_RET_USER_NOTIF) << number;
  for (const int number : attribute_calls()) EXPECT_EQ(ask({number, 0, {}}), refused(ENOTSUP)) << number;
}

TEST(SeccompFilter, nobody_makes_a_set_user_id_file) {
  constexpr std::uint64_t kCreate = 0100 | 1, kMode = 04755;
  for (const MetadataCalls metadata : {MetadataCalls::kBrokered, MetadataCalls::kDirect}) {
    FilterOptions options;
    options.landlock_abi = 7;
    options.metadata = metadata;
    const auto filter = build_filter(options);
    const auto answer = [&](FilterCall call) { return evaluate_filter(filter, call); };
    EXPECT_EQ(answer({CALL(openat), 0, {0, 0, kCreate, kMode}}), refused(EPERM));
    EXPECT_EQ(answer({CALL(openat), 0, {0, 0, kCreate, 0644}}), kAllow);
    EXPECT_EQ(answer({CALL(openat), 0, {0, 0, 0, kMode}}), kAllow) << "without O_CREAT the mode is whatever was there";
    EXPECT_EQ(answer({CALL(openat), 0, {0, 0, 020200000 | 1, kMode}}), refused(EPERM)) << "O_TMPFILE";
    EXPECT_EQ(answer({CALL(mkdirat), 0, {0, 0, 02755}}), refused(EPERM));
    EXPECT_EQ(answer({CALL(mknodat), 0, {0, 0, 0100000 | kMode}}), refused(EPERM));
    EXPECT_EQ(answer({CALL(renameat2), 0, {0, 0, 0, 0, 2}}), kAllow);
    EXPECT_EQ(answer({CALL(renameat2), 0, {0, 0, 0, 0, 4}}), refused(EINVAL)) << "a whiteout is a device";
    EXPECT_EQ(answer({437, 0, {}}), refused(ENOSYS)) << "openat2 keeps its mode in memory";
    const std::uint32_t changed = answer({CALL(fchmod), 0, {3, kMode}});
    EXPECT_EQ(changed, metadata == MetadataCalls::kDirect ? refused(EPERM) : SECCOMP_RET_USER_NOTIF);
  }
}

TEST(SeccompFilter, shared_memory_needs_an_ipc_namespace) {
  FilterOptions options;
  for (const int number : shared_memory_calls()) {
    options.ipc = Ipc::kNone;
    EXPECT_EQ(evaluate_filter(build_filter(options), {number, 0, {}}), refused(EPERM)) << number;
    options.ipc = Ipc::kPrivate;
    EXPECT_EQ(evaluate_filter(build_filter(options), {number, 0, {}}), kAllow) << number;
  }
}

TEST(SeccompFilter, clone_may_not_make_namespaces_and_clone3_falls_back) {
  EXPECT_EQ(ask({CALL(clone), 0, {0x3d0f00}}), kAllow);  // a thread
  for (const std::uint64_t flag :
       {0x20000ULL, 0x2000000ULL, 0x4000000ULL, 0x8000000ULL, 0x10000000ULL, 0x20000000ULL, 0x40000000ULL}) {
    EXPECT_EQ(ask({CALL(clone), 0, {flag | 17}}), refused(EPERM)) << flag;
  }
  EXPECT_EQ(ask({CALL(clone3), 0, {}}), refused(ENOSYS));
}

TEST(SeccompFilter, high_bits_do_not_hide_an_ioctl) {
  EXPECT_EQ(ask({CALL(ioctl), 0, {0, 0x5401}}), kAllow);
  EXPECT_EQ(ask({CALL(ioctl), 0, {0, 0x5412}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(ioctl), 0, {0, 0x100005412ULL}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(ioctl), 0, {0, 0x541C}}), refused(EPERM));
}

TEST(SeccompFilter, without_a_network_only_connected_pairs_exist) {
  for (const int number : {CALL(socket), CALL(connect), CALL(bind)}) EXPECT_EQ(ask({number, 0, {}}), kAsk);
  for (const int number : {CALL(listen), CALL(accept), CALL(accept4)}) {
    EXPECT_EQ(ask({number, 0, {}}), refused(EACCES));
  }
  EXPECT_EQ(ask({CALL(socketpair), 0, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}}), kAllow);
  EXPECT_EQ(ask({CALL(socketpair), 0, {AF_UNIX, SOCK_SEQPACKET}}), kAllow);
  EXPECT_EQ(ask({CALL(socketpair), 0, {AF_UNIX, SOCK_DGRAM}}), refused(EACCES));
  EXPECT_EQ(ask({CALL(sendto), 0, {3, 1, 1, 0, 0, 0}}), kAllow);
  EXPECT_EQ(ask({CALL(sendto), 0, {3, 1, 1, MSG_FASTOPEN, 0, 0}}), refused(EACCES));
  EXPECT_EQ(ask({CALL(sendto), 0, {3, 1, 1, 0, 0x7f0000000000, 16}}), kAsk);
  EXPECT_EQ(ask({CALL(sendmsg), 0, {3, 1, MSG_FASTOPEN}}), refused(EACCES));
  EXPECT_EQ(ask({CALL(sendmmsg), 0, {3, 1, 1, MSG_FASTOPEN}}), refused(EACCES));
}

TEST(SeccompFilter, with_the_host_network_there_are_no_raw_or_odd_sockets) {
  EXPECT_EQ(ask({CALL(socket), 0, {AF_INET, SOCK_STREAM}}, Network::kHost), kAllow);
  EXPECT_EQ(ask({CALL(socket), 0, {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC}}, Network::kHost), kAllow);
  EXPECT_EQ(ask({CALL(socket), 0, {AF_INET, SOCK_RAW}}, Network::kHost), refused(EACCES));
  EXPECT_EQ(ask({CALL(socket), 0, {AF_PACKET, SOCK_DGRAM}}, Network::kHost), refused(EACCES));
  EXPECT_EQ(ask({CALL(connect), 0, {}}, Network::kHost), kAllow);
}

TEST(SeccompFilter, another_process_is_out_of_reach_and_the_mark_cannot_be_changed) {
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 7, 0x1000, 0}}), kAllow);
  EXPECT_EQ(ask({CALL(prlimit64), 0, {1, 7, 0x1000, 0}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 15, 0, 0x1000}}), kAllow);
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 15, 0x1000, 0}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 15, 0x100000000ULL, 0}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 0x10000000FULL, 0x1000, 0}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(setrlimit), 0, {15}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(fcntl), 0, {3, 1024, 0}}), refused(EINVAL)) << "a lease";
  EXPECT_EQ(ask({CALL(fcntl), 0, {3, 1026, 0}}), refused(EINVAL));
  EXPECT_EQ(ask({CALL(fcntl), 0, {3, 1030, 0}}), kAllow);
  EXPECT_EQ(ask({CALL(setrlimit), 0, {7}}), kAllow);
  EXPECT_EQ(ask({CALL(setrlimit), 0, {4}}), refused(0)) << "it succeeds and does nothing";
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 4, 0, 0x1000}}), kAllow);
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 4, 0x1000, 0}}), refused(0));
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 4, 0x100000000ULL, 0}}), refused(0));
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 4, 0x1000, 0x1000}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(prlimit64), 0, {0, 4, 0x1000, 0x100000000ULL}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(sched_setaffinity), 0, {0}}), kAllow);
  EXPECT_EQ(ask({CALL(sched_setaffinity), 0, {1}}), refused(EPERM));
  EXPECT_EQ(ask({CALL(setpriority), 0, {0, 0}}), kAllow);
  EXPECT_EQ(ask({CALL(setpriority), 0, {2, 0}}), refused(EPERM));
}

TEST(SeccompFilter, personality_may_be_asked_but_not_changed) {
  EXPECT_EQ(ask({CALL(personality), 0, {0}}), kAllow);
  EXPECT_EQ(ask({CALL(personality), 0, {0xFFFFFFFF}}), kAllow);
  EXPECT_EQ(ask({CALL(personality), 0, {0x0400000}}), refused(EPERM));
}

TEST(SeccompFilter, before_abi_3_opening_for_reading_cannot_truncate) {
  constexpr std::uint64_t kTruncate = 01000;
  EXPECT_EQ(ask({CALL(openat), 0, {0, 0, kTruncate}}, Network::kNone, 2), refused(EPERM));
  EXPECT_EQ(ask({CALL(openat), 0, {0, 0, kTruncate | 3}}, Network::kNone, 2), refused(EPERM));
  EXPECT_EQ(ask({CALL(openat), 0, {0, 0, kTruncate | 1}}, Network::kNone, 2), kAllow);
  EXPECT_EQ(ask({CALL(openat), 0, {0, 0, 0}}, Network::kNone, 2), kAllow);
  EXPECT_EQ(ask({CALL(openat2), 0, {}}, Network::kNone, 2), refused(ENOSYS));
  EXPECT_EQ(ask({CALL(truncate), 0, {}}, Network::kNone, 2), refused(EPERM));
  EXPECT_EQ(ask({CALL(openat), 0, {0, 0, kTruncate}}, Network::kNone, 3), kAllow);
}

#ifdef __x86_64__
TEST(SeccompFilter, other_architectures_do_not_exist) {
  EXPECT_EQ(ask({CALL(getpid), AUDIT_ARCH_I386, {}}), refused(ENOSYS));
  EXPECT_EQ(ask({CALL(getpid) | 0x40000000, 0, {}}), refused(ENOSYS));
  EXPECT_EQ(ask({-1, 0, {}}), refused(ENOSYS));
}
#endif

}  // namespace
}  // namespace agentos::sandbox
