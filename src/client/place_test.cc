// Where the kernel is looked for, and what happens when it does not come up.
#include "client/place.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

namespace agentos::client {
namespace {

Environment of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](std::string_view name) {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::string() : found->second;
  };
}

class Place : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/agentos-place-XXXXXX";
    directory_ = ::mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(Place, the_socket_is_named_or_found_by_the_runtime_directory) {
  EXPECT_EQ(socket_path(of({{"AGENTOS_SOCKET", "/a/b.sock"}, {"XDG_RUNTIME_DIR", directory_}})).value(), "/a/b.sock");
  EXPECT_EQ(socket_path(of({{"XDG_RUNTIME_DIR", directory_}})).value(), directory_ + "/agentos/kernel.sock");
  EXPECT_NE(socket_path(of({{"XDG_RUNTIME_DIR", directory_ + "/absent"}})).value_or(""),
            directory_ + "/absent/agentos/kernel.sock");
}

TEST_F(Place, state_lies_under_the_state_home) {
  EXPECT_EQ(state_directory(of({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}})), "/s/agentos");
  EXPECT_EQ(state_directory(of({{"XDG_STATE_HOME", "relative"}, {"HOME", "/h"}})), "/h/.local/state/agentos");
  EXPECT_TRUE(state_directory(of({})).starts_with("/var/tmp/agentos-"));
}

TEST_F(Place, a_directory_open_to_others_is_not_trusted) {
  const std::string fresh = directory_ + "/a/b";
  ASSERT_TRUE(own_directory(fresh).has_value());
  struct stat status{};
  ASSERT_EQ(::stat(fresh.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_TRUE(own_directory(fresh).has_value());
  ::chmod(fresh.c_str(), 0770);
  EXPECT_FALSE(own_directory(fresh).has_value());
  const std::string link = directory_ + "/link";
  ASSERT_EQ(::symlink("/tmp", link.c_str()), 0);
  EXPECT_FALSE(own_directory(link).has_value());
}

TEST_F(Place, a_kernel_that_fails_to_start_is_an_error_naming_its_log) {
  StartOptions options;
  options.socket = directory_ + "/run/kernel.sock";
  options.log_file = directory_ + "/state/kernel.log";
  options.command = {"/bin/sh", "-c", "echo the disk is full >&2; exit 3"};
  const auto client = ensure_kernel(options);
  ASSERT_FALSE(client.has_value());
  EXPECT_EQ(client.error().code, abi::error::no_kernel);
  EXPECT_NE(client.error().message.find("ended with 3"), std::string::npos) << client.error().message;
  EXPECT_NE(client.error().message.find("the disk is full"), std::string::npos) << client.error().message;
  EXPECT_NE(client.error().hint.find(options.log_file), std::string::npos);
}

TEST_F(Place, a_kernel_that_never_answers_is_given_up) {
  StartOptions options;
  options.socket = directory_ + "/kernel.sock";
  options.log_file = directory_ + "/kernel.log";
  options.command = {"/bin/sleep", "3"};
  options.timeout_ms = 1200;
  std::string noted;
  options.note = [&](std::string_view text) { noted = text; };
  const auto client = ensure_kernel(options);
  ASSERT_FALSE(client.has_value());
  EXPECT_NE(client.error().message.find("did not answer"), std::string::npos);
  EXPECT_NE(noted.find(options.log_file), std::string::npos);
}

}  // namespace
}  // namespace agentos::client
