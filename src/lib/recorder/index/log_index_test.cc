// Finding, catching up, and noticing an index that is not of its log.
#include "lib/recorder/index/log_index.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "lib/recorder/recorder.h"

namespace agentos::recorder {
namespace {

// A log on the real disk, written by a recorder that stays open.
class LogIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string place = ::testing::TempDir() + "index_test.XXXXXX";
    ASSERT_NE(mkdtemp(place.data()), nullptr);
    folder_ = place;
    directory_ = folder_ + "/log";
    start();
  }
  void TearDown() override {
    recorder_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start(std::uint64_t disk_bytes_max = 0) {
    Options options;
    options.directory = directory_;
    options.segment_bytes = 64 << 10;
    options.disk_bytes_max = disk_bytes_max;
    auto opened = Recorder::open(options, clock_, random_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    recorder_ = std::move(*opened);
  }
  Index append_call(const std::string& agent, const std::string& tool, const std::string& path) {
    Intent intent;
    intent.agent = agent;
    const std::string run = "run-" + agent;
    intent.run = run;
    intent.call = tool.empty() ? "write" : "exec";
    intent.tool = tool;
    intent.rule = "p/one";
    intent.time_us = ++time_us_;
    const std::string arguments = R"({"path":")" + path + R"("})";
    intent.arguments.text = arguments;
    const Index index = *recorder_->append(intent);
    Outcome outcome;
    outcome.intent = index;
    outcome.agent = agent;
    outcome.call = intent.call;
    outcome.time_us = ++time_us_;
    outcome.result.text = "{}";
    EXPECT_TRUE(recorder_->append(outcome).has_value());
    return index;
  }
  Index append_refusal(const std::string& agent, const std::string& step) {
    Refused refused;
    refused.agent = agent;
    refused.call = "write";
    refused.step = step;
    refused.rule = step == "policy" ? "p/two" : "";
    refused.time_us = ++time_us_;
    return *recorder_->append(refused);
  }
  void make_durable() {
    const std::uint64_t entries = recorder_->stats().entries;
    if (entries > 0) ASSERT_TRUE(recorder_->wait_durable(entries - 1).has_value());
  }
  std::string file() const { return directory_ + "/" + kIndexName; }

  std::unique_ptr<LogIndex> open_index() {
    make_durable();
    auto index = LogIndex::open(directory_);
    EXPECT_TRUE(index.has_value()) << index.error().message;
    const auto state = (*index)->catch_up();
    EXPECT_TRUE(state.has_value()) << state.error().message;
    state_ = *state;
    return std::move(*index);
  }
  static std::vector<Index> found(LogIndex& index, const Filter& filter, std::size_t count = 1000) {
    std::vector<Index> out;
    const auto entries = index.newest(filter, count);
    EXPECT_TRUE(entries.has_value()) << entries.error().message;
    for (const StoredEntry& entry : *entries) {
      EXPECT_TRUE(entry.opening_matches);
      out.push_back(entry.index);
    }
    return out;
  }

  std::string folder_, directory_;
  RealClock clock_;
  SystemRandom random_;
  std::int64_t time_us_ = 1'700'000'000'000'000;
  std::unique_ptr<Recorder> recorder_;
  IndexState state_;
};

TEST_F(LogIndexTest, finds_by_everything_a_filter_names) {
  const Index a = append_call("a-1", "", "/state/one");
  const Index b = append_call("b-1", "search", "/state/two");
  const Index denied = append_refusal("a-1", "policy");
  const Index refused = append_refusal("b-1", "quota");
  const auto index = open_index();
  using Found = std::vector<Index>;
  EXPECT_EQ(found(*index, {.agent = "a-1"}), (Found{a, a + 1, denied}));
  EXPECT_EQ(found(*index, {.run = "run-b-1"}), (Found{b, b + 1})) << "an outcome is of its intent's run";
  EXPECT_EQ(found(*index, {.tool = "search"}), (Found{b, b + 1}));
  EXPECT_EQ(found(*index, {.call = "exec"}), (Found{b, b + 1}));
  EXPECT_EQ(found(*index, {.rule = "p/two"}), (Found{denied}));
  EXPECT_EQ(found(*index, {.kind = "outcome"}), (Found{a + 1, b + 1}));
  EXPECT_EQ(found(*index, {.status = "ok"}), (Found{a + 1, b + 1}));
  EXPECT_EQ(found(*index, {.text = "STATE/TWO"}), (Found{b}));
  EXPECT_EQ(found(*index, {.decided = Decided::kDeny}), (Found{denied}));
  EXPECT_EQ(found(*index, {.decided = Decided::kRefused}), (Found{refused}));
  EXPECT_EQ(found(*index, {.agent = "a-1", .decided = Decided::kAllow}), (Found{a, a + 1}));
  EXPECT_EQ(found(*index, {.agent = "nobody"}), Found{});
  const std::int64_t first_us = 1'700'000'000'000'001;
  EXPECT_EQ(found(*index, {.from_us = first_us + 1, .until_us = first_us + 2}), (Found{a + 1, b})) << "ends included";
  EXPECT_EQ(found(*index, {.agent = "a-1"}, 2), (Found{a + 1, denied})) << "the newest";
  EXPECT_EQ(found(*index, {.first = b, .last = b}), (Found{b}));
}

TEST_F(LogIndexTest, catches_up_while_the_log_is_written_over_many_segments) {
  auto index = open_index();
  std::size_t written = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 400; ++i) {
      append_call(i % 2 == 0 ? "a-1" : "b-1", "", "/state/" + std::to_string(i));
      written += 1;
    }
    make_durable();
    const auto state = index->catch_up();
    ASSERT_TRUE(state.has_value()) << state.error().message;
    EXPECT_EQ(state->next, recorder_->stats().entries);
    EXPECT_EQ(found(*index, {.agent = "b-1"}, 100'000).size(), written);
  }
  EXPECT_GT(recorder_->stats().segments, 3u);
  const auto again = index->catch_up();
  EXPECT_EQ(again->added, 0u);
  EXPECT_EQ(again->rebuilt, "");
}

TEST_F(LogIndexTest, a_second_opening_continues_and_gives_what_read_gives) {
  for (int i = 0; i < 300; ++i) append_call("a-1", "", "/state/" + std::to_string(i));
  (void)open_index();
  for (int i = 0; i < 30; ++i) append_call("a-1", "", "/state/more" + std::to_string(i));
  const auto index = open_index();
  EXPECT_EQ(state_.rebuilt, "");
  EXPECT_EQ(state_.added, 60u);
  std::vector<std::string> leaves, openings;
  ASSERT_TRUE(read_log(directory_, {}, [&](const StoredEntry& entry) {
                leaves.push_back(entry.leaf);
                openings.push_back(entry.opening.value_or(""));
                return true;
              }).has_value());
  const auto entries = index->newest({}, 100'000);
  ASSERT_EQ(entries->size(), leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_EQ((*entries)[i].leaf, leaves[i]);
    EXPECT_EQ((*entries)[i].opening.value_or(""), openings[i]);
  }
}

TEST_F(LogIndexTest, a_deleted_damaged_or_foreign_index_is_built_anew) {
  const Index a = append_call("a-1", "", "/state/one");
  (void)open_index();
  const std::vector<Index> both{a, a + 1};
  remove_database(file());
  EXPECT_EQ(found(*open_index(), {.agent = "a-1"}), both);
  for (const std::string& content : {std::string("no database"), std::string(8192, '\xA5'), std::string()}) {
    remove_database(file());
    std::ofstream(file(), std::ios::binary) << content;
    EXPECT_EQ(found(*open_index(), {.agent = "a-1"}), both);
  }
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute("PRAGMA user_version = 77").has_value());
  }
  EXPECT_EQ(found(*open_index(), {.agent = "a-1"}), both) << "another layout";
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute("UPDATE meta SET value = 'other+key' WHERE key = 'log'").has_value());
  }
  EXPECT_EQ(found(*open_index(), {.agent = "a-1"}), both);
  EXPECT_EQ(state_.rebuilt, "it was of another log");
}

TEST_F(LogIndexTest, every_octet_that_is_damaged_changes_no_answer) {
  std::vector<Index> expected;
  for (int i = 0; i < 40; ++i) {
    const Index index = append_call("a-1", "", "/state/" + std::to_string(i));
    expected.insert(expected.end(), {index, index + 1});
  }
  {
    const auto index = open_index();
    ASSERT_EQ(found(*index, {.agent = "a-1"}), expected);
  }
  std::string whole;
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute("PRAGMA wal_checkpoint(TRUNCATE)").has_value());
    ASSERT_TRUE(database->execute("PRAGMA journal_mode = DELETE").has_value());
    std::ifstream in(file(), std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (std::size_t at = 0; at < whole.size(); at += 509) {
    std::string damaged = whole;
    for (std::size_t i = at; i < std::min(at + 64, damaged.size()); ++i) damaged[i] = static_cast<char>(~damaged[i]);
    remove_database(file());
    std::ofstream(file(), std::ios::binary) << damaged;
    const auto index = LogIndex::open(directory_);
    ASSERT_TRUE(index.has_value()) << index.error().message;
    ASSERT_TRUE((*index)->catch_up().has_value());
    const auto entries = (*index)->newest({.agent = "a-1"}, 1000);
    ASSERT_TRUE(entries.has_value()) << at << ": " << entries.error().message;
    // It may have lost rows, which nobody can see from here; it never shows what is not so.
    for (const StoredEntry& entry : *entries) EXPECT_NE(entry.leaf.find("\"agent\":\"a-1\""), std::string::npos);
  }
}

TEST_F(LogIndexTest, a_log_that_was_cut_or_replaced_is_noticed) {
  for (int i = 0; i < 10; ++i) append_call("a-1", "", "/state/old");
  (void)open_index();
  recorder_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("segment-") || name == "checkpoint") std::filesystem::remove(entry.path());
  }
  start();
  for (int i = 0; i < 20; ++i) append_call("b-1", "", "/state/new");
  const auto index = open_index();
  EXPECT_EQ(state_.rebuilt, "the log had been cut or replaced");
  EXPECT_EQ(found(*index, {.agent = "a-1"}), std::vector<Index>{});
  EXPECT_EQ(found(*index, {.agent = "b-1"}).size(), 40u);
}

TEST_F(LogIndexTest, what_was_pruned_is_forgotten) {
  recorder_.reset();
  start(256 << 10);
  for (int i = 0; i < 3000; ++i) append_call("a-1", "", "/state/" + std::to_string(i));
  (void)open_index();
  for (int i = 0; i < 3000; ++i) append_call("b-1", "", "/state/" + std::to_string(i));
  const auto index = open_index();
  EXPECT_EQ(state_.rebuilt, "");
  EXPECT_LT(found(*index, {.agent = "a-1"}, 100'000).size(), 6000u);
  Index oldest = kNoIndex;
  ASSERT_TRUE(read_log(directory_, {}, [&](const StoredEntry& entry) {
                oldest = std::min(oldest, entry.index);
                return true;
              }).has_value());
  EXPECT_GT(oldest, 0u);
  const auto all = found(*index, {}, 100'000);
  ASSERT_FALSE(all.empty());
  EXPECT_GE(all.front(), oldest);
  EXPECT_EQ(all.back() + 1, recorder_->stats().entries);
}

TEST_F(LogIndexTest, the_newest_of_an_agent_are_answered_from_rows_that_lie_together) {
  append_call("a-1", "", "/state/one");
  (void)open_index();
  auto database = Database::open(file());
  ASSERT_TRUE(database.has_value());
  auto plan = database->prepare(
      "EXPLAIN QUERY PLAN SELECT e.idx, e.segment, e.at, e.base_at FROM entry e "
      "WHERE 1 AND e.agent <> 0 AND e.agent = ?1 AND e.idx >= ?2 ORDER BY e.idx DESC");
  ASSERT_TRUE(plan && *plan->step());
  EXPECT_NE(plan->text(3).find("COVERING INDEX by_agent"), std::string::npos) << plan->text(3);
  EXPECT_FALSE(*plan->step()) << plan->text(3);
}

TEST_F(LogIndexTest, catching_up_with_nothing_writes_nothing) {
  for (int i = 0; i < 20; ++i) append_call("a-1", "", "/state/one");
  auto index = open_index();
  auto other = Database::open(file());
  ASSERT_TRUE(other.has_value());
  const auto version = [&] { return *other->integer("PRAGMA data_version", -1); };
  const std::int64_t before = version();
  ASSERT_TRUE(index->catch_up().has_value());
  EXPECT_EQ(version(), before);
  append_call("a-1", "", "/state/two");
  make_durable();
  EXPECT_EQ(index->catch_up()->added, 2u);
  EXPECT_NE(version(), before);
  EXPECT_EQ(found(*index, {.agent = "a-1"}).size(), 42u);
}

TEST_F(LogIndexTest, it_holds_no_content_and_is_its_owners) {
  append_call("a-1", "", "/state/very-private-name");
  (void)open_index();
  for (const char* suffix : {"", "-wal"}) {
    std::ifstream in(file() + suffix, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(content.find("very-private-name"), std::string::npos);
  }
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(LogIndexTest, a_place_without_a_log_is_told) {
  const auto index = LogIndex::open(folder_);
  ASSERT_FALSE(index.has_value());
  EXPECT_EQ(index.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace agentos::recorder
