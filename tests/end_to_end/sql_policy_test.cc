// Rules about SQL in a real kernel: a text is read by the confined parser process, and whatever happens to that process
// denies the call at hand and no other.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/io/process.h"
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy = R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: sql}
spec:
  rules:
    - name: orders
      tools: [query]
      arguments: {text: {statements: [select], tables: [public.orders]}}
      action: allow
    - name: no-writes
      tools: [query]
      when: '!sql(args.text).read_only'
      action: deny
      message: Only queries that read are run.
)";

std::string parser_path() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "agentos-parser").string();
}

// The parser's process, or -1.
pid_t parser_pid() {
  const auto children = io::children_of(::getpid());
  for (const pid_t child : children ? *children : std::vector<pid_t>()) {
    std::string name;
    std::ifstream("/proc/" + std::to_string(child) + "/comm") >> name;
    if (name == "agentos-parser") return child;
  }
  return -1;
}

class SqlPolicy : public testing::TestWithParam<Way> {
 protected:
  // A world whose parser has `deadline` for a text.
  void open(std::string parser, std::chrono::milliseconds deadline) {
    WorldOptions options;
    options.kernel.sql_parser = std::move(parser);
    options.kernel.sql_deadline_ms = deadline.count();
    options.kernel.sql_start_deadline_ms = 20'000;
    world_ = std::make_unique<World>(GetParam(), std::move(options));
    tool::Manifest manifest;
    manifest.name = "query";
    manifest.summary = "Would run SQL.";
    manifest.runs = tool::Runs::kHost;
    auto run = [this](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
      ++runs_;
      return json::Value("done");
    };
    ASSERT_TRUE(world_->kernel().tools().add(manifest, world_->kernel().host_executors().make(run)).has_value());
    agent_ = world_->agent("analyst", kPolicy);
  }
  static json::Object query(std::string_view text) {
    return {{"tool", "query"}, {"arguments", json::Object{{"text", text}}}};
  }
  int asked(std::string_view text) { return agent_->code("exec", query(text)); }

  std::atomic<int> runs_ = 0;
  std::unique_ptr<World> world_;
  std::unique_ptr<Caller> agent_;
};

constexpr std::string_view kGood = "select id from public.orders where note <> 'delete from x'";

TEST_P(SqlPolicy, what_a_text_would_do_decides) {
  open(parser_path(), 10s);
  EXPECT_EQ(asked(kGood), 0);
  EXPECT_EQ(asked("SELECT /* ; delete */ * FROM \"public\".\"orders\" -- where"), 0);
  EXPECT_EQ(runs_, 2);
  for (const char* text :
       {"delete from public.orders", "DELETE/**/FROM public.orders", "select * from public.users",
        "select * from orders", "select * from public.orders; drop table public.orders",
        "with gone as (delete from public.orders returning *) select * from gone",
        "explain analyze delete from public.orders", "select * into public.copy from public.orders",
        "select pg_read_file('/etc/passwd') from public.orders", "select * from public.orders for update",
        "copy public.orders to program 'sh'", "do $$ begin end $$", "select * from `public`.orders", "not sql", ""}) {
    EXPECT_EQ(asked(text), -2) << text;
  }
  EXPECT_EQ(runs_, 2) << "a denied call reaches no tool";
}

TEST_P(SqlPolicy, a_parser_that_is_killed_midway_denies_and_a_fresh_one_answers) {
  open(parser_path(), 10s);
  ASSERT_EQ(asked(kGood), 0);
  const pid_t first = parser_pid();
  ASSERT_GT(first, 0);
  ::kill(first, SIGSTOP);  // it holds the text it is about to be sent
  std::thread killer([first] {
    std::this_thread::sleep_for(200ms);
    ::kill(first, SIGKILL);
  });
  EXPECT_EQ(asked(kGood), -2);
  killer.join();
  EXPECT_EQ(asked(kGood), 0);
  EXPECT_NE(parser_pid(), first);
  EXPECT_EQ(runs_, 2);
}

TEST_P(SqlPolicy, a_parser_that_hangs_denies_at_its_deadline) {
  open(parser_path(), 300ms);
  // The first text has the time of a start before it, later ones have not.
  for (int i = 0; i < 20 && asked(kGood) != 0; ++i) std::this_thread::sleep_for(50ms);
  const pid_t first = parser_pid();
  ASSERT_GT(first, 0);
  ::kill(first, SIGSTOP);
  EXPECT_EQ(asked(kGood), -2);
  EXPECT_NE(parser_pid(), first) << "what hangs is ended";
}

TEST_P(SqlPolicy, without_a_parser_nothing_about_sql_is_allowed) {
  open("", 1s);
  EXPECT_EQ(asked(kGood), -2);
  open("/nonexistent", 1s);
  EXPECT_EQ(asked(kGood), -2);
  EXPECT_EQ(runs_, 0);
}

TEST_P(SqlPolicy, the_record_says_which_rule_and_what_failed) {
  open(parser_path(), 10s);
  EXPECT_EQ(asked("not sql"), -2);
  bool recorded = false;
  for (const json::Value& leaf : world_->log()) {
    if (leaf.string_or("rule", "") != "sql/no-writes") continue;
    recorded = true;
    EXPECT_NE(json::write(leaf).find("the SQL is not read"), std::string::npos) << json::write(leaf);
  }
  EXPECT_TRUE(recorded);
}

AGENTOS_BOTH_WAYS(SqlPolicy);

}  // namespace
}  // namespace agentos::test
