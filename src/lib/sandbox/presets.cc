// The built-in profiles, in one place so that a person can read what each grants (PROFILE.md says why).
#include <array>
#include <string>

#include "lib/sandbox/profile.h"

namespace agentos::sandbox {
namespace {

constexpr std::uint8_t kRead = static_cast<std::uint8_t>(Access::kRead);
constexpr std::uint8_t kReadWrite = Access::kRead | Access::kWrite;
constexpr std::uint8_t kReadExecute = Access::kRead | Access::kExecute;
constexpr std::uint8_t kEverything = kReadExecute | kReadWrite;
constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;

constexpr std::array<std::string_view, 6> kNames{"agent-default", "tool",  "mcp-server",
                                                 "workspace",     "build", "unconfined-files"};

constexpr const char* kProgramFolders[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
// What the C library, Python, Node and git read at start. No file here holds a secret.
constexpr const char* kReadableFiles[] = {
    "/etc/alternatives", "/etc/ca-certificates", "/etc/ca-certificates.conf", "/etc/debian_version",
    "/etc/gitattributes", "/etc/gitconfig", "/etc/group", "/etc/host.conf", "/etc/hostname", "/etc/hosts",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/locale.alias",
    "/etc/locale.conf", "/etc/mime.types", "/etc/nsswitch.conf", "/etc/os-release", "/etc/passwd", "/etc/profile",
    "/etc/protocols", "/etc/python3", "/etc/python3.11", "/etc/resolv.conf", "/etc/services", "/etc/shells",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/timezone",
    // The machine, but of processes only the program's own entry (Landlock binds it to the first process).
    "/proc/self", "/proc/cpuinfo", "/proc/filesystems", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/uptime",
    "/proc/version", "/proc/sys/kernel/ngroups_max", "/proc/sys/kernel/osrelease", "/proc/sys/kernel/pid_max",
    "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu"};
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/tty"};
constexpr const char* kReadableDevices[] = {"/dev/random", "/dev/urandom"};

void add_system(Profile& profile) {
  for (const char* path : kProgramFolders) profile.files.push_back({path, kReadExecute, true});
  for (const char* path : kReadableFiles) profile.files.push_back({path, kRead, true});
  for (const char* path : kDevices) profile.files.push_back({path, kReadWrite, true});
  for (const char* path : kReadableDevices) profile.files.push_back({path, kRead, true});
  profile.files.push_back({"${tmp}", kReadWrite, false});
}

Profile agent_default() {
  Profile profile;
  profile.name = "agent-default";
  add_system(profile);
  profile.files.push_back({"${cwd}", kReadExecute, false});
  profile.limits.processes = 512;
  profile.limits.file_bytes = 4 * kGibibyte;
  return profile;
}

Profile tool() {
  Profile profile;
  profile.name = "tool";
  add_system(profile);
  profile.limits.memory_bytes = kGibibyte;
  profile.limits.cpu_seconds = 60;
  profile.limits.processes = 256;
  profile.limits.open_files = 256;
  profile.limits.file_bytes = kGibibyte / 4;
  profile.limits.wall_ms = 120'000;
  return profile;
}

// A server of tools that npx or uvx starts: their caches are its own to fill, the folder it starts in is to read.
Profile mcp_server() {
  Profile profile = agent_default();
  profile.name = "mcp-server";
  for (const char* path : {"${home}/.npm", "${home}/.cache/uv", "${home}/.cache/pip"}) {
    profile.files.push_back({path, kEverything, true});
  }
  for (const char* path : {"${home}/.local/share/uv", "${home}/.nvm"}) {
    profile.files.push_back({path, kReadExecute, true});
  }
  profile.limits.processes = 256;
  profile.limits.open_files = 1024;
  return profile;
}

// May change the folder it starts in, but for what runs on the operator's behalf later (protected_paths.h).
Profile workspace() {
  Profile profile = agent_default();
  profile.name = "workspace";
  profile.files.push_back({"${cwd}", kEverything, false});
  return profile;
}

// Compiles: runs what it wrote, also in its tmp, with the caches of compilers.
Profile build() {
  Profile profile = workspace();
  profile.name = "build";
  profile.ipc = Ipc::kPrivate;
  profile.files.push_back({"${tmp}", kEverything, false});
  for (const char* path : {"${home}/.cache/ccache", "${home}/.ccache", "${home}/.cache/go-build"}) {
    profile.files.push_back({path, kReadWrite, true});
  }
  profile.limits.processes = 2048;
  profile.limits.open_files = 4096;
  profile.limits.file_bytes = 16 * kGibibyte;
  return profile;
}

Profile unconfined_files() {
  Profile profile;
  profile.name = "unconfined-files";
  profile.files.push_back({"/", kEverything, false});
  profile.limits.processes = 512;
  return profile;
}

}  // namespace

Result<Profile> preset_profile(std::string_view name) {
  if (name == "agent-default") return agent_default();
  if (name == "tool") return tool();
  if (name == "mcp-server") return mcp_server();
  if (name == "workspace") return workspace();
  if (name == "build") return build();
  if (name == "unconfined-files") return unconfined_files();
  std::string hint = "presets:";
  for (const std::string_view known : kNames) hint.append(" ").append(known);
  return fail(ErrorCode::kNotFound, "there is no built-in profile \"" + std::string(name) + "\"", std::move(hint));
}

std::vector<std::string_view> preset_profile_names() { return {kNames.begin(), kNames.end()}; }

}  // namespace agentos::sandbox
