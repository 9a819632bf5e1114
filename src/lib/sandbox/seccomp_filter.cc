// A small compiler from "number -> verdict or check" to BPF: a binary tree over ranges of numbers, so that installing
// the filter (the running kernel evaluates it for every number) and each call stay cheap.
#include "lib/sandbox/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <map>

#include "lib/sandbox/syscall_lists.h"

#define CALL(name) __NR_##name

namespace agentos::sandbox {
namespace {

using Code = std::vector<sock_filter>;

#ifdef __x86_64__
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kX32Bit = 0x40000000;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr std::uint32_t refuse(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }
constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kAsk = SECCOMP_RET_USER_NOTIF;  // init, which may refuse
constexpr int kOpenat2 = 437, kClone3 = 435, kChangeModeAt2 = 452;
constexpr std::uint32_t kSetIdBits = 06000, kCreateFlags = 0100 | 020000000;  // O_CREAT, O_TMPFILE's own
enum class Truncation : std::uint8_t { kHeld, kOpen };                        // by Landlock
// CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}; the one for time is no flag of clone.
constexpr std::uint32_t kNewNamespaceFlags = 0x7E020000;
constexpr std::uint32_t kPersonalityQuery = 0xFFFFFFFF;
constexpr std::uint32_t kFastOpen = 0x20000000;  // MSG_FASTOPEN connects without connect()
constexpr std::uint32_t kTypeMask = 0xF;
constexpr std::uint32_t kTruncateFlag = 01000, kAccessModeMask = 03, kWhiteoutFlag = 4;
constexpr std::uint32_t kInjectInput = 0x5412, kConsoleControl = 0x541C, kLineDiscipline = 0x5423;
constexpr std::uint32_t kSetLease = 1024, kNotify = 1026;  // F_SETLEASE, F_NOTIFY
constexpr std::uint32_t kCoreLimit = 4;       // RLIMIT_CORE keeps dumps from the host's helper; see rlimits.h
constexpr std::uint32_t kRealTimeLimit = 15;  // RLIMIT_RTTIME carries the mark of the tree

sock_filter statement(std::uint16_t code, std::uint32_t k) { return sock_filter{code, 0, 0, k}; }
sock_filter jump(std::uint16_t test, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return sock_filter{static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), yes, no, k};
}

// Straight-line checks of arguments. Every method either decides or falls through to what is appended next. The low
// half is compared for arguments that the running kernel itself truncates to 32 bits.
class Check {
 public:
  Check& low(unsigned argument) { return load(argument, 0); }
  Check& high(unsigned argument) { return load(argument, 4); }
  Check& mask(std::uint32_t bits) {
    code_.push_back(statement(BPF_ALU | BPF_AND | BPF_K, bits));
    return *this;
  }
  Check& when_equal(std::uint32_t value, std::uint32_t verdict) {
    code_.push_back(jump(BPF_JEQ, value, 0, 1));
    return otherwise(verdict);
  }
  Check& when_not(std::uint32_t value, std::uint32_t verdict) {
    code_.push_back(jump(BPF_JEQ, value, 1, 0));
    return otherwise(verdict);
  }
  Check& when_any_bit(std::uint32_t bits, std::uint32_t verdict) {
    code_.push_back(jump(BPF_JSET, bits, 0, 1));
    return otherwise(verdict);
  }
  Check& otherwise(std::uint32_t verdict) {
    code_.push_back(statement(BPF_RET | BPF_K, verdict));
    return *this;
  }
  const Code& code() const { return code_; }

 private:
  Check& load(unsigned argument, unsigned half) {
    const auto offset = offsetof(seccomp_data, args) + std::size_t{8} * argument + half;
    code_.push_back(statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    return *this;
  }
  Code code_;
};

using Table = std::map<int, Code>;

void decide(Table& table, int number, std::uint32_t verdict) { table[number] = Check().otherwise(verdict).code(); }
void decide(Table& table, int number, const Check& check) { table[number] = check.code(); }

// Streams over IPv4 and IPv6, plain TCP only, and connecting them is asked of init, which connects them to the proxy.
void add_proxied_socket_checks(Table& table) {
  Code code = Check().low(1).mask(kTypeMask).when_not(SOCK_STREAM, kAsk).low(2).code();
  code.push_back(jump(BPF_JEQ, 0, 2, 0));
  code.push_back(jump(BPF_JEQ, IPPROTO_TCP, 1, 0));
  code.push_back(statement(BPF_RET | BPF_K, kAsk));
  const Code family = Check().low(0).when_equal(AF_INET, kAllow).when_equal(AF_INET6, kAllow).otherwise(kAsk).code();
  code.insert(code.end(), family.begin(), family.end());
  table[CALL(socket)] = code;
}

// Sockets a program may use when it has no network: a connected pair, and messages without a destination. What would
// make, connect or name another is refused by init, which sees the address (apps/init/socket_refusals.h).
void add_socket_checks(Table& table, Network network) {
  const std::uint32_t no = refuse(EACCES);
  if (network != Network::kHost) {
    for (const int number : socket_calls()) decide(table, number, no);
    for (const int number : {CALL(socket), CALL(connect), CALL(bind)}) decide(table, number, kAsk);
    decide(table, CALL(socketpair),
           Check()
               .low(0)
               .when_not(AF_UNIX, no)
               .low(1)
               .mask(kTypeMask)
               .when_equal(SOCK_STREAM, kAllow)
               .when_equal(SOCK_SEQPACKET, kAllow)
               .otherwise(no));
    decide(table, CALL(sendto),
           Check()
               .low(4)
               .when_not(0, kAsk)
               .high(4)
               .when_not(0, kAsk)
               .low(3)
               .when_any_bit(kFastOpen, no)
               .otherwise(kAllow));
    if (network == Network::kProxy) add_proxied_socket_checks(table);
  } else {
    for (const int number : socket_calls()) decide(table, number, kAllow);
    decide(table, CALL(socketpair), kAllow);
    decide(table, CALL(socket),
           Check()
               .low(1)
               .mask(kTypeMask)
               .when_equal(SOCK_RAW, no)
               .when_equal(SOCK_PACKET, no)
               .low(0)
               .when_equal(AF_UNIX, kAllow)
               .when_equal(AF_INET, kAllow)
               .when_equal(AF_INET6, kAllow)
               .otherwise(no));
    decide(table, CALL(sendto), Check().low(3).when_any_bit(kFastOpen, no).otherwise(kAllow));
  }
  decide(table, CALL(sendmsg), Check().low(2).when_any_bit(kFastOpen, no).otherwise(kAllow));
  decide(table, CALL(sendmmsg), Check().low(3).when_any_bit(kFastOpen, no).otherwise(kAllow));
}

// Reading is allowed. Who sets it asks for no dump, as some programs do and end when they cannot, and gets none: the
// call is left out and succeeds. What was set before cannot be told then.
Code core_limit_check() {
  Code code = Check().low(2).code();
  code.push_back(jump(BPF_JEQ, 0, 0, 3));
  const Code high = Check().high(2).code();
  code.insert(code.end(), high.begin(), high.end());
  code.push_back(jump(BPF_JEQ, 0, 0, 1));
  code.push_back(statement(BPF_RET | BPF_K, kAllow));
  const std::uint32_t no = refuse(EPERM);
  const Code setting = Check().low(3).when_not(0, no).high(3).when_not(0, no).otherwise(refuse(0)).code();
  code.insert(code.end(), setting.begin(), setting.end());
  return code;
}

// Of the caller itself, and neither the tree's mark nor the limit of core dumps.
Code own_limits_check() {
  const std::uint32_t no = refuse(EPERM);
  const Code reading_only = Check().low(2).when_not(0, no).high(2).when_not(0, no).otherwise(kAllow).code();
  const Code core = core_limit_check();
  Code code = Check().low(0).when_not(0, no).low(1).code();
  code.push_back(jump(BPF_JEQ, kRealTimeLimit, 2, 0));
  code.push_back(jump(BPF_JEQ, kCoreLimit, static_cast<std::uint8_t>(1 + reading_only.size()), 0));
  code.push_back(statement(BPF_RET | BPF_K, kAllow));
  code.insert(code.end(), reading_only.begin(), reading_only.end());
  code.insert(code.end(), core.begin(), core.end());
  return code;
}

void add_process_checks(Table& table) {
  const std::uint32_t no = refuse(EPERM);
  decide(table, CALL(clone), Check().low(0).when_any_bit(kNewNamespaceFlags, no).otherwise(kAllow));
  // Its flags are in memory, where no filter can look; the C library falls back to clone.
  decide(table, kClone3, refuse(ENOSYS));
  // Init lets them go on and notes what the profile refuses (apps/init/file_watch.h).
  for (const int number : execution_calls()) decide(table, number, kAsk);
  for (const int number : own_process_calls()) decide(table, number, Check().low(0).when_not(0, no).otherwise(kAllow));
  decide(table, CALL(setpriority), Check().low(0).when_not(0, no).low(1).when_not(0, no).otherwise(kAllow));
  decide(table, CALL(ioprio_set), Check().low(0).when_not(1, no).low(1).when_not(0, no).otherwise(kAllow));
  decide(table, CALL(setrlimit),
         Check().low(0).when_equal(kRealTimeLimit, no).when_equal(kCoreLimit, refuse(0)).otherwise(kAllow));
  table[CALL(prlimit64)] = own_limits_check();
  // A lease makes everybody else's open of the file wait, and a notice sends signals.
  decide(table, CALL(fcntl),
         Check().low(1).when_equal(kSetLease, refuse(EINVAL)).when_equal(kNotify, refuse(EINVAL)).otherwise(kAllow));
  decide(table, CALL(personality),
         Check().low(0).when_equal(0, kAllow).when_equal(kPersonalityQuery, kAllow).otherwise(no));
  decide(table, CALL(ioctl),
         Check()
             .low(1)
             .when_equal(kInjectInput, no)
             .when_equal(kConsoleControl, no)
             .when_equal(kLineDiscipline, no)
             .otherwise(kAllow));
}

// A set-user-id or set-group-id file is made by nobody: its mode would be another program's privilege.
void add_mode_check(Table& table, int number, unsigned argument) {
  decide(table, number, Check().low(argument).when_any_bit(kSetIdBits, refuse(EPERM)).otherwise(kAllow));
}

// A mode counts only where the flags make a file. Opening for reading with O_TRUNC empties a file; before ABI 3
// Landlock lets that through.
Code open_check(unsigned flags_argument, Truncation truncation, std::uint32_t let_through) {
  Code code = Check().low(flags_argument).code();
  code.push_back(jump(BPF_JSET, kCreateFlags, 0, 3));
  const Code mode = Check().low(flags_argument + 1).when_any_bit(kSetIdBits, refuse(EPERM)).code();
  code.insert(code.end(), mode.begin(), mode.end());
  if (truncation == Truncation::kHeld) {
    code.push_back(statement(BPF_RET | BPF_K, let_through));
    return code;
  }
  const Code flags = Check().low(flags_argument).code();
  code.insert(code.end(), flags.begin(), flags.end());
  code.push_back(jump(BPF_JSET, kTruncateFlag, 1, 0));
  code.push_back(statement(BPF_RET | BPF_K, let_through));
  const Code modes = Check()
                         .mask(kAccessModeMask)
                         .when_equal(1, let_through)
                         .when_equal(2, let_through)
                         .otherwise(refuse(EPERM))
                         .code();
  code.insert(code.end(), modes.begin(), modes.end());
  return code;
}

void add_open_checks(Table& table, int landlock_abi, OpenCalls opens) {
  const auto truncation = landlock_abi >= 3 ? Truncation::kHeld : Truncation::kOpen;
  const std::uint32_t seen = opens == OpenCalls::kTraced ? kAsk : kAllow;
  table[CALL(openat)] = open_check(2, truncation, seen);
  // Its flags and mode are in memory, where no filter can look; programs fall back to openat.
  decide(table, kOpenat2, refuse(ENOSYS));
  // A whiteout is a device, the one that anybody may make.
  decide(table, CALL(renameat2), Check().low(4).when_any_bit(kWhiteoutFlag, refuse(EINVAL)).otherwise(kAllow));
  decide(table, CALL(truncate), truncation == Truncation::kHeld ? kAllow : refuse(EPERM));
  add_mode_check(table, CALL(mkdirat), 2);
  add_mode_check(table, CALL(mknodat), 2);
#ifdef __x86_64__
  table[CALL(open)] = open_check(1, truncation, seen);
  decide(table, CALL(creat), Check().low(1).when_any_bit(kSetIdBits, refuse(EPERM)).otherwise(seen));
  add_mode_check(table, CALL(mkdir), 1);
  add_mode_check(table, CALL(mknod), 1);
#endif
}

void add_metadata_checks(Table& table, MetadataCalls metadata) {
  const bool asked = metadata == MetadataCalls::kBrokered;
  for (const int number : metadata_calls()) decide(table, number, asked ? kAsk : kAllow);
  if (asked) return;
  add_mode_check(table, CALL(fchmod), 1);
  add_mode_check(table, CALL(fchmodat), 2);
  add_mode_check(table, kChangeModeAt2, 2);
#ifdef __x86_64__
  add_mode_check(table, CALL(chmod), 1);
#endif
}

struct Range {
  int first = 0;
  const Code* code = nullptr;
};

bool same(const Code& a, const Code& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].code != b[i].code || a[i].jt != b[i].jt || a[i].jf != b[i].jf || a[i].k != b[i].k) return false;
  }
  return true;
}

std::vector<Range> ranges_of(const Table& table, const Code& unknown) {
  std::vector<Range> ranges{{0, &unknown}};
  const auto put = [&](int number, const Code& code) {
    if (!same(*ranges.back().code, code)) ranges.push_back({number, &code});
  };
  int next = 0;
  for (const auto& [number, code] : table) {
    if (number > next) put(next, unknown);
    if (number == 0) {
      ranges.back().code = &code;
    } else {
      put(number, code);
    }
    next = number + 1;
  }
  put(next, unknown);
  return ranges;
}

Code tree_of(const Range* ranges, std::size_t count) {
  if (count == 1) return *ranges->code;
  const std::size_t middle = count / 2;
  const Code below = tree_of(ranges, middle);
  const Code above = tree_of(ranges + middle, count - middle);
  Code code;
  constexpr std::size_t kShortJumpMax = 255;
  const auto pivot = static_cast<std::uint32_t>(ranges[middle].first);
  if (below.size() <= kShortJumpMax) {
    code.push_back(jump(BPF_JGE, pivot, static_cast<std::uint8_t>(below.size()), 0));
  } else {
    code.push_back(jump(BPF_JGE, pivot, 0, 1));
    code.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size())));
  }
  code.insert(code.end(), below.begin(), below.end());
  code.insert(code.end(), above.begin(), above.end());
  return code;
}

}  // namespace

std::vector<sock_filter> build_filter(const FilterOptions& options) {
  Table table;
  for (const int number : allowed_calls()) decide(table, number, kAllow);
  for (const int number : refused_calls()) decide(table, number, refuse(EPERM));
  add_metadata_checks(table, options.metadata);
  for (const int number : shared_memory_calls()) {
    decide(table, number, options.ipc == Ipc::kPrivate ? kAllow : refuse(EPERM));
  }
  for (const int number : attribute_calls()) decide(table, number, refuse(ENOTSUP));
  add_socket_checks(table, options.network);
  add_process_checks(table);
  add_open_checks(table, options.landlock_abi, options.opens);
  const Code unknown = Check().otherwise(refuse(ENOSYS)).code();
  const std::vector<Range> ranges = ranges_of(table, unknown);

  Code filter;
  filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  filter.push_back(jump(BPF_JEQ, kArchitecture, 1, 0));
  filter.push_back(statement(BPF_RET | BPF_K, refuse(ENOSYS)));
  filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
#ifdef __x86_64__
  filter.push_back(jump(BPF_JGE, kX32Bit, 0, 1));
  filter.push_back(statement(BPF_RET | BPF_K, refuse(ENOSYS)));
#endif
  const Code tree = tree_of(ranges.data(), ranges.size());
  filter.insert(filter.end(), tree.begin(), tree.end());
  return filter;
}

std::uint32_t evaluate_filter(const std::vector<sock_filter>& filter, const FilterCall& call) {
  seccomp_data seen{};
  seen.nr = call.number;
  seen.arch = call.architecture == 0 ? kArchitecture : call.architecture;
  for (std::size_t i = 0; i < 6; ++i) seen.args[i] = call.arguments[i];
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < filter.size(); ++at) {
    const sock_filter& step = filter[at];
    bool taken = false;
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        __builtin_memcpy(&accumulator, reinterpret_cast<const char*>(&seen) + step.k, sizeof accumulator);
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        continue;
      case BPF_RET | BPF_K:
        return step.k;
      case BPF_JMP | BPF_JA:
        at += step.k;
        continue;
      case BPF_JMP | BPF_JEQ | BPF_K:
        taken = accumulator == step.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        taken = accumulator >= step.k;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        taken = (accumulator & step.k) != 0;
        break;
      default:
        return SECCOMP_RET_KILL_PROCESS;
    }
    at += taken ? step.jt : step.jf;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

}  // namespace agentos::sandbox
