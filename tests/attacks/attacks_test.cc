// Runs every attack program five times: on four kinds of host, where it must be refused whenever that is promised
// there, and outside, where it must get what it wants.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "lib/sandbox/launch_plan.h"
#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"
#include "tests/attacks/attack_table.h"

namespace agentos::sandbox {
namespace {

constexpr int kLandlockAbiOfDebian12 = 2;
constexpr int kSucceeded = 0, kRefused = 42, kCannotTry = 77;

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
    listen_path(abstract_, SOCK_STREAM, std::string(1, '\0') + door());
    make_workspace();
    make_home();
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
  std::string tmp() const { return folder_ + "/tmp"; }
  std::string place(Place place) const {
    if (place == Place::kWorkspace) return folder_ + "/workspace";
    return place == Place::kHome ? folder_ + "/home" : folder_of_programs();
  }
  std::vector<std::string> command(std::string_view file) const {
    const std::string path = folder_of_programs() + "/" + std::string(file);
    std::vector<std::string> command;
    if (file.ends_with(".py")) command = {"/usr/bin/python3", "-B"};
    if (file.ends_with(".sh")) command = {"/bin/sh"};
    for (const std::string& word : {path, secret(), std::to_string(port_), door()}) command.push_back(word);
    return command;
  }

 private:
  void make_workspace() const {
    const std::filesystem::path git = place(Place::kWorkspace) + "/.git";
    std::filesystem::create_directories(git / "hooks");
    std::filesystem::create_directories(git / "worktrees" / "other");
    std::ofstream(git / "config") << "[core]\n";
  }

  void make_home() const {
    const std::filesystem::path home = place(Place::kHome);
    std::filesystem::create_directories(home / ".ssh");
    std::filesystem::create_directories(tmp());
    std::ofstream(home / ".ssh/id_ed25519") << "a key";
    std::ofstream(home / ".bashrc") << "true\n";
    std::ofstream(home / ".profile") << "true\n";
  }

  static void listen_path(io::Fd& into, int type, const std::string& path) {
    into = io::Fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool abstract = path[0] == 0;
    const std::size_t size = abstract ? offsetof(sockaddr_un, sun_path) + path.size() : sizeof address;
    EXPECT_EQ(::bind(into.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(size)), 0);
    if (type == SOCK_STREAM) EXPECT_EQ(::listen(into.get(), 16), 0);
  }

  std::string folder_;
  io::Fd stream_, datagram_, abstract_, tcp_;
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

struct HostKind {
  int landlock_abi;
  Namespaces namespaces;
};

constexpr std::string_view kOutlives = "outlive_by_daemon";

// Whether a process of that program is alive on this host; it is killed.
bool end_left_over(std::string_view file) {
  bool found = false;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t end = text.rfind(") ");
    // The name is cut after 15 letters.
    if (end == std::string::npos || text.find("(" + std::string(file.substr(0, 15)) + ")") == std::string::npos)
      continue;
    if (text[end + 2] == 'Z' || text[end + 2] == 'X') continue;
    found = true;
    ::kill(std::atoi(entry.path().filename().c_str()), SIGKILL);
  }
  return found;
}

LaunchRequest request_for(const Attack& attack, const Scene& scene, Terminal& terminal) {
  LaunchRequest request;
  request.command = scene.command(attack.file);
  request.profile = *preset_profile(attack.profile);
  request.working_directory = scene.place(attack.place);
  // PATH serves programs that were copied to a folder of a test, too.
  request.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", scene.place(Place::kHome)}, {"SECRET_TOKEN", "hunter2"}};
  if (attack.place != Place::kPrograms || attack.profile == "tool") {
    request.profile.files.push_back({folder_of_programs(), Access::kRead | Access::kExecute, false, 0});
  }
  if (attack.profile == "tool") {
    request.profile.limits.cpu_seconds = 1;
  }
  if (attack.profile == "unconfined-files") request.closed_paths = {scene.folder()};
  if (attack.file == "inject_terminal_input") {
    request.stdin_fd = std::move(terminal.screen);
    request.new_terminal_session = true;
  }
  return request;
}

void note(const std::string& answer, const std::vector<std::string_view>& mechanisms) {
  std::string names;
  for (const std::string_view one : mechanisms) names += (names.empty() ? "" : ", ") + std::string(one);
  testing::Test::RecordProperty("answer", answer);
  testing::Test::RecordProperty("mechanisms", names);
}

// Under its profile, by a launcher that uses no more of this host than `kind` has, the attack is refused where that is
// promised: by the system while it runs, or by name before it starts.
void attack_inside(const Attack& attack, const HostKind& kind) {
  testing::Test::RecordProperty("wants", std::string(sentence_of(attack.promise)));
  testing::Test::RecordProperty("record", measured(attack.promise) ? "measured" : "promised");
  const Scene scene;
  Terminal terminal;
  const io::Fd leaked(::open("/etc/hostname", O_RDONLY));  // inheritable on purpose
  LauncherOptions options;
  options.init_path = init_path_for_tests();
  options.landlock_abi_max = kind.landlock_abi;
  options.namespaces = kind.namespaces;
  auto launcher = make_launcher_with(options);
  if (!launcher && kind.namespaces == Namespaces::kRequired) GTEST_SKIP() << launcher.error().message;
  ASSERT_TRUE(launcher.has_value()) << launcher.error().message;
  const HostOffer host{std::min(kind.landlock_abi, landlock_abi()), kind.namespaces == Namespaces::kRequired,
                       ::geteuid() == 0, true};
  const std::vector<std::string_view> mechanisms = holders(attack.promise, host);
  LaunchedProgram program;
  const Status launched = program.launch(**launcher, request_for(attack, scene, terminal));
  if (!launched) {
    EXPECT_EQ(launched.error().code, ErrorCode::kUnsupported) << launched.error().message;
    EXPECT_EQ(attack.promise, Promise::use_denied);
    EXPECT_FALSE(held(attack.promise, host)) << launched.error().message;
    return note("the start is refused", {});
  }
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value()) << started.error().message << "; " << started.error().hint;
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  const std::string output = program.output();
  if (attack.file == kOutlives) {
    EXPECT_FALSE(end_left_over(attack.file));
    return note("killed", mechanisms);
  }
  if (mechanisms.empty()) {
    note(status->shell_code() == kRefused ? "refused, not promised" : "not promised", {});
    GTEST_SKIP() << "not promised on such a host: " << sentence_of(attack.promise);
  }
  const bool killed = status->signaled && attack.promise == Promise::exceed_process_memory;
  EXPECT_TRUE(status->shell_code() == kRefused || killed) << status->shell_code() << " " << output;
  const std::size_t colon = output.rfind(": ");
  note(killed                       ? "killed"
       : colon == std::string::npos ? "refused"
                                    : output.substr(colon + 2, output.size() - colon - 3),
       mechanisms);
}

TEST_P(Attacking, is_refused_with_namespaces) { attack_inside(GetParam(), {kLandlockAbiKnown, Namespaces::kRequired}); }
TEST_P(Attacking, is_refused_without_namespaces) { attack_inside(GetParam(), {kLandlockAbiKnown, Namespaces::kNever}); }
TEST_P(Attacking, is_refused_with_landlock_2_and_namespaces) {
  attack_inside(GetParam(), {kLandlockAbiOfDebian12, Namespaces::kRequired});
}
TEST_P(Attacking, is_refused_with_landlock_2_without_namespaces) {
  attack_inside(GetParam(), {kLandlockAbiOfDebian12, Namespaces::kNever});
}

// Runs below a shell, so that the attacked parent is not this test.
int run_outside(const std::vector<std::string>& command, const Scene& scene, Place place, int terminal) {
  std::vector<std::string> words{"/bin/sh", "-c", "cd \"$0\" && \"$@\"; exit $?", scene.place(place)};
  words.insert(words.end(), command.begin(), command.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string tmp_variable = "TMPDIR=" + scene.tmp(), path_variable = "PATH=/usr/bin:/bin", secret = "SECRET_TOKEN=x";
  char* environment[] = {tmp_variable.data(), path_variable.data(), secret.data(), nullptr};
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

// These do to the machine what they say, so outside they run nowhere.
constexpr std::string_view kHarmful[] = {"unmount_what_hides", "burn_cpu_time"};

TEST_P(Attacking, succeeds_outside) {
  const Attack& attack = GetParam();
  if (std::find(std::begin(kHarmful), std::end(kHarmful), attack.file) != std::end(kHarmful)) {
    GTEST_SKIP() << "it would do harm";
  }
  const Scene scene;
  const Terminal terminal;
  const io::Fd leaked(::open("/etc/hostname", O_RDONLY));  // inheritable on purpose
  const int above = ::fcntl(leaked.get(), F_DUPFD, 50);
  const bool typing = attack.file == "inject_terminal_input";
  const int code = run_outside(scene.command(attack.file), scene, attack.place, typing ? terminal.screen.get() : -1);
  ::close(above);
  if (attack.file == kOutlives) {
    bool found = false;
    for (int i = 0; i < 100 && !found; ++i, ::usleep(10'000)) found = end_left_over(attack.file);
    EXPECT_TRUE(found);
    return;
  }
  if (attack.outside == Outside::kDependsOnHost && (code == kRefused || code == kCannotTry)) {
    GTEST_SKIP() << "this host refuses it to everybody";
  }
  EXPECT_EQ(code, kSucceeded);
}

INSTANTIATE_TEST_SUITE_P(Programs, Attacking, testing::ValuesIn(kAttacks), [](const auto& run) {
  std::string name(run.param.file);
  for (char& c : name) c = c == '.' ? '_' : c;
  return "a_" + name;
});

TEST(Attacks, every_program_stands_in_the_table_and_on_the_page) {
  std::set<std::string> listed;
  for (const Attack& attack : kAttacks) EXPECT_TRUE(listed.insert(std::string(attack.file)).second) << attack.file;
  std::ifstream file(ATTACK_PAGE);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const auto& entry : std::filesystem::directory_iterator(ATTACK_PROGRAMS)) {
    const std::filesystem::path path = entry.path();
    if (path.extension() == ".h") continue;
    const std::string name = path.extension() == ".c" ? path.stem().string() : path.filename().string();
    EXPECT_TRUE(listed.contains(name)) << name;
    EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name << ": run tests/attacks/table.py";
  }
  EXPECT_GE(listed.size(), 60U);
}

}  // namespace
}  // namespace agentos::sandbox
