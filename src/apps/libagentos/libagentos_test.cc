// The C interface as a C program sees it: calls, refusals, bad arguments, ownership and tools, on one thread.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "apps/libagentos/c_fixture.h"

namespace agentos::c {
namespace {

TEST(LibAgentos, header_and_library_agree) {
  EXPECT_EQ(agentos_abi_revision(), AGENTOS_ABI_REVISION);
  EXPECT_STRNE(agentos_version(), "");
  EXPECT_STREQ(agentos_error_name(AGENTOS_OK), "ok");
  EXPECT_STREQ(agentos_error_name(AGENTOS_ERROR_DENIED), "denied");
  EXPECT_STREQ(agentos_error_name(AGENTOS_ERROR_TOOL_FAILED), "tool_failed");
  EXPECT_EQ(agentos_error_name(17), nullptr);
}

TEST(LibAgentos, every_call_by_name_as_json) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel, R"({"name":"scribe"})");
  ASSERT_NE(agent, nullptr);
  EXPECT_EQ(answer(agent.get(), "write", R"({"path":"/mem/working/a","data":"hello"})"), R"({"size":5})");
  EXPECT_EQ(answer(agent.get(), "read", R"({"path":"/mem/working/a"})"), R"({"data":"hello","end":true})");
  EXPECT_TRUE(contains(answer(agent.get(), "status", nullptr), R"("name":"scribe")"));
  EXPECT_TRUE(contains(answer(agent.get(), "exec", R"({"tool":"calculate","arguments":{"expression":"6*7"}})"), "42"));
  EXPECT_EQ(answer(agent.get(), "levitate", "{}"), "unknown_call");
  EXPECT_EQ(answer(agent.get(), "ps", "{}"), "not_permitted");
}

TEST(LibAgentos, octets_go_in_and_out_without_json) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  std::string content(1'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7);
  agentos_failure failure;
  ASSERT_EQ(agentos_write(agent.get(), "/mem/working/blob", content.data(), content.size(), &failure), 0)
      << failure.message;
  EXPECT_EQ(failure.code, 0);
  EXPECT_STREQ(failure.message, "");

  std::string read_back;
  std::vector<char> buffer(300'000);
  for (std::size_t size = 1; size > 0; read_back.append(buffer.data(), size)) {
    ASSERT_EQ(agentos_read(agent.get(), "/mem/working/blob", static_cast<std::int64_t>(read_back.size()), buffer.data(),
                           buffer.size(), &size, &failure),
              0)
        << failure.message;
  }
  EXPECT_EQ(read_back, content);
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/blob", nullptr, 0, nullptr), 0);
  EXPECT_TRUE(contains(answer(agent.get(), "stat", R"({"path":"/mem/working/blob"})"), R"("size":0)"));
}

TEST(LibAgentos, one_read_never_exceeds_the_buffer_or_the_bound) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  const std::string content(2'000'000, 'x');
  ASSERT_EQ(agentos_write(agent.get(), "/mem/working/big", content.data(), content.size(), nullptr), 0);
  std::vector<char> buffer(content.size());
  std::size_t size = 0;
  ASSERT_EQ(agentos_read(agent.get(), "/mem/working/big", 0, buffer.data(), buffer.size(), &size, nullptr), 0);
  EXPECT_EQ(size, 737'280U);
  char small[4] = {'-', '-', '-', '-'};
  ASSERT_EQ(agentos_read(agent.get(), "/mem/working/big", 0, small, 3, &size, nullptr), 0);
  EXPECT_EQ(size, 3U);
  EXPECT_EQ(small[3], '-');
}

TEST(LibAgentos, denial_names_rule_reason_and_step) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  agentos_failure failure;
  EXPECT_EQ(agentos_call(agent.get(), "write", R"({"path":"/policy/x","data":"y"})", nullptr, &failure),
            AGENTOS_ERROR_DENIED);
  EXPECT_EQ(failure.code, AGENTOS_ERROR_DENIED);
  EXPECT_STREQ(failure.name, "denied");
  EXPECT_STREQ(failure.rule, "agent-default/protect-policy");
  EXPECT_STREQ(failure.step, "policy");
  EXPECT_TRUE(contains(failure.message, "read-only")) << failure.message;
  EXPECT_EQ(agentos_write(agent.get(), "/policy/x", "y", 1, &failure), AGENTOS_ERROR_DENIED);
  EXPECT_TRUE(contains(failure.message, "read-only")) << failure.message;
}

TEST(LibAgentos, an_agents_own_policy_only_tightens) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto reader = create_agent(kernel, R"({"name":"reader","preset":"read-only"})");
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(agentos_write(reader.get(), "/mem/working/a", "x", 1, nullptr), AGENTOS_ERROR_DENIED);
  EXPECT_TRUE(contains(answer(reader.get(), "list", R"({"path":"/mem"})"), "/mem/working"));
}

TEST(LibAgentos, without_policy_only_own_files) {
  StateDirectory state;
  auto kernel = open_kernel(state);
  auto agent = create_agent(kernel);
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/a", "x", 1, nullptr), 0);
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"clock"})"), "denied");
}

TEST(LibAgentos, permissive_allows_what_rights_allow) {
  StateDirectory state;
  auto kernel = open_kernel(state, R"(,"permissive":true)");
  auto agent = create_agent(kernel);
  EXPECT_TRUE(contains(answer(agent.get(), "exec", R"({"tool":"clock"})"), "result"));
  auto without = create_agent(kernel, R"({"rights":["self"]})");
  EXPECT_EQ(answer(without.get(), "exec", R"({"tool":"clock"})"), "not_permitted");
}

TEST(LibAgentos, budget_ends_calls) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel, R"({"budget":{"calls":2}})");
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/a", "1", 1, nullptr), 0);
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/a", "2", 1, nullptr), 0);
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/a", "3", 1, nullptr), AGENTOS_ERROR_QUOTA_EXCEEDED);
}

TEST(LibAgentos, policy_from_file_and_text) {
  StateDirectory state;
  const std::string file = state.path() + "/rules.yaml";
  std::ofstream(file) << "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: from-file}\nspec:\n  rules:\n"
                         "    - {name: all, syscalls: [read, write, stat], action: allow}\n";
  auto kernel = open_kernel(state, ",\"policy\":[\"" + file + "\"]");
  auto agent = create_agent(kernel, R"({"policy":["apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: inline}\n)"
                                    R"(spec:\n  rules:\n    - {name: no, syscalls: [write], action: deny}\n"]})");
  ASSERT_NE(agent, nullptr);
  agentos_failure failure;
  EXPECT_EQ(agentos_call(agent.get(), "write", R"({"path":"/mem/working/a","data":"x"})", nullptr, &failure),
            AGENTOS_ERROR_DENIED);
  EXPECT_STREQ(failure.rule, "inline/no");
}

TEST(LibAgentos, wrong_options_are_refused_by_name) {
  StateDirectory state;
  agentos_failure failure;
  const struct {
    std::string more;
    const char* says;
  } wrong[] = {{R"(,"polices":[])", "polices"},
               {R"(,"mode":"sometimes")", "mode"},
               {R"(,"permissive":1)", "permissive"},
               {R"(,"agents_max":0)", "agents_max"},
               {R"(,"policy":[7])", "policy[0]"},
               {R"(,"policy":[{"preset":"agent-defualt"}])", "agent-default"},
               {R"(,"policy":["/no/such/file"])", "/no/such/file"},
               {R"(,"policy":["kind: Policy\nspec: {}\n"])", "policy[0]"},
               {R"(,"init":"/no/such/init")", "/no/such/init"},
               {",", "options"}};
  for (const auto& [more, says] : wrong) {
    EXPECT_EQ(open_kernel(state, more, &failure), nullptr) << more;
    EXPECT_NE(failure.code, 0) << more;
    EXPECT_TRUE(contains(std::string(failure.message) + failure.hint, says)) << more << ": " << failure.message;
  }
  EXPECT_EQ(agentos_kernel_open("[]", reinterpret_cast<agentos_kernel**>(&failure), &failure),
            AGENTOS_ERROR_INVALID_ARGUMENT);
  auto kernel = open_kernel(state);
  EXPECT_EQ(create_agent(kernel, R"({"rights":["fly"]})", &failure), nullptr);
  EXPECT_TRUE(contains(failure.message, "fly")) << failure.message;
  EXPECT_EQ(create_agent(kernel, R"({"budget":{"cash":1}})", &failure), nullptr);
  EXPECT_TRUE(contains(failure.message, "cash")) << failure.message;
}

TEST(LibAgentos, null_is_an_error_and_no_crash) {
  StateDirectory state;
  agentos_failure failure;
  agentos_kernel* no_kernel = nullptr;
  agentos_agent* no_agent = nullptr;
  char* reply = nullptr;
  std::size_t size = 1;
  int descriptor = 0;
  char octet = 0;
  const auto tool = [](void*, const char*, const agentos_invocation*, char**) { return 0; };
  const int bad = AGENTOS_ERROR_INVALID_ARGUMENT;
  EXPECT_EQ(agentos_kernel_open(nullptr, &no_kernel, &failure), bad);
  EXPECT_STREQ(failure.message, "options_json is NULL");
  EXPECT_EQ(agentos_kernel_open("{}", nullptr, nullptr), bad);
  EXPECT_EQ(agentos_operator_call(nullptr, "ps", "{}", &reply, nullptr), bad);
  EXPECT_EQ(agentos_agent_create(nullptr, "{}", &no_agent, nullptr), bad);
  EXPECT_EQ(agentos_call(nullptr, "read", "{}", &reply, nullptr), bad);
  EXPECT_EQ(agentos_call_descriptor(nullptr, "read", "{}", &reply, &descriptor, nullptr), bad);
  EXPECT_EQ(descriptor, -1);
  EXPECT_EQ(agentos_write(nullptr, "/mem/working/a", "x", 1, nullptr), bad);
  EXPECT_EQ(agentos_read(nullptr, "/mem/working/a", 0, &octet, 1, &size, nullptr), bad);
  EXPECT_EQ(size, 0U);
  EXPECT_EQ(agentos_tool_register(nullptr, "{}", tool, nullptr, nullptr, nullptr), bad);
  EXPECT_EQ(agentos_log_verify(nullptr, nullptr, nullptr), bad);
  EXPECT_EQ(agentos_agent_id(nullptr), nullptr);
  EXPECT_EQ(agentos_cancelled(nullptr), 0);
  agentos_kernel_close(nullptr);
  agentos_agent_close(nullptr);
  agentos_free(nullptr);

  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  EXPECT_EQ(agentos_agent_create(kernel.get(), "{}", nullptr, nullptr), bad);
  EXPECT_EQ(agentos_call(agent.get(), nullptr, "{}", &reply, nullptr), bad);
  EXPECT_EQ(agentos_write(agent.get(), nullptr, "x", 1, nullptr), bad);
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/a", nullptr, 1, nullptr), bad);
  EXPECT_EQ(agentos_read(agent.get(), "/mem/working/a", 0, nullptr, 1, &size, nullptr), bad);
  EXPECT_EQ(agentos_read(agent.get(), "/mem/working/a", 0, &octet, 1, nullptr, nullptr), bad);
  EXPECT_EQ(agentos_tool_register(kernel.get(), R"({"name":"x"})", nullptr, nullptr, nullptr, nullptr), bad);
  EXPECT_EQ(agentos_tool_register(kernel.get(), nullptr, tool, nullptr, nullptr, nullptr), bad);
  EXPECT_EQ(agentos_call(agent.get(), "status", nullptr, nullptr, nullptr), 0);
}

TEST(LibAgentos, hostile_text_is_refused_and_recorded) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  EXPECT_EQ(answer(agent.get(), "read", "{\"path\":"), "malformed");
  EXPECT_EQ(answer(agent.get(), "read", R"({"path":"/mem/working/a","pth":1})"), "invalid_argument");
  EXPECT_EQ(answer(agent.get(), "read", std::string(200, '[').c_str()), "too_large");
  EXPECT_EQ(answer(agent.get(), std::string(100'000, 'x').c_str(), "{}"), "unknown_call");
  EXPECT_EQ(answer(agent.get(), "\xff\xfe", "{}"), "invalid_argument");
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/\xff", "x", 1, nullptr), AGENTOS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(agentos_write(agent.get(), ("/mem/working/" + std::string(5000, 'x')).c_str(), "x", 1, nullptr),
            AGENTOS_ERROR_INVALID_ARGUMENT);
  char octet = 0;
  std::size_t size = 0;
  EXPECT_EQ(agentos_read(agent.get(), "/mem/working/a", -1, &octet, 1, &size, nullptr), AGENTOS_ERROR_INVALID_ARGUMENT);
  agentos_failure failure;
  EXPECT_EQ(agentos_write(agent.get(), "/mem/working/../../policy/x", "x", 1, &failure), AGENTOS_ERROR_DENIED)
      << failure.message;
  agent.reset();
  kernel.reset();
  char* report = nullptr;
  ASSERT_EQ(agentos_log_verify((state.path() + "/log").c_str(), &report, &failure), 0) << failure.message;
  EXPECT_TRUE(contains(report, R"("valid":true)")) << report;
  EXPECT_FALSE(contains(report, R"("refused":0)")) << report;
  agentos_free(report);
}

TEST(LibAgentos, mapped_region_comes_as_a_descriptor) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  int descriptor = -1;
  agentos_failure failure;
  ASSERT_EQ(agentos_call_descriptor(agent.get(), "mmap", R"({"size":4096})", nullptr, &descriptor, &failure), 0)
      << failure.message;
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(lseek(descriptor, 0, SEEK_END), 4096);
  close(descriptor);
}

TEST(LibAgentos, operator_sees_agents_and_knows_they_are_of_this_program) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel, R"({"id":"worker-1","name":"worker"})");
  EXPECT_STREQ(agentos_agent_id(agent.get()), "worker-1");
  agentos_failure failure;
  EXPECT_EQ(create_agent(kernel, R"({"id":"worker-1"})", &failure), nullptr);
  EXPECT_EQ(failure.code, AGENTOS_ERROR_ALREADY_EXISTS);
  char* reply = nullptr;
  ASSERT_EQ(agentos_operator_call(kernel.get(), "ps", nullptr, &reply, &failure), 0) << failure.message;
  EXPECT_TRUE(contains(reply, R"("agent":"worker-1")")) << reply;
  EXPECT_TRUE(contains(reply, R"("kind":"in-process")")) << reply;
  agentos_free(reply);
  EXPECT_EQ(agentos_operator_call(kernel.get(), "shutdown", "{}", nullptr, &failure), AGENTOS_ERROR_UNSUPPORTED);
}

int add(void* user_data, const char* arguments_json, const agentos_invocation*, char** result) {
  ++*static_cast<int*>(user_data);
  int a = 0, b = 0;
  if (std::sscanf(arguments_json, R"({"a":%d,"b":%d})", &a, &b) != 2) {
    *result = strdup("wanted are a and b");
    return 1;
  }
  *result = strdup(("{\"sum\":" + std::to_string(a + b) + "}").c_str());
  return 0;
}

constexpr const char* kAdd =
    R"({"name":"add","summary":"Adds.","input_schema":{"type":"object","properties":{"a":{"type":"integer"}}}})";
constexpr const char* kMayExec = ",\"permissive\":true";

TEST(LibAgentos, function_of_the_host_is_a_tool) {
  StateDirectory state;
  int runs = 0;
  auto kernel = open_kernel(state, kMayExec);
  agentos_failure failure;
  ASSERT_EQ(agentos_tool_register(kernel.get(), kAdd, add, &runs, nullptr, &failure), 0) << failure.message;
  EXPECT_EQ(agentos_tool_register(kernel.get(), kAdd, add, &runs, nullptr, &failure), AGENTOS_ERROR_ALREADY_EXISTS);
  auto agent = create_agent(kernel);
  EXPECT_TRUE(contains(answer(agent.get(), "exec", R"({"tool":"add","arguments":{"a":2,"b":3}})"), R"({"sum":5})"));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(agentos_call(agent.get(), "exec", R"({"tool":"add","arguments":{"b":3}})", nullptr, &failure),
            AGENTOS_ERROR_TOOL_FAILED);
  EXPECT_TRUE(contains(failure.message, "wanted are a and b")) << failure.message;
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"add","arguments":{"a":"two"}})"), "invalid_argument");
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(agentos_operator_call(kernel.get(), "tool_remove", R"({"tool":"add"})", nullptr, nullptr), 0);
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"add","arguments":{"a":2,"b":3}})"), "tool_not_registered");
}

TEST(LibAgentos, denied_exec_never_runs_the_function) {
  StateDirectory state;
  int runs = 0;
  auto kernel = open_kernel(state, kDefaultPolicy);
  ASSERT_EQ(agentos_tool_register(kernel.get(), kAdd, add, &runs, nullptr, nullptr), 0);
  auto agent = create_agent(kernel);
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"add","arguments":{"a":2,"b":3}})"), "denied");
  EXPECT_EQ(runs, 0);
}

TEST(LibAgentos, result_that_is_no_json_fails_the_call) {
  StateDirectory state;
  auto kernel = open_kernel(state, kMayExec);
  const auto broken = [](void*, const char*, const agentos_invocation*, char** result) {
    *result = strdup("{\"a\":");
    return 0;
  };
  const auto throwing = [](void*, const char*, const agentos_invocation*, char**) -> int { throw 7; };
  ASSERT_EQ(agentos_tool_register(kernel.get(), R"({"name":"broken"})", broken, nullptr, nullptr, nullptr), 0);
  ASSERT_EQ(agentos_tool_register(kernel.get(), R"({"name":"throwing"})", throwing, nullptr, nullptr, nullptr), 0);
  auto agent = create_agent(kernel);
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"broken"})"), "tool_failed");
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"throwing"})"), "tool_failed");
}

TEST(LibAgentos, wrong_manifests_are_refused) {
  StateDirectory state;
  auto kernel = open_kernel(state);
  int released = 0;
  const auto release = [](void* user_data) { ++*static_cast<int*>(user_data); };
  agentos_failure failure;
  for (const char* manifest : {"{}", R"({"name":"9"})", R"({"name":"x","command":["sh"]})",
                               R"({"name":"x","timeout_ms":0})", R"({"name":"x","input_schema":{"type":"whole"}})"}) {
    EXPECT_NE(agentos_tool_register(kernel.get(), manifest, add, &released, release, &failure), 0) << manifest;
    EXPECT_STRNE(failure.message, "");
  }
  kernel.reset();
  EXPECT_EQ(released, 0) << "what was not registered stays the caller's";
}

TEST(LibAgentos, damaged_log_is_reported_with_its_place) {
  StateDirectory state;
  {
    auto kernel = open_kernel(state, kDefaultPolicy);
    auto agent = create_agent(kernel);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(agentos_write(agent.get(), "/mem/working/a", "x", 1, nullptr), 0);
  }
  const std::string log = state.path() + "/log";
  EXPECT_EQ(agentos_log_verify(log.c_str(), nullptr, nullptr), 0);
  for (const auto& file : std::filesystem::directory_iterator(log)) {
    if (!contains(file.path().filename(), "segment")) continue;
    std::fstream segment(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    segment.seekp(2000);
    segment.put('\x55').put('\x55').put('\x55');
  }
  char* report = nullptr;
  agentos_failure failure;
  EXPECT_EQ(agentos_log_verify(log.c_str(), &report, &failure), AGENTOS_ERROR_CORRUPT);
  ASSERT_NE(report, nullptr);
  EXPECT_TRUE(contains(report, R"("valid":false)")) << report;
  agentos_free(report);
  EXPECT_EQ(agentos_log_verify("/no/such/log", &report, &failure), AGENTOS_ERROR_NOT_FOUND);
  EXPECT_EQ(report, nullptr);
}

}  // namespace
}  // namespace agentos::c
