// The parser process answers, is confined, and is replaced when it crashes, hangs or is something else.
#include "lib/canonical/parser_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <climits>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/io/process.h"

namespace agentos::canonical {
namespace {

using namespace std::chrono_literals;

std::string beside_this_program(std::string_view name) {
  std::string own(PATH_MAX, '\0');
  own.resize(static_cast<std::size_t>(std::max<ssize_t>(::readlink("/proc/self/exe", own.data(), own.size()), 0)));
  return own.substr(0, own.rfind('/') + 1) + std::string(name);
}

ParserProcessOptions patient() {
  return {.program = beside_this_program("agentos-parser"), .deadline = 5s, .start_deadline = 20s};
}

pid_t only_child() {
  const auto children = io::children_of(::getpid());
  EXPECT_TRUE(children && children->size() == 1);
  return children && children->size() == 1 ? children->front() : -1;
}

TEST(ParserProcess, one_process_answers_many_texts) {
  ParserProcess parser(patient());
  for (int i = 0; i < 20; ++i) {
    const auto facts = parser.parse("select f(x) from s.t; delete from u");
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->statements, 2U);
    EXPECT_EQ(facts->writes.at(0).text(), "u");
  }
  EXPECT_EQ(parser.starts(), 1);
  EXPECT_EQ(parser.parse("selec").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(parser.parse("select '\xff'").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(parser.parse(std::string_view("a\0b", 3)).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(parser.parse(std::string(kSqlBytesMax + 1, ' ')).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(parser.parse(std::string(kSqlBytesMax, ' ')));
  EXPECT_EQ(parser.starts(), 1);
}

TEST(ParserProcess, threads_share_it) {
  ParserProcess parser(patient());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string table = "t" + std::to_string(i);
      for (int j = 0; j < 25; ++j) {
        const auto facts = parser.parse("select * from " + table);
        ASSERT_TRUE(facts);
        EXPECT_EQ(facts->reads.at(0).name, table);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(parser.starts(), 1);
}

TEST(ParserProcess, it_is_confined_before_it_reads) {
  ParserProcess parser(patient());
  ASSERT_TRUE(parser.parse("select 1"));
  std::stringstream status;
  status << std::ifstream("/proc/" + std::to_string(only_child()) + "/status").rdbuf();
  EXPECT_NE(status.str().find("Seccomp:\t2"), std::string::npos);
  EXPECT_NE(status.str().find("NoNewPrivs:\t1"), std::string::npos);
}

TEST(ParserProcess, after_a_crash_the_next_text_finds_a_fresh_one) {
  ParserProcess parser(patient());
  ASSERT_TRUE(parser.parse("select 1"));
  ::kill(only_child(), SIGSEGV);
  const auto failed = parser.parse("select 1");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kClosed);
  EXPECT_TRUE(parser.parse("select 1"));
  EXPECT_EQ(parser.starts(), 2);
}

TEST(ParserProcess, one_that_hangs_is_ended_at_the_deadline) {
  ParserProcessOptions options = patient();
  options.deadline = 300ms;
  ParserProcess parser(options);
  ASSERT_TRUE(parser.parse("select 1"));
  ::kill(only_child(), SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  const auto failed = parser.parse("select 1");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kTimedOut);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 300ms);
  EXPECT_TRUE(parser.parse("select 1"));
  EXPECT_EQ(parser.starts(), 2);
}

TEST(ParserProcess, another_program_is_no_parser) {
  for (const char* program : {"/nonexistent", "/bin/true", "/bin/echo", "/bin/cat"}) {
    ParserProcess parser({.program = program, .deadline = 100ms, .start_deadline = 200ms});
    EXPECT_FALSE(parser.parse("select 1")) << program;
    const auto children = io::children_of(::getpid());
    EXPECT_TRUE(children && children->empty()) << program;
  }
}

}  // namespace
}  // namespace agentos::canonical
