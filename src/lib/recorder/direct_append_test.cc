// What is appended past the page cache is what the page cache shows.
#include "lib/recorder/direct_append.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>

namespace agentos::recorder {
namespace {

constexpr std::size_t kFileSize = 1 << 20;

class DirectAppendTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(file_.valid());
    std::filesystem::remove(path_);
    ASSERT_EQ(::ftruncate(file_.get(), kFileSize), 0);
    append_ = DirectAppend::of(file_);
    if (append_ == nullptr) GTEST_SKIP() << "the file system of " << path_ << " has only the page cache";
  }
  std::string content(std::size_t size) const {
    std::string octets(size, '?');
    EXPECT_EQ(::pread(file_.get(), octets.data(), size, 0), static_cast<ssize_t>(size));
    return octets;
  }

  const std::string path_ = ::testing::TempDir() + "direct-" + std::to_string(::getpid());
  const io::Fd file_{::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  std::unique_ptr<DirectAppend> append_;
};

TEST_F(DirectAppendTest, appends_of_any_size_lie_one_behind_the_other) {
  std::mt19937 random(7);
  std::string expected(100, 'h');
  ASSERT_EQ(::pwrite(file_.get(), expected.data(), expected.size(), 0), 100);
  for (int i = 0; i < 200; ++i) {
    const std::size_t size = i % 10 == 0 ? 4096 - expected.size() % 4096 : 1 + random() % (i % 3 == 0 ? 9000 : 700);
    const std::string octets(size, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(append_->append(expected.size(), octets));
    expected += octets;
    ASSERT_EQ(content(expected.size()), expected);
  }
  EXPECT_EQ(content(kFileSize).substr(expected.size()), std::string(kFileSize - expected.size(), '\0'));
}

TEST_F(DirectAppendTest, a_second_writer_of_the_file_begins_with_what_its_block_holds) {
  ASSERT_TRUE(append_->append(0, std::string(5000, 'a')));
  const auto other = DirectAppend::of(file_);
  ASSERT_TRUE(other->append(5000, "bcd"));
  EXPECT_EQ(content(5004), std::string(5000, 'a') + "bcd" + '\0');
}

TEST_F(DirectAppendTest, the_same_append_again_changes_nothing) {
  ASSERT_TRUE(append_->append(0, std::string(300, 'a')));
  ASSERT_TRUE(append_->append(300, "bcd"));
  ASSERT_TRUE(append_->append(300, "bcd"));
  EXPECT_EQ(content(304), std::string(300, 'a') + "bcd" + '\0');
}

TEST_F(DirectAppendTest, a_file_is_never_made_longer) {
  ASSERT_EQ(::ftruncate(file_.get(), 6000), 0);
  ASSERT_TRUE(append_->append(0, std::string(4000, 'a')));
  const Status beyond = append_->append(4000, std::string(200, 'b'));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(std::filesystem::exists(path_), false);
  EXPECT_EQ(content(4001), std::string(4000, 'a') + '\0');
}

}  // namespace
}  // namespace agentos::recorder
