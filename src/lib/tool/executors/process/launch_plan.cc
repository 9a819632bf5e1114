// Builds a launch request. Arguments on standard input are a sealed memory file: nothing has to be written while the
// process runs, and a process that does not read them cannot hold anybody up.
#include "lib/tool/executors/process/launch_plan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "lib/tool/executors/process/command.h"

namespace agentos::tool {
namespace {

constexpr std::size_t kProfileBytesMax = 256 << 10;
constexpr std::int64_t kWallGraceMs = 2'000;
constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin";

Result<sandbox::Profile> load_profile(const std::string& name) {
  if (name.find('/') == std::string::npos) return sandbox::preset_profile(name);
  std::ifstream file(name, std::ios::binary);
  std::string text(kProfileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.empty()) return fail(ErrorCode::kNotFound, fmt::format("the profile \"{}\" cannot be read", name));
  if (text.size() > kProfileBytesMax) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the profile \"{}\" has more than {} octets", name, kProfileBytesMax));
  }
  return sandbox::parse_profile(text, name);
}

void add_files(const std::vector<std::string>& paths, std::uint8_t access, sandbox::Profile& profile) {
  for (const std::string& path : paths) profile.files.push_back({.path = path, .access = access, .optional = false});
}

Result<sandbox::Profile> profile_of(const Manifest& manifest, std::int64_t timeout_ms) {
  using sandbox::Access;
  sandbox::Profile profile = TRY(load_profile(manifest.profile));
  add_files(manifest.read_paths, static_cast<std::uint8_t>(Access::kRead), profile);
  add_files(manifest.write_paths, Access::kRead | Access::kWrite, profile);
  if (manifest.command.front().starts_with('/')) {
    add_files({manifest.command.front()}, Access::kRead | Access::kExecute, profile);
  }
  const std::int64_t wall_ms = timeout_ms + kWallGraceMs;
  profile.limits.wall_ms = profile.limits.wall_ms == 0 ? wall_ms : std::min(profile.limits.wall_ms, wall_ms);
  return profile;
}

Result<io::Fd> sealed_file(std::string_view content) {
  io::Fd file(::memfd_create("arguments", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return fail_errno(errno, "cannot make the file of the arguments");
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail_errno(errno, "cannot write the arguments");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::lseek(file.get(), 0, SEEK_SET) != 0 || ::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
    return fail_errno(errno, "cannot seal the arguments");
  }
  return file;
}

Result<io::Fd> input_of(const Manifest& manifest, const Invocation& invocation) {
  if (!has_placeholder(manifest.command)) return sealed_file(json::write(invocation.arguments) + "\n");
  io::Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid()) return fail_errno(errno, "cannot open /dev/null");
  return nothing;
}

struct Pipe {
  io::Fd ours;
  io::Fd theirs;
};
Result<Pipe> output_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  Pipe pipe{io::Fd(ends[0]), io::Fd(ends[1])};
  if (::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno(errno, "cannot set up a pipe");
  return pipe;
}

}  // namespace

Result<LaunchPlan> plan_launch(const Manifest& manifest, const Invocation& invocation, std::int64_t timeout_ms) {
  LaunchPlan plan;
  plan.request.command = TRY(expand_command(manifest.command, invocation.arguments));
  plan.request.profile = TRY(profile_of(manifest, timeout_ms));
  plan.request.working_directory = "/";
  plan.request.environment = {{"PATH", kPath}};
  plan.request.environment_set = {
      {"PATH", kPath}, {"LANG", "C.UTF-8"}, {"AGENTOS_AGENT", invocation.agent}, {"AGENTOS_TOOL", manifest.name}};
  plan.request.stdin_fd = TRY(input_of(manifest, invocation));
  Pipe output = TRY(output_pipe());
  Pipe errors = TRY(output_pipe());
  plan.request.stdout_fd = std::move(output.theirs);
  plan.request.stderr_fd = std::move(errors.theirs);
  plan.output = std::move(output.ours);
  plan.errors = std::move(errors.ours);
  return plan;
}

}  // namespace agentos::tool
