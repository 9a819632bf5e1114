// Landlock by its three system calls.
#include "lib/sandbox/mechanism/landlock.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/sandbox/mechanism/root_filesystem.h"

namespace agentos::sandbox {
namespace {

constexpr std::uint64_t kExecute = 1U << 0;
constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kReadFile = 1U << 2;
constexpr std::uint64_t kReadDirectory = 1U << 3;
constexpr std::uint64_t kRemoveDirectory = 1U << 4;
constexpr std::uint64_t kRemoveFile = 1U << 5;
constexpr std::uint64_t kMakeDirectory = 1U << 7;
constexpr std::uint64_t kMakeRegular = 1U << 8;
constexpr std::uint64_t kMakeSocket = 1U << 9;
constexpr std::uint64_t kMakeFifo = 1U << 10;
constexpr std::uint64_t kMakeSymlink = 1U << 12;
constexpr std::uint64_t kRefer = 1U << 13;            // ABI 2
constexpr std::uint64_t kTruncate = 1U << 14;         // ABI 3
constexpr std::uint64_t kIoctlDevice = 1U << 15;      // ABI 5
constexpr std::uint64_t kAllOfAbi1 = (1U << 13) - 1;  // with making devices, which nobody is granted
constexpr std::uint64_t kOnFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDevice;
constexpr std::uint64_t kNetworkBind = 1, kNetworkConnect = 2;       // ABI 4
constexpr std::uint64_t kScopeAbstractSocket = 1, kScopeSignal = 2;  // ABI 6
constexpr unsigned kVersionFlag = 1;
constexpr int kRulePathBeneath = 1;
constexpr const char* kSettingsFolder = "/etc";

struct RulesetAttribute {
  std::uint64_t handled_fs;
  std::uint64_t handled_network;
  std::uint64_t scoped;
};

struct [[gnu::packed]] PathBeneathAttribute {
  std::uint64_t allowed;
  std::int32_t parent;
};

std::uint64_t rights_of(std::uint32_t access) {
  std::uint64_t rights = 0;
  if ((access & kAccessRead) != 0) rights |= kReadFile | kReadDirectory;
  if ((access & kAccessExecute) != 0) rights |= kExecute;
  if ((access & kAccessWrite) != 0) {
    rights |= kWriteFile | kTruncate | kRefer | kRemoveDirectory | kRemoveFile | kMakeDirectory | kMakeRegular |
              kMakeSocket | kMakeFifo | kMakeSymlink;
  }
  return rights;
}

bool failed(StartReport& report, Stage stage, std::uint32_t index) {
  report.error = errno;
  report.stage = stage;
  report.index = index;
  return false;
}

// In a pid namespace of its own /proc holds the tree's processes only, and each may read about itself.
const char* place_of(const PlanRule& rule, const PlanHeader& header) {
  const bool own_proc = (header.flags & kUseNamespaces) != 0 && std::strcmp(rule.path, "/proc/self") == 0;
  return own_proc ? "/proc" : rule.path;
}

// A rule for what stands at the path now, its rights tailored to a directory or a file.
bool add_rule(int ruleset, const PlanRule& rule, const char* path, std::uint64_t handled, bool& absent) {
  const int fd = ::open(path, O_PATH | O_CLOEXEC);
  absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
  if (fd < 0) return false;
  struct stat status{};
  bool done = ::fstat(fd, &status) == 0;
  std::uint64_t rights = rights_of(rule.access);
  if (!S_ISDIR(status.st_mode)) rights &= kOnFiles;
  // Terminals and the like answer ioctl only where they were granted by name, or with the whole file system.
  if (S_ISCHR(status.st_mode) || (rule.path[0] == '/' && rule.path[1] == 0)) rights |= kIoctlDevice;
  const PathBeneathAttribute attribute{rights & handled, fd};
  done = done &&
         (attribute.allowed == 0 || ::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &attribute, 0U) == 0);
  const int error = errno;
  ::close(fd);
  errno = error;
  return done;
}

// In a root that holds the grants and nothing else, all of /etc may be read: one rule instead of thirty.
bool add_settings(int ruleset) {
  const int folder = ::open(kSettingsFolder, O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
  if (folder < 0) return false;
  const PathBeneathAttribute attribute{kReadFile | kReadDirectory, folder};
  const bool added = ::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &attribute, 0U) == 0;
  ::close(folder);
  return added;
}

// A grant to read what really lies below /etc; links may lead elsewhere and get rules of their own.
bool is_read_setting(const PlanRule& rule) {
  constexpr std::size_t kSize = 5;
  if (rule.access != kAccessRead || std::strncmp(rule.path, "/etc/", kSize) != 0) return false;
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const int fd = static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, rule.path, &how, sizeof how));
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0UL, kVersionFlag);
  if (abi < 1) return 0;
  return abi > kLandlockAbiKnown ? kLandlockAbiKnown : static_cast<int>(abi);
}

std::uint64_t landlock_rights_handled(int abi) {
  if (abi < 1) return 0;
  std::uint64_t rights = kAllOfAbi1;
  if (abi >= 2) rights |= kRefer;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDevice;
  return rights;
}

bool apply_landlock(const Plan& plan, StartReport& report) {
  int abi = landlock_abi();
  if (abi > plan.header.landlock_abi_max) abi = plan.header.landlock_abi_max;
  report.landlock_abi = abi;
  if (abi < 1) return failed(report, Stage::kLandlockMissing, 0);
  RulesetAttribute attribute{landlock_rights_handled(abi), 0, 0};
  std::size_t attribute_bytes = sizeof attribute.handled_fs;
  if (abi >= 4) {
    if ((plan.header.flags & kNetworkRefused) != 0) attribute.handled_network = kNetworkBind | kNetworkConnect;
    attribute_bytes = offsetof(RulesetAttribute, scoped);
  }
  if (abi >= kLandlockAbiSignalScope) {
    attribute.scoped = kScopeAbstractSocket | kScopeSignal;
    attribute_bytes = sizeof attribute;
  }
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &attribute, attribute_bytes, 0U);
  if (ruleset < 0) return failed(report, Stage::kLandlock, 0);
  const bool new_root = (plan.header.flags & kUseNamespaces) != 0 && !keeps_host_root(plan);
  const bool settings = new_root && add_settings(static_cast<int>(ruleset));
  for (std::uint32_t i = 0; i < plan.header.rules; ++i) {
    bool absent = false;
    if ((plan.rules[i].flags & kDenyRules) != 0) continue;  // Landlock takes nothing away; the mount namespace does
    if (settings && is_read_setting(plan.rules[i])) continue;
    const char* path = place_of(plan.rules[i], plan.header);
    if (add_rule(static_cast<int>(ruleset), plan.rules[i], path, attribute.handled_fs, absent)) continue;
    if (!absent || (plan.rules[i].flags & kOptionalRule) == 0) return failed(report, Stage::kLandlockRule, i);
    report.rules_skipped[i] = 1;
  }
  // A root that holds the grants and nothing else may be listed: programs look at the folders above their own.
  if (new_root) {
    const int root = ::open("/", O_PATH | O_CLOEXEC);
    const PathBeneathAttribute listing{kReadDirectory, root};
    const bool added = ::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &listing, 0U) == 0;
    ::close(root);
    if (!added) return failed(report, Stage::kLandlock, 2);
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0) return failed(report, Stage::kLandlock, 1);
  ::close(static_cast<int>(ruleset));
  return true;
}

}  // namespace agentos::sandbox
