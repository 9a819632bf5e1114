// The notification command: what it is told, what it is not, and that it cannot hold anybody up.
#include "apps/agentos/approval_notifier.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/io/file.h"

namespace agentos::cli {
namespace {

class ApprovalNotifierTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string shape = testing::TempDir() + "notifier-XXXXXX";
    ASSERT_NE(::mkdtemp(shape.data()), nullptr);
    folder_ = shape;
  }
  std::string script(const std::string& lines) {
    const std::string path = folder_ + "/notify";
    std::ofstream(path) << "#!/bin/sh\n" << lines;
    ::chmod(path.c_str(), 0700);
    return path;
  }
  static abi::ApprovalEntry entry(const std::string& id) {
    abi::ApprovalEntry entry;
    entry.approval = id;
    entry.agent = "agent-1";
    entry.call = "exec";
    entry.tool = "$(touch pwned); `id`\n--help";
    entry.rule = "ask";
    entry.preview = R"({"token":"sk-very-secret"})";
    return entry;
  }
  // The content of a file once it has `lines` lines.
  std::string written(const std::string& name, std::ptrdiff_t lines) {
    for (int i = 0; i < 3000; ++i) {
      const auto text = io::read_file(folder_ + "/" + name, 1 << 20);
      if (text && std::count(text->begin(), text->end(), '\n') >= lines) return *text;
      ::usleep(10'000);
    }
    return "nothing came";
  }
  std::string folder_;
};

TEST_F(ApprovalNotifierTest, the_program_gets_the_id_and_a_line_without_the_arguments) {
  ::setenv("AGENTOS_TEST_SECRET", "not for it", 1);
  auto notifier =
      ApprovalNotifier::start(script("echo \"$# $1 [$AGENTOS_TEST_SECRET]\" > " + folder_ + "/told.new; cat >> " +
                                     folder_ + "/told.new; mv " + folder_ + "/told.new " + folder_ + "/told\n"));
  ASSERT_TRUE(notifier.has_value());
  (*notifier)->tell(entry("approval-1"));
  const std::string told = written("told", 2);
  EXPECT_TRUE(told.starts_with("1 approval-1 []\n")) << told;
  const auto line = json::parse(told.substr(told.find('\n') + 1));
  ASSERT_TRUE(line.has_value()) << told;
  EXPECT_EQ(line->string_or("tool", ""), "$(touch pwned); `id`\n--help");
  EXPECT_EQ(told.find("sk-very-secret"), std::string::npos);
}

TEST_F(ApprovalNotifierTest, one_that_hangs_ends_with_the_notifier_and_holds_nobody_up) {
  auto notifier = ApprovalNotifier::start(script("echo begun >> " + folder_ + "/told\nsleep 600\n"));
  ASSERT_TRUE(notifier.has_value());
  (*notifier)->tell(entry("approval-1"));
  EXPECT_EQ(written("told", 1), "begun\n");
  for (std::size_t i = 0; i < kNotifyQueueMax + 5; ++i) (*notifier)->tell(entry("approval-2"));
  EXPECT_EQ((*notifier)->dropped(), 5U);
  notifier->reset();  // does not wait for it
}

TEST_F(ApprovalNotifierTest, what_cannot_be_run_is_told_at_the_start) {
  EXPECT_FALSE(ApprovalNotifier::start("/no/such/program").has_value());
  EXPECT_FALSE(ApprovalNotifier::start("no-such-program-anywhere").has_value());
  EXPECT_FALSE(ApprovalNotifier::start("").has_value());
  EXPECT_FALSE(ApprovalNotifier::start("echo hello").has_value());
  EXPECT_TRUE(ApprovalNotifier::start("true").has_value());
}

}  // namespace
}  // namespace agentos::cli
