// What a running program tries and does not get is told, with its address or path, once and then by its count.
#include "lib/sandbox/blocked.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"

namespace agentos::sandbox {
namespace {

class Blocking : public testing::TestWithParam<Namespaces> {
 protected:
  void SetUp() override {
    LauncherOptions options;
    options.init_path = init_path_for_tests();
    options.namespaces = GetParam();
    auto made = make_launcher_with(options);
    if (!made && GetParam() == Namespaces::kRequired) GTEST_SKIP() << made.error().message;
    ASSERT_TRUE(made.has_value()) << made.error().message;
    launcher_ = std::move(*made);
    ASSERT_NE(::mkdtemp(folder_), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void run(std::vector<std::string> command) {
    LaunchRequest request;
    request.command = std::move(command);
    request.profile = *preset_profile("agent-default");
    request.on_blocked = [this](Blocked one) { seen_.push_back(std::move(one)); };
    LaunchedProgram program;
    const Status launched = program.launch(*launcher_, std::move(request));
    ASSERT_TRUE(launched.has_value()) << launched.error().message;
    ASSERT_TRUE(program.wait_exit().has_value());  // the callbacks are over
  }
  void run_python(const std::string& script) { run({"/usr/bin/python3", "-c", script}); }

  // The last report of an attempt; absent: never seen.
  std::optional<Blocked> last(std::string_view what, std::string_view target) const {
    std::optional<Blocked> found;
    for (const Blocked& one : seen_) {
      if (one.what == what && one.target == target) found = one;
    }
    return found;
  }

  char folder_[32] = "/tmp/agentos-blocked-XXXXXX";
  std::unique_ptr<Launcher> launcher_;
  std::vector<Blocked> seen_;
};

TEST_P(Blocking, an_ordinary_program_is_told_nothing_about) {
  run({"/bin/sh", "-c", "ls / | cat >/dev/null; id >/dev/null; /usr/bin/env true"});
  for (const Blocked& one : seen_) ADD_FAILURE() << one.what << " " << one.target << " by " << one.program;
}

TEST_P(Blocking, a_connection_is_told_with_its_address_and_process) {
  run_python(
      "import socket\n"
      "for family, address in ((socket.AF_INET, ('192.0.2.1', 443)), (socket.AF_INET6, ('2001:db8::1', 443)),\n"
      "                        (socket.AF_UNIX, '/run/docker.sock'), (socket.AF_UNIX, '\\0desktop')):\n"
      "  try: socket.socket(family).connect(address)\n"
      "  except PermissionError: pass\n"
      "try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.2', 53))\n"
      "except PermissionError: pass\n");
  const auto tcp = last("connect", "tcp 192.0.2.1:443");
  ASSERT_TRUE(tcp.has_value());
  EXPECT_EQ(tcp->program, "python3");
  EXPECT_GT(tcp->pid, 1);
  EXPECT_EQ(tcp->count, 1U);
  EXPECT_EQ(tcp->allow, "network: proxy");
  EXPECT_TRUE(last("connect", "tcp [2001:db8::1]:443").has_value());
  EXPECT_TRUE(last("connect", "udp 192.0.2.2:53").has_value());
  const auto docker = last("connect", "unix /run/docker.sock");
  ASSERT_TRUE(docker.has_value());
  EXPECT_EQ(docker->allow, "network: host");
  EXPECT_TRUE(last("connect", "unix @desktop").has_value());
}

TEST_P(Blocking, listening_and_odd_sockets_are_told) {
  run_python(
      "import socket\n"
      "try: socket.socket().bind(('0.0.0.0', 8080))\n"
      "except PermissionError: pass\n"
      "try: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\n"
      "except PermissionError: pass\n");
  EXPECT_TRUE(last("listen", "tcp 0.0.0.0:8080").has_value());
  EXPECT_TRUE(last("socket", "raw ipv4, protocol 1").has_value());
}

TEST_P(Blocking, the_stand_in_of_a_socket_is_no_socket) {
  run_python(
      "import os, socket, sys\n"
      "s = socket.socket()\n"
      "try: s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE); os._exit(1)\n"
      "except OSError: pass\n"
      "for attempt in (lambda: s.listen(1), lambda: s.send(b'x'), lambda: s.sendmsg([b'x'], [], 0, ('192.0.2.1', "
      "1))):\n"
      "  try: attempt(); os._exit(1)\n"
      "  except OSError: pass\n"
      "try: s.connect(('192.0.2.9', 9))\n"
      "except PermissionError: pass\n");
  EXPECT_TRUE(last("connect", "tcp 192.0.2.9:9").has_value()) << "the script ended before";
}

TEST_P(Blocking, a_program_that_may_not_run_is_told_with_its_path) {
  const std::string path = std::string(folder_) + "/tool";
  std::filesystem::copy_file("/bin/true", path);
  run({"/bin/sh", "-c", path + "; cd /usr; ../.." + path + "; true"});
  const auto blocked = last("execute", path);
  ASSERT_TRUE(blocked.has_value());
  EXPECT_EQ(blocked->count, 2U);
  EXPECT_EQ(blocked->allow, "files: {execute: [\"" + path + "\"]}");
}

TEST_P(Blocking, what_is_not_there_or_no_program_is_told_nothing_about) {
  run({"/bin/sh", "-c", std::string(folder_) + "/absent; /usr/no-such-program; /etc/passwd; true"});
  EXPECT_TRUE(seen_.empty()) << seen_.front().what << " " << seen_.front().target;
}

TEST_P(Blocking, repeats_become_a_count) {
  run_python(
      "import socket\n"
      "for i in range(57):\n"
      "  try: socket.socket().connect(('192.0.2.1', 80))\n"
      "  except PermissionError: pass\n");
  ASSERT_TRUE(last("connect", "tcp 192.0.2.1:80").has_value());
  EXPECT_EQ(last("connect", "tcp 192.0.2.1:80")->count, 57U);
  EXPECT_EQ(seen_.size(), 3U);  // 1, 10, 57
}

TEST_P(Blocking, a_flood_of_different_attempts_is_bounded) {
  run_python(
      "import socket\n"
      "for i in range(1000):\n"
      "  try: socket.socket().connect(('192.0.2.1', 1000 + i))\n"
      "  except PermissionError: pass\n");
  ASSERT_TRUE(last("others", "").has_value());
  EXPECT_EQ(last("others", "")->count, 1000 - kBlockedKindsMax);
  EXPECT_LE(seen_.size(), kBlockedKindsMax + 4);
}

TEST_P(Blocking, a_changed_mode_is_told_where_init_is_asked) {
  if (GetParam() == Namespaces::kRequired) GTEST_SKIP() << "a mount namespace holds it, and init is not asked";
  const std::string path = std::string(folder_) + "/file";
  ::close(::open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  run({"/bin/chmod", "0777", path});
  const auto blocked = last("change", path);
  ASSERT_TRUE(blocked.has_value());
  EXPECT_EQ(blocked->allow, "files: {write: [\"" + path + "\"]}");
}

INSTANTIATE_TEST_SUITE_P(Hosts, Blocking, testing::Values(Namespaces::kNever, Namespaces::kRequired),
                         [](const auto& info) { return info.param == Namespaces::kNever ? "plain" : "namespaces"; });

}  // namespace
}  // namespace agentos::sandbox
