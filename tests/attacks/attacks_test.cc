// Runs every attack program twice: confined, where it must report that it was refused, and outside, where it must get
// what it wants. An attack that cannot succeed anywhere would prove nothing; those that need more than some hosts give
// (root, a kernel option) say so in the table, and then the second run may be refused too.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <filesystem>
#include <set>

#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"

namespace agentos::sandbox {
namespace {

constexpr int kLandlockAbiOfDebian12 = 2;
constexpr int kSucceeded = 0, kRefused = 42, kCannotTry = 77;

enum class Outside : std::uint8_t { kSucceeds, kDependsOnHost };
struct Attack {
  std::string_view file;
  Outside outside = Outside::kSucceeds;
};

constexpr Attack kAttacks[] = {
    {"32bit_syscall", Outside::kDependsOnHost},             // CONFIG_IA32_EMULATION
    {"change_mode_of_a_program", Outside::kDependsOnHost},  // root
    {"change_mode_outside"},
    {"connect_to_path_socket"},
    {"drop_the_mark"},
    {"escape_by_proc_root"},
    {"fork_bomb", Outside::kDependsOnHost},              // limits of the session
    {"inject_terminal_input", Outside::kDependsOnHost},  // dev.tty.legacy_tiocsti
    {"kill_parent"},
    {"limit_another_process"},
    {"mount_over_etc", Outside::kDependsOnHost},      // root
    {"new_user_namespace", Outside::kDependsOnHost},  // user namespaces
    {"ptrace_parent", Outside::kDependsOnHost},       // Yama
    {"raw_device", Outside::kDependsOnHost},          // root
    {"read_file_through_hard_link"},
    {"read_file_through_symlink"},
    {"read_init_environment"},
    {"read_kernel_keys", Outside::kDependsOnHost},    // CONFIG_KEYS
    {"read_parent_memory", Outside::kDependsOnHost},  // Yama
    {"read_secret_by_python.py"},
    {"read_secret_by_script.sh"},
    {"regain_capabilities", Outside::kDependsOnHost},  // root
    {"reopen_path_descriptor"},
    {"send_from_datagram_pair"},
    {"share_memory_by_key"},
    {"start_from_tmp.sh"},
    {"tcp_connect"},
    {"tcp_fast_open"},
    {"truncate_outside"},
    {"udp_send"},
    {"use_io_uring", Outside::kDependsOnHost},  // kernel.io_uring_disabled
    {"write_outside"},
    {"x32_syscall", Outside::kDependsOnHost},  // CONFIG_X86_X32
};

std::string folder_of_programs() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "attacks"; }

// What there is to attack: a secret of the same user, a TCP port, and path sockets.
class Scene {
 public:
  Scene() {
    char name[] = "/tmp/attack-scene-XXXXXX";
    folder_ = ::mkdtemp(name);
    io::Fd file(::open(secret().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_EQ(::write(file.get(), "a secret", 8), 8);
    listen_path(stream_, SOCK_STREAM, door());
    listen_path(datagram_, SOCK_DGRAM, door() + ".datagram");
    tcp_ = io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(tcp_.get(), 16), 0);
    EXPECT_EQ(::getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_; }
  std::string secret() const { return folder_ + "/secret"; }
  std::string door() const { return folder_ + "/door"; }
  std::vector<std::string> command(std::string_view file) const {
    const std::string path = folder_of_programs() + "/" + std::string(file);
    std::vector<std::string> command;
    if (file.ends_with(".py")) command = {"/usr/bin/python3", "-B"};
    if (file.ends_with(".sh")) command = {"/bin/sh"};
    for (const std::string& word : {path, secret(), std::to_string(port_), door()}) command.push_back(word);
    return command;
  }

 private:
  static void listen_path(io::Fd& into, int type, const std::string& path) {
    into = io::Fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(into.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (type == SOCK_STREAM) EXPECT_EQ(::listen(into.get(), 16), 0);
  }

  std::string folder_;
  io::Fd stream_, datagram_, tcp_;
  int port_ = 0;
};

struct Terminal {
  Terminal() : keyboard(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (::grantpt(keyboard.get()) == 0 && ::unlockpt(keyboard.get()) == 0) {
      screen = io::Fd(::open(::ptsname(keyboard.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    }
  }
  io::Fd keyboard, screen;
};

class Attacking : public testing::TestWithParam<Attack> {};

// The shell code of an attack under the built-in profile, by a launcher that uses no Landlock newer than `abi_max`.
void attack_inside(std::string_view file, int abi_max) {
  const Scene scene;
  Terminal terminal;
  auto launcher =
      make_launcher_with({.init_path = init_path_for_tests(), .base_directory = {}, .landlock_abi_max = abi_max});
  ASSERT_TRUE(launcher.has_value()) << launcher.error().message;
  LaunchRequest request;
  request.command = scene.command(file);
  request.profile = *preset_profile("agent-default");
  request.working_directory = folder_of_programs();
  if (file == "inject_terminal_input") {
    request.stdin_fd = std::move(terminal.screen);
    request.new_terminal_session = true;
  }
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(**launcher, std::move(request)).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value()) << started.error().message;
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->shell_code(), kRefused) << program.output();
}

TEST_P(Attacking, is_refused_inside) { attack_inside(GetParam().file, kLandlockAbiKnown); }

TEST_P(Attacking, is_refused_inside_on_a_host_with_landlock_2) {
  if (GetParam().file == "kill_parent") {
    GTEST_SKIP() << "not promised below Landlock 6: signals to other processes of the same user";
  }
  attack_inside(GetParam().file, kLandlockAbiOfDebian12);
}

// Runs below a shell, so that the attacked parent is not this test.
int run_outside(const std::vector<std::string>& command, const std::string& tmp, int terminal) {
  std::vector<std::string> words{"/bin/sh", "-c", "\"$@\"; exit $?", "sh"};
  words.insert(words.end(), command.begin(), command.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string tmp_variable = "TMPDIR=" + tmp, path_variable = "PATH=/usr/bin:/bin";
  char* environment[] = {tmp_variable.data(), path_variable.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (terminal >= 0) ::posix_spawn_file_actions_adddup2(&actions, terminal, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, nullptr, arguments.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (error != 0 || ::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_P(Attacking, succeeds_outside) {
  const Scene scene;
  const Terminal terminal;
  const bool typing = GetParam().file == "inject_terminal_input";
  const int code = run_outside(scene.command(GetParam().file), scene.folder(), typing ? terminal.screen.get() : -1);
  if (GetParam().outside == Outside::kDependsOnHost && (code == kRefused || code == kCannotTry)) {
    GTEST_SKIP() << "this host refuses it to everybody";
  }
  EXPECT_EQ(code, kSucceeded);
}

INSTANTIATE_TEST_SUITE_P(Programs, Attacking, testing::ValuesIn(kAttacks), [](const auto& run) {
  std::string name(run.param.file);
  for (char& c : name) c = c == '.' ? '_' : c;
  return "a_" + name;
});

TEST(Attacks, every_program_stands_in_the_table) {
  std::set<std::string> listed;
  for (const Attack& attack : kAttacks) listed.insert(std::string(attack.file));
  for (const auto& entry : std::filesystem::directory_iterator(ATTACK_PROGRAMS)) {
    const std::filesystem::path path = entry.path();
    if (path.extension() == ".h") continue;
    const std::string name = path.extension() == ".c" ? path.stem().string() : path.filename().string();
    EXPECT_TRUE(listed.contains(name)) << name;
  }
  EXPECT_GE(listed.size(), 30U);
}

}  // namespace
}  // namespace agentos::sandbox
