// What the launcher and agentos-init say to each other: one plan (a memfd), fixed-size reports and commands.
//
// Both sides are built from this file in one build, so plain structs in host byte order are the format. Everything
// here must compile without the C++ library: init is static and small.
#pragma once

#include <cstddef>
#include <cstdint>

namespace agentos::sandbox {

inline constexpr int kControlFd = 3;  // in init: the SOCK_SEQPACKET control socket
inline constexpr int kAgentFd = 3;    // in the program: its socket to the kernel
inline constexpr const char* kAheadWord =
    "--ahead";  // of an init that makes its network namespace before its plan comes
inline constexpr std::uint32_t kPlanMagic = 0x31676c50;
inline constexpr std::size_t kPlanBytesMax = 2U << 20;
inline constexpr std::uint32_t kArgumentsMax = 4096;
inline constexpr std::uint32_t kEnvironmentMax = 1024;
inline constexpr std::uint32_t kCandidatesMax = 64;
inline constexpr std::uint32_t kRulesMax = 256;
inline constexpr std::uint32_t kFilterInstructionsMax = 4096;
inline constexpr std::int64_t kFreezeMsMax = 2000;  // then a freeze has failed
inline constexpr std::size_t kCgroupPathMax = 512;
inline constexpr std::size_t kBlockedTargetMax = 511;  // a longer path is cut
inline constexpr std::size_t kBlockedProgramMax = 15;  // as /proc/PID/comm
inline constexpr std::size_t kTracedKindsMax = 4096;   // the same where everything is told of
inline constexpr std::size_t kBlockedKindsMax = 128;   // different attempts told of in a tree; more are only counted

// Descriptors that travel with the plan, in this order; the last is absent when there is no agent socket.
enum PlanFd : std::uint8_t { kPlanFile, kStandardInput, kStandardOutput, kStandardError, kWorkingDirectory, kAgent };
inline constexpr int kPlanFdsMax = 6;

enum PlanFlag : std::uint32_t {
  kNewTerminalSession =
      1,                // descriptor 0 becomes the controlling terminal of init's session, the program its foreground
  kPrivateTmp = 2,      // make <tree directory>/tmp
  kUseCgroups = 4,      // try to make a cgroup for the tree
  kNetworkRefused = 8,  // no TCP by Landlock, no sockets by seccomp
  kStartInTmp = 16,     // the working directory is the private tmp
  kUseNamespaces = 32,  // every namespace of namespaces.h, or no start
  kBrokered = 64,       // the filter asks init about modes, owners and times
  kDirectTmp = 128,     // in namespaces: /tmp is a name of the private tmp
  kTraced = 1U << 17,   // every opening and execution is told of, also those that are granted
  kProxied = 1U << 16,  // connections go to the egress proxy; its channel comes in a second message
};

enum RuleFlag : std::uint32_t {
  kOptionalRule = 1,
  kHiddenRule = 2,     // taken away: nothing of it is seen
  kReadOnlyRule = 4,   // taken away: writing
  kNoExecuteRule = 8,  // taken away: executing
  kOwnedRule = 16,     // files of init's own user are the program's when it has another user
  kMakeFolder = 32,    // taken away, and absent: made empty before and removed after
  kMakeFile = 64,
  kPrivateRule = 128,  // not the host's: a file system of the tree's own
  kMakeSelf = 256,     // the file that is made says "."
};
inline constexpr const char* kSharedMemoryFolder = "/dev/shm";
inline constexpr std::uint32_t kDenyRules = kHiddenRule | kReadOnlyRule | kNoExecuteRule;
inline constexpr std::uint32_t kSameUser = 0xFFFFFFFF;

// What a probe inside the confinement tries; every one must be refused where the profile promises it.
enum class Probe : std::uint32_t {
  kReadShadow,           // open /etc/shadow
  kReadCanary,           // open a file of the same user outside every grant
  kWriteCanary,          // open it for writing
  kCreateBesideCanary,   // create a file next to it
  kExecuteCanary,        // execve it
  kChangeModeCanary,     // chmod it
  kReadInitEnvironment,  // open /proc/<init>/environ
  kReadInitMemory,       // open /proc/<init>/mem
  kInternetSocket,       // socket(AF_INET)
  kConnectPathSocket,    // connect to a path Unix socket
  kTraceInit,            // ptrace(PTRACE_SEIZE, init)
  kSignalOthers,         // kill(init, 0); in a pid namespace kill(-1, 0)
  kIoUring,              // io_uring_setup
  kNewUserNamespace,     // unshare(CLONE_NEWUSER)
  kMount,                // mount
  kDeniedRule,           // read, or else write, the first file or folder that is taken away below a grant
  kSeeCanary,            // stat a file outside every grant
  kSeeProcesses,         // find init in /proc
  kCount,
};
inline constexpr std::uint32_t kProbeCount = static_cast<std::uint32_t>(Probe::kCount);

// How far a start came; on failure, what could not be done. `index` and `error` of StartReport complete it.
enum class Stage : std::uint32_t {
  kNone,
  kPlan,              // the plan is malformed
  kTreeDirectory,     // the private directory could not be made
  kProcess,           // clone failed
  kSession,           // setsid, controlling terminal
  kDescriptors,       // dup2, close_range
  kWorkingDirectory,  // fchdir
  kResourceLimits,    // setrlimit; index is the resource
  kNamespaces,        // clone refused; index has the flags
  kUserMap,           // the user could not be mapped; index is the step
  kRootFilesystem,    // index is the step of root_filesystem.cc
  kRootRule,          // index is the rule whose mount failed
  kDenyRule,          // index is the rule that cannot be held
  kIdentity,          // the user could not be changed
  kCgroupLimit,       // a cgroup that was promised could not be joined
  kCredentials,       // capabilities could not be dropped
  kNoNewPrivileges,
  kLandlockMissing,  // the kernel has no Landlock
  kLandlockRule,     // index is the rule
  kLandlock,
  kSeccomp,
  kProbe,    // index is the probe that was not refused
  kExecute,  // index is the candidate, kCandidatesMax when there was none
  kRunning,
};

// Limits of a whole tree that a cgroup holds.
enum class CgroupLimit : std::uint32_t { kProcesses, kMemory, kCpu };

struct PlanHeader {
  std::uint32_t magic = kPlanMagic;
  std::uint32_t bytes = 0;  // of the whole plan
  std::uint64_t mark = 0;   // RLIMIT_RTTIME of every process of the tree
  std::uint32_t flags = 0;  // PlanFlag
  std::int32_t landlock_abi_max = 0;
  std::uint32_t probes_promised = 0;  // bit n: Probe n must be refused
  std::uint32_t filter_instructions = 0;
  std::uint32_t rules = 0;
  std::uint32_t arguments = 0;
  std::uint32_t environment = 0;
  std::uint32_t candidates = 0;
  std::uint32_t user = kSameUser;   // the program's user and group, when init is root
  std::uint32_t cgroup_limits = 0;  // bit n: CgroupLimit n must be held by a cgroup, or no start
  std::int64_t memory_bytes = 0;
  std::int64_t cpu_seconds = 0;
  std::int64_t processes = 0;
  std::int64_t open_files = 0;
  std::int64_t file_bytes = 0;
  std::int64_t wall_ms = 0;
  std::int64_t tree_memory_bytes = 0;
  std::int64_t tree_cpu_percent = 0;
  // Then: filter (8 bytes each); rules (u32 access, u32 flags, path, from); tree directory; working directory;
  // arguments; environment; candidates. A string is u32 length, the bytes, NUL.
};

enum class ReportKind : std::uint32_t { kStart = 1, kDone, kExit, kBlocked };

struct StartReport {
  ReportKind kind = ReportKind::kStart;
  Stage stage = Stage::kNone;
  std::int32_t error = 0;
  std::uint32_t index = 0;
  std::int32_t pid = 0;
  std::int32_t landlock_abi = 0;
  std::uint32_t user = 0;
  std::uint32_t probes_promised = 0;
  std::int32_t probe_errors[kProbeCount] = {};  // 0: it was not refused
  std::uint8_t rules_skipped[kRulesMax] = {};   // 1: optional and absent
  std::uint32_t cgroup_limits = 0;              // bit n: CgroupLimit n is held
  std::uint32_t namespaces = 0;                 // CLONE_NEW* flags in force
  std::int32_t wait_status = -1;                // of the program, told by the first process of its namespace
  char cgroup_path[kCgroupPathMax] = {};        // empty: none
};

// The answer to a freeze or thaw; with kEndingSequence: init began to kill the tree and waits for nothing else now.
inline constexpr std::uint32_t kEndingSequence = 0;
struct DoneReport {
  ReportKind kind = ReportKind::kDone;
  std::uint32_t sequence = 0;
  std::int32_t error = 0;
};

// What ended a tree, beside its program.
enum class Ending : std::uint32_t {
  kOther,       // the program, a command, or the launcher's end
  kWallLimit,   // wall_ms passed
  kProtection,  // a mount over a protected path was lost: somebody outside replaced what is under it
};

struct ExitReport {
  ReportKind kind = ReportKind::kExit;
  std::int32_t wait_status = 0;
  std::int64_t cpu_us = 0;
  std::int64_t memory_peak_bytes = 0;
  Ending ending = Ending::kOther;
};

// What was refused to the running program, where init can see it.
enum class Attempt : std::uint32_t {
  kConnect,   // target: "tcp 192.0.2.1:443", "udp ...", "unix /run/x.sock", "unix @abstract"
  kListen,    // bind; target as above
  kSocket,    // of a kind nobody gets; target: "netlink", "raw ipv4", "family 40 type 1"
  kExecute,   // target: the path
  kMetadata,  // mode, owner or times; target: the path
  kOthers,    // different attempts beyond kBlockedKindsMax, counted together
  kOpen,      // of a file, where opens are traced; target: the path
};

struct BlockedReport {
  ReportKind kind = ReportKind::kBlocked;
  Attempt attempt = Attempt::kConnect;
  std::uint32_t access = 0;   // bits of Access in profile.h that were asked for
  std::uint32_t granted = 0;  // 1: it was let through, and told of because opens are traced
  std::int32_t pid = 0;       // of the first that tried, as init sees it
  std::uint64_t count = 0;    // attempts so far, those told of before included
  char program[kBlockedProgramMax + 1] = {};
  char target[kBlockedTargetMax + 1] = {};
};

enum class CommandKind : std::uint32_t { kSignal = 1, kFreeze, kThaw, kKill };

struct Command {
  CommandKind kind = CommandKind::kKill;
  std::uint32_t sequence = 0;
  std::int32_t argument = 0;
};

}  // namespace agentos::sandbox
