// The signer as a process: confined, replaced when it dies or hangs, and the only one with the keys.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/io/process.h"
#include "lib/recorder/reader.h"
#include "lib/recorder/recorder.h"
#include "lib/recorder/signer_process.h"

namespace agentos::recorder {
namespace {

using namespace std::chrono_literals;

std::string signer_program() {
  std::string own(PATH_MAX, '\0');
  own.resize(static_cast<std::size_t>(std::max<ssize_t>(::readlink("/proc/self/exe", own.data(), own.size()), 0)));
  return own.substr(0, own.rfind('/') + 1) + "agentos-signer";
}

class SignerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    place_ = ::testing::TempDir() + "/signer.XXXXXX";
    ASSERT_NE(::mkdtemp(place_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(place_); }

  Options options() const {
    Options options;
    options.directory = place_ + "/log";
    options.signer_program = signer_program();
    options.checkpoint_interval_ms = 5;
    options.seal_interval_ms = 0;
    return options;
  }
  pid_t signer() const {
    const auto children = io::children_of(::getpid());
    return children && children->size() == 1 ? children->front() : -1;
  }
  Event event() const {
    Event event;
    event.name = "x";
    event.detail.text = "{}";
    return event;
  }

  std::string place_;
  RealClock clock_;
  SystemRandom random_;
};

std::string read_text(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_F(SignerTest, it_signs_from_a_confined_process_that_alone_opened_the_keys) {
  auto recorder = Recorder::open(options(), clock_, random_);
  ASSERT_TRUE(recorder.has_value()) << recorder.error().message;
  const std::string status = read_text("/proc/" + std::to_string(signer()) + "/status");
  EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos);
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const auto target = std::filesystem::read_symlink(entry.path(), ignored).string();
    EXPECT_EQ(target.find(".key"), std::string::npos) << target;
  }
  ASSERT_TRUE((*recorder)->wait_durable(*(*recorder)->append(event())).has_value());
  ASSERT_TRUE((*recorder)->close().has_value());
  recorder->reset();
  const auto report = verify_log(place_ + "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_TRUE(report->sealed);
  EXPECT_EQ(report->checkpoint_size, 1U);
}

TEST_F(SignerTest, one_that_is_killed_or_hangs_is_replaced_and_appending_goes_on) {
  auto recorder = Recorder::open(options(), clock_, random_);
  ASSERT_TRUE(recorder.has_value()) << recorder.error().message;
  const auto append_until = [&](auto condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      EXPECT_TRUE((*recorder)->wait_durable(*(*recorder)->append(event())).has_value());
      std::this_thread::sleep_for(2ms);
    }
    return condition();
  };
  const auto stats = [&] { return (*recorder)->stats(); };
  for (const int how : {SIGKILL, SIGSTOP}) {
    const auto starts = stats().signer_starts;
    ::kill(signer(), how);
    EXPECT_TRUE(append_until([&] { return !stats().signer_error.empty(); }));
    EXPECT_TRUE(stats().healthy);
    EXPECT_TRUE(append_until([&] { return stats().signer_error.empty() && stats().signer_starts > starts; }));
    const auto covered = stats().checkpoint_size;
    EXPECT_TRUE(append_until([&] { return stats().checkpoint_size > covered; }));
  }
  ASSERT_TRUE((*recorder)->close().has_value());
  recorder->reset();
  const auto report = verify_log(place_ + "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_GT(report->seals, 2U);
}

TEST_F(SignerTest, a_log_without_its_keys_is_refused_with_what_is_missing) {
  {
    ASSERT_TRUE(Recorder::open(options(), clock_, random_).has_value());
  }
  std::filesystem::remove(place_ + "/log/log.key");
  const auto opened = Recorder::open(options(), clock_, random_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("log.key is missing"), std::string::npos) << opened.error().message;
  EXPECT_FALSE(opened.error().hint.empty());
}

TEST_F(SignerTest, another_program_is_no_signer) {
  for (const char* program : {"/nonexistent", "/bin/true", "/bin/echo"})
    EXPECT_FALSE(SignerProcess::start(program, place_, "example.org/log").has_value()) << program;
}

TEST(SignerAnswer, has_one_shape) {
  EXPECT_EQ(parse_signer_answer(signer_answer(std::string("note\n"))).value_or(""), "note\n");
  const auto error = parse_signer_answer(signer_answer(fail(ErrorCode::kIo, "two\nlines", "a hint")));
  EXPECT_EQ(error.error().code, ErrorCode::kIo);
  EXPECT_EQ(error.error().message, "two lines");
  EXPECT_EQ(error.error().hint, "a hint");
  for (std::string_view nonsense : {"", "ok", "error\n", "error\n3\nx\ny\n", "error\n-1\nx\n"})
    EXPECT_EQ(parse_signer_answer(nonsense).error().code, ErrorCode::kClosed) << nonsense;
}

}  // namespace
}  // namespace agentos::recorder
