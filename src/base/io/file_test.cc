// Bounds, atomic replacement, and clear refusals.
#include "base/io/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace agentos::io {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/file_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::string folder_;
};

mode_t mode_of(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST_F(Files, reads_back_what_was_written) {
  const std::string content = std::string(300'000, 'x') + std::string(1, '\0') + "end";
  ASSERT_TRUE(write_file_atomic(at("a"), content, 0640));
  EXPECT_EQ(*read_file(at("a"), 1 << 20), content);
  EXPECT_EQ(mode_of(at("a")), 0640u);
  ASSERT_TRUE(write_file_atomic(at("a"), "", 0600));
  EXPECT_EQ(*read_file(at("a"), 0), "");
  EXPECT_EQ(mode_of(at("a")), 0600u);
  EXPECT_EQ(list_directory(folder_)->size(), 1u);  // no temporary file stays
}

TEST_F(Files, refuses_to_read_more_than_allowed) {
  ASSERT_TRUE(write_file_atomic(at("a"), "12345", 0600));
  EXPECT_EQ(*read_file(at("a"), 5), "12345");
  EXPECT_EQ(read_file(at("a"), 4).error().code, ErrorCode::kTooLarge);
  EXPECT_GT(read_file("/proc/self/status", 1 << 20)->size(), 100u);  // its size says 0
  EXPECT_EQ(read_file("/proc/self/status", 10).error().code, ErrorCode::kTooLarge);
}

TEST_F(Files, refuses_what_is_not_a_regular_file) {
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(at("pipe"), 10).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read_file(folder_, 10).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read_file("/dev/zero", 10).error().code, ErrorCode::kInvalidArgument);
  const auto absent = read_file(at("absent"), 10);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_NE(absent.error().message.find(at("absent")), std::string::npos);
}

TEST_F(Files, a_failed_write_leaves_nothing_behind) {
  EXPECT_EQ(write_file_atomic(at("no/such/folder"), "x", 0600).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(make_directories(at("taken"), 0700));
  EXPECT_FALSE(write_file_atomic(at("taken"), "x", 0600).has_value());
  EXPECT_EQ(*list_directory(folder_), std::vector<std::string>{"taken"});
}

TEST_F(Files, makes_missing_directories_and_keeps_existing_ones) {
  ASSERT_TRUE(make_directories(at("a/b/c"), 0700));
  EXPECT_EQ(mode_of(at("a")), 0700u);
  EXPECT_EQ(mode_of(at("a/b/c")), 0700u);
  EXPECT_TRUE(make_directories(at("a/b/c/"), 0755));
  EXPECT_EQ(mode_of(at("a/b/c")), 0700u);
  EXPECT_TRUE(make_directories("/", 0700));
  ASSERT_TRUE(write_file_atomic(at("file"), "", 0600));
  EXPECT_EQ(make_directories(at("file/x"), 0700).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(make_directories(at("file"), 0700).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(make_directories("", 0700).has_value());
}

TEST_F(Files, lists_names_in_order) {
  for (const char* name : {"b", "a", ".hidden", "c"}) ASSERT_TRUE(write_file_atomic(at(name), "", 0600));
  EXPECT_EQ(*list_directory(folder_), (std::vector<std::string>{".hidden", "a", "b", "c"}));
  EXPECT_EQ(list_directory(at("absent")).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(list_directory(at("a")).has_value());
}

}  // namespace
}  // namespace agentos::io
