// What an entry does not say is left out, but for what the schema requires.
#include "apps/agentos/ocsf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace agentos::cli {
namespace {

constexpr const char* kSchemaVersion = "1.7.0";
constexpr std::int64_t kOther = 99;

struct Word {
  std::int64_t id;
  const char* caption;
};
constexpr Word kUnknownStatus{0, "Unknown"}, kSuccess{1, "Success"}, kFailure{2, "Failure"};
constexpr Word kInformational{1, "Informational"}, kLow{2, "Low"}, kMedium{3, "Medium"};

void set(json::Object& event, std::string_view name, const Word& word) {
  event[fmt::format("{}_id", name)] = word.id;
  event[name] = word.caption;
}

void set_class(json::Object& event, std::int64_t category, std::int64_t class_uid, const Word& activity) {
  event["category_uid"] = category;
  event["class_uid"] = class_uid;
  event["activity_id"] = activity.id;
  event["activity_name"] = activity.caption;
  event["type_uid"] = class_uid * 100 + activity.id;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Of a call: what it does to what it names, as far as its name says.
Word activity_of(std::string_view call) {
  if (is_one_of(call, {"fork", "mkdir", "pipe", "mmap", "spawn", "tool_register", "checkpoint_save", "mcp_open"}))
    return {1, "Create"};
  if (is_one_of(call, {"read",    "stat",        "list",  "tools",       "status",          "getpolicy", "checkpolicy",
                       "recv",    "wait",        "hello", "ps",          "inspect",         "metrics",   "approvals",
                       "explain", "policy_show", "pins",  "mcp_servers", "checkpoint_load", "secret_use"}))
    return {2, "Read"};
  if (is_one_of(call, {"write", "rename", "seek", "brk", "sigaction", "sigprocmask", "policy_load", "pin_decide",
                       "approve", "freeze"}))
    return {3, "Update"};
  if (is_one_of(call, {"unlink", "munmap", "close", "exit", "tool_remove", "shutdown", "erase"})) return {4, "Delete"};
  return {kOther, "Other"};
}

json::Object product() { return {{"name", "AgentOS"}, {"vendor_name", "AgentOS"}, {"version", AGENTOS_VERSION}}; }

void set_common(json::Object& event, const recorder::StoredEntry& entry, const json::Value& leaf,
                std::string_view origin) {
  event["time"] = leaf.int_or("time_us", 0) / 1000;
  event["raw_data"] = entry.leaf;
  json::Object metadata;
  metadata["version"] = kSchemaVersion;
  metadata["product"] = product();
  metadata["log_name"] = origin;
  metadata["sequence"] = static_cast<std::int64_t>(entry.index);
  metadata["uid"] = fmt::format("{}#{}", origin, entry.index);
  const std::int64_t intent = leaf.int_or("intent", -1);
  if (intent >= 0) metadata["correlation_uid"] = fmt::format("{}#{}", origin, intent);
  if (leaf.string_or("kind", "") == "intent") metadata["correlation_uid"] = metadata["uid"];
  event["metadata"] = std::move(metadata);
  if (entry.opening) event["unmapped"] = json::Object{{"content", *entry.opening}};
}

json::Object actor_of(const json::Value& leaf) {
  json::Object actor{{"app_uid", std::string(leaf.string_or("agent", ""))}};
  if (leaf.string_or("agent", "").empty()) actor["app_uid"] = "kernel";
  if (const auto run = leaf.string_or("run", ""); !run.empty()) actor["session"] = json::Object{{"uid", run}};
  return actor;
}

void set_decision(json::Object& event, const json::Value& leaf) {
  const std::string_view kind = leaf.string_or("kind", ""), rule = leaf.string_or("rule", "");
  if (kind == "outcome") return;
  const bool asks = leaf.string_or("verdict", "") == "ask";
  set(event, "action", kind == "refused" ? Word{2, "Denied"} : asks ? Word{0, "Unknown"} : Word{1, "Allowed"});
  set(event, "disposition",
      kind == "refused" ? Word{2, "Blocked"}
      : asks            ? Word{kOther, "Waits for an approval"}
                        : Word{1, "Allowed"});
  if (rule.empty()) return;
  json::Object policy{{"name", rule}};
  if (const std::int64_t epoch = leaf.int_or("policy_epoch", 0); epoch != 0) policy["version"] = std::to_string(epoch);
  event["policy"] = std::move(policy);
}

void set_outcome(json::Object& event, const json::Value& leaf) {
  const std::string_view kind = leaf.string_or("kind", ""), status = leaf.string_or("status", "");
  set(event, "status",
      kind == "refused"                         ? kFailure
      : kind == "intent" || status == "unknown" ? kUnknownStatus
      : status == "ok"                          ? kSuccess
                                                : kFailure);
  if (const std::int64_t code = leaf.int_or("code", 0); code != 0) event["status_code"] = std::to_string(code);
  const std::string_view reason = leaf.string_or("reason", "");
  if (kind == "refused") event["status_detail"] = fmt::format("{}: {}", leaf.string_or("step", ""), reason);
  if (kind == "outcome" && status != "ok") event["status_detail"] = status;
  if (const std::int64_t count = leaf.int_or("count", 1); count > 1) event["count"] = count;
  if (const json::Value* us = leaf.find("duration_us"); us != nullptr && us->is_int())
    event["duration"] = us->as_int() / 1000;
  const bool policy = kind == "refused" && leaf.string_or("step", "") == "policy";
  set(event, "severity",
      policy                                                           ? kMedium
      : kind == "refused" || status == "unknown" || status == "killed" ? kLow
                                                                       : kInformational);
}

json::Object call_event(const json::Value& leaf) {
  json::Object event;
  const std::string call(leaf.string_or("call", ""));
  set_class(event, 6, 6003, activity_of(call));
  event["actor"] = actor_of(leaf);
  json::Object api{{"operation", call.empty() ? "unknown" : call}, {"service", json::Object{{"name", "agentos"}}}};
  event["api"] = std::move(api);
  event["src_endpoint"] = json::Object{{"uid", event["actor"].string_or("app_uid", "")}};
  if (const auto tool = leaf.string_or("tool", ""); !tool.empty())
    event["resources"] = json::Array{json::Object{{"name", tool}, {"type", "tool"}}};
  set_decision(event, leaf);
  set_outcome(event, leaf);
  event["message"] = fmt::format("{} {}", leaf.string_or("kind", ""), call);
  return event;
}

json::Object process_event(const json::Value& leaf, const json::Value& detail, const Word& activity) {
  json::Object event;
  set_class(event, 1, 1007, activity);
  event["actor"] = json::Object{{"app_uid", "kernel"}};
  event["device"] = json::Object{{"name", "localhost"}, {"type", "Unknown"}, {"type_id", 0}};
  json::Object process{{"uid", leaf.string_or("agent", "")}};
  if (const auto name = detail.string_or("name", ""); !name.empty()) process["name"] = name;
  if (const std::int64_t pid = detail.int_or("pid", 0); pid > 0) process["pid"] = pid;
  event["process"] = std::move(process);
  if (const json::Value* code = detail.find("code"); code != nullptr && code->is_int()) event["exit_code"] = *code;
  return event;
}

json::Object event_event(const recorder::StoredEntry& entry, const json::Value& leaf) {
  const std::string name(leaf.string_or("name", ""));
  const auto parsed = json::parse(entry.opening.value_or("{}"));
  const json::Value detail = parsed && parsed->is_object() ? *parsed : json::Value(json::Object{});
  json::Object event;
  if (name == "agent_start") {
    event = process_event(leaf, detail, {1, "Launch"});
  } else if (name == "agent_exit") {
    event = process_event(leaf, detail, {2, "Terminate"});
  } else if (name == "boot" || name == "shutdown") {
    set_class(event, 6, 6002, name == "boot" ? Word{3, "Start"} : Word{4, "Stop"});
    event["app"] = product();
  } else {
    set_class(event, 0, 0, {kOther, name.c_str()});
  }
  set(event, "severity", is_one_of(name, {"panic", "degraded", "operator_refused"}) ? kMedium : kInformational);
  event["message"] = name;
  return event;
}

}  // namespace

json::Value ocsf_event(const recorder::StoredEntry& entry, const json::Value& leaf, std::string_view origin) {
  const bool is_call = is_one_of(leaf.string_or("kind", ""), {"intent", "outcome", "refused"});
  json::Object event = is_call ? call_event(leaf) : event_event(entry, leaf);
  set_common(event, entry, leaf, origin);
  if (is_call) event["metadata"].as_object()["profiles"] = json::Array{json::Value("security_control")};
  return json::Value(std::move(event));
}

}  // namespace agentos::cli
