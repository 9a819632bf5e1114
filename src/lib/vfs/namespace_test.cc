// What an agent sees of its namespace: mounts, files, descriptors, quotas.
#include "lib/vfs/namespace.h"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace agentos::vfs {
namespace {

constexpr OpenFlags flags(std::initializer_list<OpenFlag> list) {
  OpenFlags result = 0;
  for (const OpenFlag flag : list) result |= static_cast<OpenFlags>(flag);
  return result;
}
constexpr OpenFlags kR = flags({OpenFlag::kRead});
constexpr OpenFlags kW = flags({OpenFlag::kWrite, OpenFlag::kCreate, OpenFlag::kTruncate});
constexpr OpenFlags kA = flags({OpenFlag::kWrite, OpenFlag::kAppend, OpenFlag::kCreate});
constexpr OpenFlags kRw = flags({OpenFlag::kRead, OpenFlag::kWrite, OpenFlag::kCreate});
constexpr OpenFlags kX = flags({OpenFlag::kWrite, OpenFlag::kCreate, OpenFlag::kExclusive});

class NamespaceTest : public testing::Test {
 protected:
  void limit(Limits limits) { files_ = Namespace::make(limits, clock_); }
  std::string content(std::string_view path) {
    auto result = files_->read(path, 0, -1);
    return result ? *result : "error: " + result.error().message;
  }
  template <class R>
  static int code(const R& result) {
    return result ? 0 : static_cast<int>(result.error().code);
  }

  FakeClock clock_{1'000'000};
  std::unique_ptr<Namespace> files_ = Namespace::make({}, clock_);
};
constexpr int code_of(ErrorCode code) { return static_cast<int>(code); }

TEST_F(NamespaceTest, what_is_written_is_read) {
  EXPECT_EQ(files_->write("/mem/working/a", "hello").value(), 5);
  EXPECT_EQ(content("/mem/working/a"), "hello");
  EXPECT_EQ(files_->write("/mem/working/a", "").value(), 0);
  EXPECT_EQ(content("/mem/working/a"), "");
  EXPECT_EQ(files_->read("/mem/working/a", 3, 4).value(), "");
  EXPECT_EQ(files_->write("/state/bin", std::string_view("\0\xff", 2)).value(), 2);
  EXPECT_EQ(files_->read("/state/bin", 1, 1).value(), "\xff");
}

TEST_F(NamespaceTest, what_it_holds_is_taken_from_the_pool_and_given_back) {
  Pool pool(1 << 20);
  limit({.pool = &pool});
  EXPECT_EQ(pool.left(), 1 << 20);
  ASSERT_EQ(code(files_->write("/mem/working/a", std::string(600 << 10, 'x'))), 0);
  EXPECT_LT(pool.left(), 424 << 10);
  EXPECT_EQ(code(files_->write("/mem/working/b", std::string(600 << 10, 'x'))), code_of(ErrorCode::kNoSpace));
  ASSERT_EQ(code(files_->unlink("/mem/working/a")), 0);
  ASSERT_EQ(code(files_->write("/mem/working/b", std::string(600 << 10, 'x'))), 0);
  auto open = files_->open("/mem/working/b", kR);
  ASSERT_EQ(code(open), 0);
  files_.reset();
  EXPECT_LT(pool.left(), 1 << 20) << "an open file holds its content";
  open->reset();
  EXPECT_EQ(pool.left(), 1 << 20);
}

TEST_F(NamespaceTest, the_root_lists_eight_mounts) {
  const auto mounts = files_->list("/").value();
  ASSERT_EQ(mounts.size(), 8u);
  EXPECT_EQ(mounts.front().path, "/ipc");
  EXPECT_EQ(files_->list("/mem").value().size(), 4u);
  for (const Stat& stat : mounts) {
    EXPECT_EQ(stat.kind, NodeKind::kDirectory);
    EXPECT_EQ(stat.read_only, stat.path == "/policy");
    EXPECT_TRUE(files_->list(stat.path).value().empty());
  }
}

TEST_F(NamespaceTest, a_name_that_only_begins_like_a_mount_is_none) {
  for (const char* path : {"/mem/workingX/f", "/policyfoo", "/audit/x", "/mem/other", "/x"}) {
    const auto written = files_->write(path, "x");
    EXPECT_EQ(code(written), code_of(ErrorCode::kNotFound)) << path;
    EXPECT_NE(written.error().hint.find("/mem/working "), std::string::npos);
    EXPECT_EQ(code(files_->read(path, 0, -1)), code_of(ErrorCode::kNotFound));
    EXPECT_EQ(code(files_->stat(path)), code_of(ErrorCode::kNotFound));
    EXPECT_EQ(code(files_->list(path)), code_of(ErrorCode::kNotFound));
    EXPECT_EQ(code(files_->unlink(path)), code_of(ErrorCode::kNotFound));
  }
}

TEST_F(NamespaceTest, policy_can_be_read_and_never_changed) {
  ASSERT_TRUE(files_->publish("/policy/effective.yaml", "rules"));
  ASSERT_TRUE(files_->write("/state/mine", "x"));
  EXPECT_EQ(content("/policy/effective.yaml"), "rules");
  const int read_only = code_of(kReadOnly);
  for (const char* path : {"/policy", "/policy/effective.yaml", "/policy/new"}) {
    EXPECT_EQ(code(files_->write(path, "x")), read_only);
    EXPECT_EQ(code(files_->write_at(path, 0, "x")), read_only);
    EXPECT_EQ(code(files_->append(path, "x")), read_only);
    EXPECT_EQ(code(files_->unlink(path)), read_only);
    EXPECT_EQ(code(files_->make_directory(path)), read_only);
    EXPECT_EQ(code(files_->rename(path, "/policy/other")), read_only);
    EXPECT_EQ(code(files_->rename("/state/mine", path)), read_only);
    for (const OpenFlags mode : {kW, kA, kRw, kX, flags({OpenFlag::kAppend}), flags({OpenFlag::kWrite})}) {
      EXPECT_EQ(code(files_->open(path, mode)), read_only);
    }
  }
  auto file = files_->open("/policy/effective.yaml", kR);
  ASSERT_TRUE(file);
  EXPECT_EQ(code((*file)->write("x")), code_of(kBadHandle));
  EXPECT_TRUE((*file)->stat().read_only);
  EXPECT_EQ(content("/policy/effective.yaml"), "rules");
}

TEST_F(NamespaceTest, publish_reaches_read_only_mounts_only) {
  EXPECT_EQ(code(files_->publish("/state/x", "x")), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(files_->publish("/nowhere/x", "x")), code_of(ErrorCode::kNotFound));
  limit({.bytes_max = 4, .nodes_max = 1});
  ASSERT_TRUE(files_->publish("/policy/rules", "longer than the agent may"));
  EXPECT_EQ(content("/policy/rules"), "longer than the agent may");
  EXPECT_EQ(files_->bytes_used(), 25 + 5);
  EXPECT_EQ(code(files_->write("/state/x", "x")), code_of(ErrorCode::kNoSpace));
}

TEST_F(NamespaceTest, modes_mean_what_they_say) {
  EXPECT_EQ(code(files_->open("/state/none", kR)), code_of(ErrorCode::kNotFound));
  ASSERT_TRUE(files_->write("/state/f", "hello"));
  auto both = files_->open("/state/f", kRw).value();
  EXPECT_EQ(both->read(-1).value(), "hello");
  EXPECT_EQ(both->write("!").value(), 1);
  EXPECT_EQ(content("/state/f"), "hello!");
  auto reader = files_->open("/state/f", kR).value();
  EXPECT_EQ(code(reader->write("x")), code_of(kBadHandle));
  EXPECT_EQ(code(reader->write_at(0, "x")), code_of(kBadHandle));
  auto writer = files_->open("/state/f", kW).value();
  EXPECT_EQ(content("/state/f"), "");
  EXPECT_EQ(code(writer->read(1)), code_of(kBadHandle));
  EXPECT_EQ(code(files_->open("/state/f", kX)), code_of(ErrorCode::kAlreadyExists));
  EXPECT_EQ(code(files_->open("/state/g", kX)), 0);
  EXPECT_EQ(code(files_->open("/state/no/dir", kW)), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(code(files_->open("/state", kR)), code_of(kIsDirectory));
  for (const OpenFlags bad : {flags({}), flags({OpenFlag::kRead, OpenFlag::kTruncate}), flags({OpenFlag::kCreate}),
                              flags({OpenFlag::kWrite, OpenFlag::kExclusive}), static_cast<OpenFlags>(65)}) {
    EXPECT_EQ(code(files_->open("/state/f", bad)), code_of(ErrorCode::kInvalidArgument));
  }
}

TEST_F(NamespaceTest, a_handle_has_an_offset) {
  auto file = files_->open("/mem/working/f", kRw).value();
  EXPECT_EQ(file->write("hello").value(), 5);
  EXPECT_EQ(file->write("X").value(), 1);
  EXPECT_EQ(content("/mem/working/f"), "helloX");
  EXPECT_EQ(file->seek(0, SEEK_SET).value(), 0);
  EXPECT_EQ(file->read(4).value(), "hell");
  EXPECT_EQ(file->read(-1).value(), "oX");
  EXPECT_EQ(file->read(-1).value(), "");
  EXPECT_EQ(file->seek(-2, SEEK_END).value(), 4);
  EXPECT_EQ(file->seek(-1, SEEK_CUR).value(), 3);
  EXPECT_EQ(file->read_at(1, 2).value(), "el");
  EXPECT_EQ(file->read(1).value(), "l");
  EXPECT_EQ(code(file->seek(-1, SEEK_SET)), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(file->seek(INT64_MAX, SEEK_CUR)), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(file->seek(0, 9)), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(file->read_at(-1, 2)), code_of(ErrorCode::kInvalidArgument));
}

TEST_F(NamespaceTest, a_gap_reads_as_nul) {
  auto file = files_->open("/state/f", kRw).value();
  EXPECT_EQ(file->write_at(3, "x").value(), 1);
  EXPECT_EQ(content("/state/f"), std::string("\0\0\0x", 4));
  EXPECT_EQ(code(file->write_at(INT64_MAX, "x")), code_of(ErrorCode::kTooLarge));
  EXPECT_EQ(code(file->write_at(1LL << 40, "x")), code_of(ErrorCode::kTooLarge));
  EXPECT_EQ(files_->bytes_used(), 4 + 1);
}

TEST_F(NamespaceTest, appenders_never_overwrite_each_other) {
  EXPECT_EQ(files_->write("/state/log", "a").value(), 1);
  EXPECT_EQ(files_->append("/state/log", "b").value(), 1);
  EXPECT_EQ(files_->stat("/state/log").value().size, 2);
  auto one = files_->open("/state/log", kA).value();
  auto two = files_->open("/state/log", kA).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(one->write("1"));
    ASSERT_TRUE(two->write_at(0, "2"));
  }
  EXPECT_EQ(content("/state/log"), "ab121212");
}

TEST_F(NamespaceTest, two_namespaces_share_nothing) {
  auto other = Namespace::make({}, clock_);
  ASSERT_TRUE(files_->write("/mem/working/x", "mine"));
  EXPECT_EQ(code(other->read("/mem/working/x", 0, -1)), code_of(ErrorCode::kNotFound));
  ASSERT_TRUE(other->write("/mem/working/x", "theirs"));
  EXPECT_EQ(content("/mem/working/x"), "mine");
}

TEST_F(NamespaceTest, write_makes_parents_and_directories_are_not_files) {
  ASSERT_TRUE(files_->write("/state/a/b/c", "x"));
  EXPECT_EQ(files_->nodes_used(), 3);
  EXPECT_EQ(files_->bytes_used(), 4);
  EXPECT_EQ(code(files_->write("/state/a/b", "x")), code_of(kIsDirectory));
  EXPECT_EQ(code(files_->write("/state", "x")), code_of(kIsDirectory));
  EXPECT_EQ(code(files_->write("/mem", "x")), code_of(kIsDirectory));
  EXPECT_EQ(code(files_->read("/", 0, -1)), code_of(kIsDirectory));
  const auto through = files_->write("/state/a/b/c/d/e", "x");
  EXPECT_EQ(code(through), code_of(kNotDirectory));
  EXPECT_EQ(through.error().message, "\"/state/a/b/c\" is a file, not a directory");
  EXPECT_EQ(code(files_->read("/state/a/b/c/d", 0, -1)), code_of(kNotDirectory));
  EXPECT_EQ(code(files_->list("/state/a/b/c")), code_of(kNotDirectory));
  EXPECT_EQ(code(files_->make_directory("/state/no/x")), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(code(files_->make_directory("/state/a")), code_of(ErrorCode::kAlreadyExists));
  EXPECT_EQ(code(files_->make_directory("/state")), code_of(ErrorCode::kAlreadyExists));
  EXPECT_EQ(code(files_->write_at("/state/hole", 3, "x")), code_of(ErrorCode::kNotFound));
}

TEST_F(NamespaceTest, list_is_by_name) {
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(files_->write(std::string("/tools/") + name, "12"));
  ASSERT_TRUE(files_->make_directory("/tools/d"));
  const auto list = files_->list("/tools").value();
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0].path, "/tools/a");
  EXPECT_EQ(list[2].path, "/tools/c");
  EXPECT_EQ(list[2].size, 2);
  EXPECT_EQ(list[2].mount, "/tools");
  EXPECT_EQ(list[3].kind, NodeKind::kDirectory);
}

TEST_F(NamespaceTest, times_follow_the_clock) {
  ASSERT_TRUE(files_->write("/state/f", "x"));
  clock_.advance_us(5);
  ASSERT_TRUE(files_->write("/state/f", "y"));
  const Stat stat = files_->stat("/state/f").value();
  EXPECT_EQ(stat.created_us, 1'000'000);
  EXPECT_EQ(stat.modified_us, 1'000'005);
}

TEST_F(NamespaceTest, a_removed_file_stays_readable_and_charged_until_closed) {
  ASSERT_TRUE(files_->write("/state/f", "content"));
  auto file = files_->open("/state/f", kRw).value();
  ASSERT_TRUE(files_->unlink("/state/f"));
  EXPECT_EQ(code(files_->stat("/state/f")), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(files_->bytes_used(), 7);  // the name is gone, the content is not
  EXPECT_EQ(files_->nodes_used(), 1);
  EXPECT_EQ(file->read(-1).value(), "content");
  ASSERT_TRUE(file->write("+"));
  EXPECT_EQ(files_->bytes_used(), 8);
  file.reset();
  EXPECT_EQ(files_->bytes_used(), 0);
  EXPECT_EQ(files_->nodes_used(), 0);
}

TEST_F(NamespaceTest, an_open_file_survives_its_namespace) {
  auto file = files_->open("/state/f", kRw).value();
  ASSERT_TRUE(file->write("x"));
  files_.reset();
  ASSERT_TRUE(file->write("y"));
  EXPECT_EQ(file->read_at(0, -1).value(), "xy");
}

TEST_F(NamespaceTest, unlink_takes_files_and_empty_directories_only) {
  ASSERT_TRUE(files_->write("/state/d/f", "x"));
  EXPECT_EQ(code(files_->unlink("/state/d")), code_of(kNotEmpty));
  EXPECT_EQ(code(files_->unlink("/state/none")), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(code(files_->unlink("/tools/none")), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(code(files_->unlink("/state")), code_of(ErrorCode::kNotPermitted));
  EXPECT_EQ(code(files_->unlink("/")), code_of(ErrorCode::kNotPermitted));
  ASSERT_TRUE(files_->unlink("/state/d/f"));
  ASSERT_TRUE(files_->unlink("/state/d"));
  EXPECT_EQ(files_->nodes_used(), 0);
  EXPECT_EQ(files_->bytes_used(), 0);
}

TEST_F(NamespaceTest, rename_moves_within_one_mount) {
  ASSERT_TRUE(files_->write("/state/long name", "1"));
  ASSERT_TRUE(files_->write("/state/d/f", "22"));
  ASSERT_TRUE(files_->rename("/state/long name", "/state/d/f"));
  EXPECT_EQ(content("/state/d/f"), "1");
  EXPECT_EQ(files_->nodes_used(), 2);
  EXPECT_EQ(files_->bytes_used(), 3);
  ASSERT_TRUE(files_->rename("/state/d", "/state/dir"));
  EXPECT_EQ(content("/state/dir/f"), "1");
  ASSERT_TRUE(files_->rename("/state/dir", "/state/dir"));
  EXPECT_EQ(code(files_->rename("/state/dir", "/state/dir/sub")), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(files_->rename("/state/dir", "/tools/dir")), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(files_->rename("/state", "/tools/dir")), code_of(ErrorCode::kNotPermitted));
  EXPECT_EQ(code(files_->rename("/state/dir", "/state/no/dir")), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(code(files_->rename("/state/no", "/state/x")), code_of(ErrorCode::kNotFound));
  ASSERT_TRUE(files_->write("/state/file", "x"));
  ASSERT_TRUE(files_->make_directory("/state/empty"));
  EXPECT_EQ(code(files_->rename("/state/file", "/state/empty")), code_of(kIsDirectory));
  EXPECT_EQ(code(files_->rename("/state/dir", "/state/empty")), code_of(ErrorCode::kAlreadyExists));
  EXPECT_EQ(code(files_->rename("/state/dir", "/state/file")), code_of(kNotDirectory));
  EXPECT_EQ(files_->bytes_used(), 3 + 1 + 1 + 4 + 1 + 5);
}

TEST_F(NamespaceTest, a_directory_cannot_be_renamed_deeper_than_a_path_reaches) {
  std::string deep = "/state/d";
  for (int i = 0; i < 40; ++i) deep += "/d";
  ASSERT_TRUE(files_->write(deep, "x"));
  std::string place = "/state/e";
  for (int i = 0; i < 30; ++i) place += "/e";
  ASSERT_TRUE(files_->write(place, "x"));
  ASSERT_TRUE(files_->unlink(place));
  EXPECT_EQ(code(files_->rename("/state/d", place)), code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(content(deep), "x");
}

TEST_F(NamespaceTest, the_write_that_crosses_the_quota_changes_nothing) {
  limit({.bytes_max = 1 << 20});
  ASSERT_TRUE(files_->write("/state/f", std::string((1 << 20) - 1, 'a')));
  EXPECT_EQ(files_->bytes_used(), 1 << 20);
  EXPECT_EQ(code(files_->append("/state/f", "b")), code_of(ErrorCode::kNoSpace));
  EXPECT_EQ(code(files_->write("/state/f", std::string(1 << 20, 'b'))), code_of(ErrorCode::kNoSpace));
  EXPECT_EQ(code(files_->write("/state/x/y/z", "")), code_of(ErrorCode::kNoSpace));
  EXPECT_EQ(code(files_->rename("/state/f", "/state/ff")), code_of(ErrorCode::kNoSpace));
  EXPECT_EQ(code(files_->stat("/state/x")), code_of(ErrorCode::kNotFound));
  EXPECT_EQ(content("/state/f"), std::string((1 << 20) - 1, 'a'));
  EXPECT_EQ(files_->bytes_used(), 1 << 20);
  ASSERT_TRUE(files_->write("/state/f", "small"));
  EXPECT_EQ(files_->bytes_used(), 6);
}

TEST_F(NamespaceTest, the_node_beyond_the_bound_is_refused) {
  limit({.nodes_max = 10'000});
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(files_->write("/state/" + std::to_string(i), ""));
  EXPECT_EQ(code(files_->write("/state/more", "")), code_of(ErrorCode::kNoSpace));
  EXPECT_EQ(code(files_->make_directory("/state/more")), code_of(ErrorCode::kNoSpace));
  ASSERT_TRUE(files_->unlink("/state/0"));
  EXPECT_EQ(code(files_->write("/state/more/two", "")), code_of(ErrorCode::kNoSpace));
  EXPECT_TRUE(files_->write("/state/more", ""));
}

TEST_F(NamespaceTest, a_file_has_a_bound_of_its_own) {
  limit({.file_bytes_max = 10});
  EXPECT_EQ(code(files_->write("/state/a/f", "12345678901")), code_of(ErrorCode::kTooLarge));
  EXPECT_EQ(files_->nodes_used(), 0);
  ASSERT_TRUE(files_->write("/state/f", "1234567890"));
  EXPECT_EQ(code(files_->append("/state/f", "1")), code_of(ErrorCode::kTooLarge));
  EXPECT_EQ(content("/state/f"), "1234567890");
}

}  // namespace
}  // namespace agentos::vfs
