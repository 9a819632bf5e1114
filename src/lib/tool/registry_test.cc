// Names, snapshots and digests of the registry, and the built-in tools through it.
#include "lib/tool/registry.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/tool/outcome_fixture.h"

namespace agentos::tool {
namespace {

class NoExecutor final : public Executor {
 public:
  std::shared_ptr<Running> execute(const Manifest&, Invocation, std::function<void(ToolResult)> done) override {
    done({});
    return nullptr;
  }
};

Manifest named(std::string name) {
  Manifest manifest;
  manifest.name = std::move(name);
  manifest.runs = Runs::kHost;
  return manifest;
}

class RegistryTest : public testing::Test {
 protected:
  Status add(Manifest manifest) { return registry_.add(std::move(manifest), executor_); }

  Registry registry_;
  std::shared_ptr<Executor> executor_ = std::make_shared<NoExecutor>();
};

TEST_F(RegistryTest, a_name_finds_its_tool_only) {
  for (const char* name : {"b", "a", "c.d:e/f-g_1"}) ASSERT_TRUE(add(named(name)));
  EXPECT_EQ(registry_.find("b")->manifest.name, "b");
  EXPECT_EQ(registry_.find("c.d:e/f-g_1")->manifest.name, "c.d:e/f-g_1");
  EXPECT_EQ(registry_.find("bb"), nullptr);
  EXPECT_EQ(registry_.find(""), nullptr);
  const Snapshot all = registry_.all();
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0]->manifest.name, "a");
  EXPECT_EQ((*all)[2]->manifest.name, "c.d:e/f-g_1");
}

TEST_F(RegistryTest, a_taken_name_is_refused) {
  ASSERT_TRUE(add(named("a")));
  EXPECT_EQ(add(named("a")).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(registry_.all()->size(), 1u);
}

TEST_F(RegistryTest, a_snapshot_stays_as_it_was) {
  ASSERT_TRUE(add(named("a")));
  const Snapshot before = registry_.all();
  const auto tool = registry_.find("a");
  ASSERT_TRUE(registry_.remove("a"));
  ASSERT_TRUE(add(named("z")));
  EXPECT_EQ(before->size(), 1u);
  EXPECT_EQ(before->front()->manifest.name, "a");
  EXPECT_EQ(tool->manifest.name, "a");
  EXPECT_EQ(registry_.find("a"), nullptr);
  EXPECT_EQ(registry_.remove("a").error().code, ErrorCode::kNotFound);
}

TEST_F(RegistryTest, bad_manifests_are_refused) {
  for (const char* name : {"", "1a", "-a", "a b", "a\n", "é", "a;b"}) {
    EXPECT_EQ(add(named(name)).error().code, ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(add(named(std::string(kNameBytesMax + 1, 'a'))).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(add(named(std::string(kNameBytesMax, 'a'))));
  Manifest manifest = named("x");
  manifest.timeout_ms = 0;
  EXPECT_EQ(add(manifest).error().message, "timeout_ms is 0");
  manifest = named("x");
  manifest.output_bytes_max = 1LL << 40;
  EXPECT_FALSE(add(manifest));
  manifest = named("x");
  manifest.input_schema = json::Object{{"type", "strin"}};
  EXPECT_EQ(add(manifest).error().code, ErrorCode::kMalformed);
  EXPECT_TRUE(add(manifest).error().message.starts_with("input_schema of tool \"x\": "));
  manifest = named("x");
  manifest.runs = Runs::kProcess;
  EXPECT_EQ(add(manifest).error().message, "the tool has no command");
  EXPECT_EQ(registry_.find("x"), nullptr);
}

TEST_F(RegistryTest, the_digest_covers_the_manifest_and_nothing_else) {
  Manifest manifest = named("a");
  manifest.digest = "sha256:of the one who asks";
  ASSERT_TRUE(add(manifest));
  const std::string first = registry_.find("a")->manifest.digest;
  EXPECT_EQ(first.size(), 7u + 64u);
  EXPECT_TRUE(first.starts_with("sha256:"));
  ASSERT_TRUE(registry_.remove("a"));
  ASSERT_TRUE(add(named("a")));
  EXPECT_EQ(registry_.find("a")->manifest.digest, first);
  ASSERT_TRUE(registry_.remove("a"));
  manifest.timeout_ms += 1;
  ASSERT_TRUE(add(manifest));
  EXPECT_NE(registry_.find("a")->manifest.digest, first);
}

TEST_F(RegistryTest, readers_and_writers_work_at_once) {
  ASSERT_TRUE(add(named("fixed")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string name = "t" + std::to_string(t);
        EXPECT_TRUE(add(named(name)));
        EXPECT_TRUE(registry_.remove(name));
      }
    });
    threads.emplace_back([this] {
      for (int i = 0; i < 2'000; ++i) {
        EXPECT_NE(registry_.find("fixed"), nullptr);
        EXPECT_GE(registry_.all()->size(), 1u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(registry_.all()->size(), 1u);
}

class BuiltinTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(add_builtin_tools(registry_, executors_)); }

  // The result, checked against the tool's own schemas.
  ToolResult call(std::string_view name, json::Object arguments) {
    const auto tool = registry_.find(name);
    EXPECT_NE(tool, nullptr) << name;
    const json::Value value(std::move(arguments));
    EXPECT_TRUE(tool->input->validate(value).empty()) << json::write(value);
    ToolResult result = run(*tool->executor, tool->manifest, value);
    if (result.status == ToolResult::Status::kOk) {
      EXPECT_TRUE(tool->output->validate(result.value).empty()) << json::write(result.value);
    }
    return result;
  }
  std::string answer(std::string_view name, json::Object arguments) {
    const ToolResult result = call(name, std::move(arguments));
    return result.status == ToolResult::Status::kOk ? json::write(result.value) : result.error;
  }
  bool accepts(std::string_view name, json::Object arguments) {
    return registry_.find(name)->input->validate(json::Value(std::move(arguments))).empty();
  }

  HostExecutors executors_;
  Registry registry_;
};

TEST_F(BuiltinTest, each_tool_is_described_in_full) {
  const Snapshot all = registry_.all();
  ASSERT_EQ(all->size(), 9u);
  for (const auto& tool : *all) {
    EXPECT_TRUE(tool->manifest.read_only);
    EXPECT_FALSE(tool->manifest.summary.empty());
    EXPECT_EQ(tool->manifest.input_schema.string_or("type", ""), "object");
    EXPECT_EQ(tool->manifest.runs, Runs::kBuiltin);
    EXPECT_NE(tool->output, nullptr);
  }
}

TEST_F(BuiltinTest, tools_answer) {
  EXPECT_EQ(answer("echo", {{"x", 1}}), "{\"x\":1}");
  EXPECT_EQ(answer("calculate", {{"expression", "2 ^ 10"}}), "{\"value\":1024}");
  EXPECT_EQ(answer("calculate", {{"expression", "1 / 4"}}), "{\"value\":0.25}");
  EXPECT_EQ(answer("calculate", {{"expression", "1 / 0"}}), "InvalidArgument: at 3: division by zero");
  EXPECT_EQ(answer("sha256", {{"text", "abc"}}),
            "{\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\",\"bytes\":3}");
  EXPECT_EQ(answer("json_query", {{"json", json::Object{{"a", json::Array{5}}}}, {"path", "a[0]"}}),
            "{\"found\":true,\"value\":5}");
  EXPECT_EQ(answer("json_query", {{"json", 1}, {"path", "/a"}}), "{\"found\":false,\"value\":null}");
  EXPECT_EQ(answer("text_stats", {{"text", "b a b"}, {"top", 1}}),
            "{\"lines\":1,\"words\":3,\"characters\":5,\"bytes\":5,\"top_words\":[{\"word\":\"b\",\"count\":2}]}");
  const ToolResult time = call("clock", {});
  EXPECT_GT(time.value.int_or("unix_us", 0), 1'600'000'000'000'000);
  EXPECT_EQ(time.value.string_or("utc", "").size(), 27u);
}

TEST_F(BuiltinTest, code_is_judged_only_where_it_can_be_read) {
  EXPECT_EQ(answer("verify_code_safety", {{"code", "x = 1"}, {"language", "python"}}),
            "{\"safe\":true,\"language\":\"python\",\"code_length\":5,\"rules_checked\":24,\"violations\":[],"
            "\"warnings\":[]}");
  EXPECT_FALSE(call("verify_code_safety", {{"code", "rm -rf x"}, {"language", "sh"}}).value.bool_or("safe", true));
  EXPECT_TRUE(answer("verify_code_safety", {{"code", "x"}, {"language", "cobol"}}).starts_with("Unsupported"));
  const ToolResult review =
      call("cmvk_review", {{"code", "eval(x)"}, {"language", "python"}, {"focus", json::Array{"security", "style"}}});
  EXPECT_FALSE(review.value.bool_or("passed", true));
  EXPECT_EQ(review.value.find("not_reviewed")->as_array().size(), 1U);
  EXPECT_TRUE(answer("cmvk_verify", {{"claim", "2+2=5"}}).starts_with("Unsupported: not available"));
  EXPECT_FALSE(accepts("verify_code_safety", {{"language", "python"}}));
}

TEST_F(BuiltinTest, schemas_refuse_what_a_tool_does_not_know) {
  EXPECT_FALSE(accepts("calculate", {}));
  EXPECT_FALSE(accepts("calculate", {{"expression", 5}}));
  EXPECT_FALSE(accepts("calculate", {{"expression", "1"}, {"more", 1}}));
  EXPECT_FALSE(accepts("clock", {{"zone", "UTC"}}));
  EXPECT_FALSE(accepts("sha256", {{"text", 1}}));
  EXPECT_FALSE(accepts("json_query", {{"json", 1}}));
  EXPECT_FALSE(accepts("text_stats", {{"text", "x"}, {"top", 101}}));
}

}  // namespace
}  // namespace agentos::tool
