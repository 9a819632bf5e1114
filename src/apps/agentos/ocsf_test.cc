// Entries as OCSF events: the class, what the schema requires of it, and what was decided.
#include "apps/agentos/ocsf.h"

#include <gtest/gtest.h>

#include "apps/agentos/log_entries.h"

namespace agentos::cli {
namespace {

json::Value event_of(const std::string& leaf, std::optional<std::string> opening = std::nullopt) {
  const recorder::StoredEntry entry{.index = 17, .leaf = leaf, .opening = std::move(opening), .opening_matches = true};
  return ocsf_event(entry, leaf_of(entry), "example.org/log");
}

void expect_common(const json::Value& event, std::int64_t class_uid, std::int64_t activity) {
  EXPECT_EQ(event.int_or("class_uid", -1), class_uid);
  EXPECT_EQ(event.int_or("category_uid", -1), class_uid / 1000);
  EXPECT_EQ(event.int_or("activity_id", -1), activity);
  EXPECT_EQ(event.int_or("type_uid", -1), class_uid * 100 + activity);
  EXPECT_EQ(event.int_or("time", -1), 1'700'000'000'123);
  EXPECT_GT(event.int_or("severity_id", -1), 0);
  const json::Value* metadata = event.find("metadata");
  ASSERT_NE(metadata, nullptr);
  EXPECT_EQ(metadata->string_or("version", ""), "1.7.0");
  EXPECT_EQ(metadata->string_or("uid", ""), "example.org/log#17");
  EXPECT_EQ(metadata->int_or("sequence", -1), 17);
  EXPECT_EQ(metadata->find("product")->string_or("vendor_name", ""), "AgentOS");
}

TEST(Ocsf, a_call_that_was_allowed_is_api_activity_with_the_rule_that_allowed_it) {
  const std::string leaf =
      R"({"agent":"a-1","call":"write","effect":"state","kind":"intent","policy_epoch":3,"rule":"p/r","run":"r-1",)"
      R"("time_us":1700000000123456,"v":1,"verdict":"allow"})";
  const json::Value event = event_of(leaf, R"({"path":"/state/x"})");
  expect_common(event, 6003, 3);
  EXPECT_EQ(event.int_or("action_id", -1), 1);
  EXPECT_EQ(event.find("policy")->string_or("name", ""), "p/r");
  EXPECT_EQ(event.find("policy")->string_or("version", ""), "3");
  EXPECT_EQ(event.find("api")->string_or("operation", ""), "write");
  EXPECT_EQ(event.find("actor")->string_or("app_uid", ""), "a-1");
  EXPECT_EQ(event.find("src_endpoint")->string_or("uid", ""), "a-1");
  EXPECT_EQ(event.string_or("raw_data", ""), leaf);
  EXPECT_EQ(event.find("unmapped")->string_or("content", ""), R"({"path":"/state/x"})");
}

TEST(Ocsf, a_refusal_is_denied_and_an_outcome_belongs_to_its_intent) {
  const json::Value refused = event_of(
      R"({"agent":"a-1","call":"exec","code":-2,"count":3,"kind":"refused","reason":"no","rule":"p/d","step":"policy",)"
      R"("time_us":1700000000123456,"v":1})");
  expect_common(refused, 6003, 99);
  EXPECT_EQ(refused.int_or("action_id", -1), 2);
  EXPECT_EQ(refused.int_or("disposition_id", -1), 2);
  EXPECT_EQ(refused.int_or("status_id", -1), 2);
  EXPECT_EQ(refused.int_or("severity_id", -1), 3);
  EXPECT_EQ(refused.int_or("count", -1), 3);
  const json::Value outcome =
      event_of(R"({"agent":"a-1","call":"read","duration_us":5000,"intent":12,"kind":"outcome","status":"ok",)"
               R"("time_us":1700000000123456,"v":1})");
  expect_common(outcome, 6003, 2);
  EXPECT_EQ(outcome.int_or("status_id", -1), 1);
  EXPECT_EQ(outcome.int_or("duration", -1), 5);
  EXPECT_EQ(outcome.find("metadata")->string_or("correlation_uid", ""), "example.org/log#12");
  EXPECT_EQ(outcome.find("action_id"), nullptr);
}

TEST(Ocsf, agents_are_processes_the_kernel_an_application_and_the_rest_base_events) {
  const auto event = [](const std::string& name) {
    return R"({"agent":"a-1","kind":"event","name":")" + name + R"(","time_us":1700000000123456,"v":1})";
  };
  const json::Value start = event_of(event("agent_start"), R"({"name":"demo"})");
  expect_common(start, 1007, 1);
  EXPECT_EQ(start.find("process")->string_or("uid", ""), "a-1");
  EXPECT_EQ(start.find("process")->string_or("name", ""), "demo");
  EXPECT_EQ(start.find("device")->int_or("type_id", -1), 0);
  const json::Value exit = event_of(event("agent_exit"), R"({"code":7})");
  expect_common(exit, 1007, 2);
  EXPECT_EQ(exit.int_or("exit_code", -1), 7);
  const json::Value boot = event_of(event("boot"));
  expect_common(boot, 6002, 3);
  EXPECT_EQ(boot.find("app")->string_or("name", ""), "AgentOS");
  const json::Value other = event_of(event("freeze"), "no JSON");
  EXPECT_EQ(other.int_or("class_uid", -1), 0);
  EXPECT_EQ(other.int_or("type_uid", -1), 99);
  EXPECT_EQ(other.string_or("activity_name", ""), "freeze");
}

}  // namespace
}  // namespace agentos::cli
