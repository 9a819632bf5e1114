// What the real disk asks of the operating system, and what it does with short and failing writes, also on the way past
// the page cache. The calls are defined here in front of the C library's, so that they are seen and refused.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "lib/recorder/disk.h"
#include "lib/recorder/reader.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

// What was asked for each file (by inode), and what the next writes do.
struct Asked {
  std::mutex mutex;
  std::map<ino_t, int> synced, synced_writes, plain_writes;
  int refuse_flags = 0;      // error number of a write with flags; 0: none
  int fail_writes = 0;       // error number of every write
  bool refuse_room = false;  // fallocate is not supported
  std::size_t write_at_most = ~std::size_t{0};
};
std::atomic<Asked*> seen{nullptr};

ino_t inode_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

int count_sync(int fd, long call) {
  if (Asked* asked = seen.load()) {
    const std::lock_guard lock(asked->mutex);
    ++asked->synced[inode_of(fd)];
  }
  return static_cast<int>(::syscall(call, fd));
}

}  // namespace
}  // namespace agentos::recorder

extern "C" {

int fdatasync(int fd) { return agentos::recorder::count_sync(fd, SYS_fdatasync); }
int fsync(int fd) { return agentos::recorder::count_sync(fd, SYS_fsync); }

int fallocate(int fd, int mode, off_t offset, off_t size) {
  const auto* asked = agentos::recorder::seen.load();
  if (asked != nullptr && asked->refuse_room) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, size));
}

ssize_t pwritev2(int fd, const iovec* parts, int count, off_t offset, int flags) {
  iovec part = parts[0];
  if (auto* asked = agentos::recorder::seen.load()) {
    const std::lock_guard lock(asked->mutex);
    const int error = asked->fail_writes != 0 ? asked->fail_writes : flags != 0 ? asked->refuse_flags : 0;
    if (error != 0) {
      errno = error;
      return -1;
    }
    ++((flags & RWF_DSYNC) != 0 ? asked->synced_writes : asked->plain_writes)[agentos::recorder::inode_of(fd)];
    part.iov_len = std::min(part.iov_len, asked->write_at_most);
  }
  return ::syscall(SYS_pwritev2, fd, &part, count, offset, 0L, flags);
}

}  // extern "C"

namespace agentos::recorder {
namespace {

class RealDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    char place[] = "real_disk.XXXXXX";  // where the build is: a disk, not memory
    ASSERT_NE(::mkdtemp(place), nullptr);
    folder_ = std::filesystem::absolute(place);
    seen = &asked_;
  }
  void TearDown() override {
    seen = nullptr;
    std::filesystem::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static ino_t inode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
  }
  int synced(const std::string& path) { return asked_.synced[inode(path)]; }
  // A file with room, as a segment is.
  std::unique_ptr<DiskFile> with_room(const std::string& name) {
    auto file = disk_->create(path(name));
    EXPECT_TRUE(file && (*file)->reserve(kRoom) && (*file)->sync());
    return std::move(*file);
  }
  static std::string read(DiskFile& file, std::size_t size) {
    std::string octets(size, '\0');
    octets.resize(*file.read_at(0, octets.data(), size));
    return octets;
  }

  static constexpr std::uint64_t kRoom = 1 << 20;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  std::string folder_;
  Asked asked_;
};

TEST_F(RealDisk, asks_for_what_it_promises_to_make_durable) {
  auto file = disk_->create(path("a"));
  ASSERT_TRUE(file && (*file)->write_at(0, "x"));
  EXPECT_EQ(synced(path("a")), 0);
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ(synced(path("a")), 1);
  ASSERT_TRUE(disk_->sync_directory(folder_));
  EXPECT_EQ(synced(folder_), 1);
  ASSERT_TRUE(disk_->make_directory(path("b/c")));
  EXPECT_EQ(synced(folder_), 2);
  EXPECT_EQ(synced(path("b")), 1);
}

TEST_F(RealDisk, lists_files_and_folders_apart_and_removes_a_folder_with_all_in_it) {
  ASSERT_TRUE(disk_->make_directory(path("folder/below")));
  ASSERT_TRUE(disk_->create(path("folder/file")));
  ASSERT_EQ(::symlink("below", path("folder/link").c_str()), 0);
  ASSERT_EQ(::mkfifo(path("folder/pipe").c_str(), 0600), 0);
  auto files = *disk_->list(path("folder"));
  std::ranges::sort(files);
  EXPECT_EQ(files, (std::vector<std::string>{"file", "link"}));
  EXPECT_EQ(*disk_->list_folders(path("folder")), std::vector<std::string>{"below"});
  EXPECT_EQ(disk_->list(path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(disk_->open_for_reading(path("folder/link")).has_value());
  ASSERT_TRUE(disk_->remove_folder(path("folder")));
  EXPECT_FALSE(std::filesystem::exists(path("folder")));
  EXPECT_EQ(disk_->remove_folder(path("folder")).error().code, ErrorCode::kNotFound);
}

TEST_F(RealDisk, appends_with_a_synced_write_with_and_without_room) {
  auto file = with_room("roomy");
  const auto roomy = inode(path("roomy"));
  asked_.plain_writes.clear();
  ASSERT_TRUE(file->append_synced_at(0, "first"));
  ASSERT_TRUE(file->append_synced_at(5, "second"));
  EXPECT_EQ(asked_.synced_writes[roomy], 2);
  EXPECT_EQ(asked_.plain_writes[roomy], 0);
  EXPECT_EQ(read(*file, 12), std::string("firstsecond\0", 12));
  auto other = disk_->create(path("growing"));
  ASSERT_TRUE(other && (*other)->append_synced_at(0, "first"));
  EXPECT_EQ(asked_.synced_writes[inode(path("growing"))], 1);
}

TEST_F(RealDisk, syncs_after_each_append_where_writes_cannot_be_synced_themselves) {
  auto file = with_room("old");
  asked_.refuse_flags = EOPNOTSUPP;
  const int before = synced(path("old"));
  ASSERT_TRUE(file->append_synced_at(0, "first"));
  ASSERT_TRUE(file->append_synced_at(5, "second"));
  EXPECT_EQ(synced(path("old")), before + 2);
  EXPECT_EQ(read(*file, 11), "firstsecond");
}

TEST_F(RealDisk, room_that_must_be_written_is_on_disk_when_it_is_given) {
  asked_.refuse_room = true;
  auto file = disk_->create(path("zeroes"));
  ASSERT_TRUE(file && (*file)->reserve(kRoom));
  EXPECT_EQ(synced(path("zeroes")), 1);
  EXPECT_EQ(*(*file)->size(), kRoom);
}

TEST_F(RealDisk, replaced_files_and_their_names_are_synced) {
  ASSERT_TRUE(replace_file(*disk_, folder_, "note", "content"));
  EXPECT_EQ(synced(path("note")), 1);
  EXPECT_EQ(synced(folder_), 1);
}

TEST_F(RealDisk, short_writes_are_gone_on_with_past_the_page_cache_and_through_it) {
  for (const int refused : {0, EOPNOTSUPP}) {
    asked_.refuse_flags = refused;
    for (const std::size_t at_most : {1000UL, 4096UL, 5000UL}) {
      if (refused == 0 && at_most < 4096) continue;  // past the cache a part of a block cannot be gone on with
      asked_.write_at_most = ~std::size_t{0};
      auto file = with_room("short");
      asked_.write_at_most = at_most;
      std::string all;
      for (int i = 0; i < 7; ++i) {
        const std::string octets(3001 + static_cast<std::size_t>(i) * 1777, static_cast<char>('a' + i));
        const auto appended = file->append_synced_at(all.size(), octets);
        ASSERT_TRUE(appended.has_value()) << appended.error().message;
        all += octets;
      }
      EXPECT_EQ(read(*file, all.size()), all) << at_most;
    }
  }
}

TEST_F(RealDisk, a_failing_append_is_told_and_succeeds_when_it_is_repeated) {
  for (const int error : {ENOSPC, EIO, EROFS}) {
    auto file = with_room("failing");
    ASSERT_TRUE(file->append_synced_at(0, "first"));
    asked_.fail_writes = error;
    const auto failed = file->append_synced_at(5, "second");
    ASSERT_FALSE(failed.has_value());
    EXPECT_NE(failed.error().message.find("failing"), std::string::npos) << failed.error().message;
    asked_.fail_writes = 0;
    ASSERT_TRUE(file->append_synced_at(5, "second"));
    EXPECT_EQ(read(*file, 11), "firstsecond");
  }
}

// The whole recorder over the real disk: it stops with one error, lives, and goes on when the disk does.
TEST_F(RealDisk, that_fails_stops_the_recorder_until_it_works_again) {
  RealClock clock;
  SystemRandom random;
  for (const int error : {ENOSPC, EIO, EROFS}) {
    Options options;
    options.directory = path("log" + std::to_string(error));
    auto recorder = Recorder::open(options, clock, random);
    ASSERT_TRUE(recorder.has_value()) << recorder.error().message;
    const auto durable = [&] {
      const auto index = (*recorder)->append(testing::intent("a", Effect::kExternal));
      return index.has_value() && (*recorder)->wait_durable(*index).has_value();
    };
    ASSERT_TRUE(durable());
    asked_.fail_writes = error;
    EXPECT_FALSE(durable());
    const auto health = (*recorder)->health();
    ASSERT_FALSE(health.has_value());
    EXPECT_EQ(health.error().code, error == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo);
    asked_.fail_writes = 0;
    for (int i = 0; i < 1000 && !(*recorder)->health(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(durable());
    ASSERT_TRUE((*recorder)->close().has_value());
    const auto report = verify_log(options.directory);
    ASSERT_TRUE(report.has_value());
    EXPECT_TRUE(report->valid) << report->problem;
    EXPECT_EQ(report->intents, 3U);  // what was accepted while the disk failed was kept
  }
}

}  // namespace
}  // namespace agentos::recorder
