// Requests and replies of the calls about agents as processes: fork exit wait exec signal sigaction sigprocmask.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "abi/field.h"
#include "base/json/value.h"

namespace agentos::abi {

// What an agent may use up. Absent: no bound of its own (its parent's still holds).
struct Budget {
  std::optional<std::int64_t> calls;
  std::optional<std::int64_t> bytes;
  std::optional<std::int64_t> tokens;
  std::optional<std::int64_t> money_micros;
  std::optional<std::int64_t> time_ms;
  std::optional<std::int64_t> concurrency;
  static constexpr auto kFields = std::tuple{
      Optional<&Budget::calls>{"calls", "Calls in all.", {.minimum = 0}},
      Optional<&Budget::bytes>{"bytes", "Octets read, written, sent and received by calls.", {.minimum = 0}},
      Optional<&Budget::tokens>{"tokens", "Highest context budget brk may set.", {.minimum = 0}},
      Optional<&Budget::money_micros>{
          "money_micros", "Money in millionths, charged by tools that declare a price.", {.minimum = 0}},
      Optional<&Budget::time_ms>{"time_ms", "Wall time from start to exit.", {.minimum = 1}},
      Optional<&Budget::concurrency>{"concurrency", "Calls under way at once.", {.minimum = 1, .maximum = 256}}};
};

struct ForkReply {
  std::string agent;
  std::string run;
  std::optional<std::int64_t> pid;
  static constexpr auto kFields = std::tuple{
      Required<&ForkReply::agent>{"agent", "The child's id."}, Required<&ForkReply::run>{"run", "The child's run id."},
      Optional<&ForkReply::pid>{"pid", "Process id of its program; absent for a child without one."}};
};
struct ForkRequest {
  using Reply = ForkReply;
  std::string name;
  std::vector<std::string> command;
  std::optional<std::vector<std::string>> rights;
  std::optional<Budget> budget;
  std::vector<std::int64_t> handles;
  std::optional<std::string> profile;
  std::optional<json::Value> environment;
  static constexpr auto kFields = std::tuple{
      Optional<&ForkRequest::name>{
          "name", "A name for people and policy; it is appended to the caller's with a dot.", {.size_max = 64}},
      Optional<&ForkRequest::command>{
          "command",
          "Program and arguments; empty makes a child without a process, which attach connects.",
          {.size_max = 256}},
      Optional<&ForkRequest::rights>{
          "rights", "Rights of the child, a subset of the caller's; default: all the caller has.", {.size_max = 64}},
      Optional<&ForkRequest::budget>{"budget", "Bounds of the child; its use also counts against the caller."},
      Optional<&ForkRequest::handles>{"handles",
                                      "Handles of the caller that the child gets, under the same numbers.",
                                      {.minimum = 0, .size_max = 64}},
      Optional<&ForkRequest::profile>{
          "profile", "Sandbox profile, the caller's by default; a preset's name.", {.size_max = 64}},
      Optional<&ForkRequest::environment>{"environment", "Variables to set in the child.", {.json_object = true}}};
};

struct ExitReply {
  std::int64_t code = 0;
  static constexpr auto kFields = std::tuple{Required<&ExitReply::code>{"code", "The code, as wait will report it."}};
};
struct ExitRequest {
  using Reply = ExitReply;
  std::int64_t code = 0;
  std::string reason;
  static constexpr auto kFields =
      std::tuple{Optional<&ExitRequest::code>{"code", "Exit status for the parent.", {.minimum = 0, .maximum = 255}},
                 Optional<&ExitRequest::reason>{"reason", "Why, for the record.", {.size_max = 1024}}};
};

struct WaitReply {
  std::string agent;
  std::int64_t code = 0;
  bool signaled = false;
  std::int64_t signal = 0;
  std::string cause;
  static constexpr auto kFields = std::tuple{
      Required<&WaitReply::agent>{"agent", "The child that ended."},
      Required<&WaitReply::code>{"code", "Its exit status, 128 + n for signal n."},
      Required<&WaitReply::signaled>{"signaled", "Whether a signal ended it."},
      Required<&WaitReply::signal>{"signal", "The Linux signal number, or 0."},
      Required<&WaitReply::cause>{
          "cause",
          "\"exit\", \"crash\", \"killed\", \"terminated\", \"timeout\", \"policy\", \"budget\", \"protection\" or "
          "\"lost\"."}};
};
struct WaitRequest {
  using Reply = WaitReply;
  std::string agent;
  std::optional<std::int64_t> timeout_ms;
  static constexpr auto kFields = std::tuple{
      Optional<&WaitRequest::agent>{
          "agent", "Which child; default: whichever ends first. Operators name any agent.", {.size_max = 128}},
      Optional<&WaitRequest::timeout_ms>{"timeout_ms",
                                         "How long to wait: 0 does not wait; absent waits as long as it takes.",
                                         {.minimum = 0, .maximum = 86'400'000}}};
};

struct ExecReply {
  json::Value result;
  std::int64_t exit_status = -1;
  std::int64_t duration_us = 0;
  static constexpr auto kFields =
      std::tuple{Required<&ExecReply::result>{"result", "What the tool returned."},
                 Required<&ExecReply::exit_status>{"exit_status", "Of the tool's process; -1 when it has none."},
                 Required<&ExecReply::duration_us>{"duration_us", "How long it took."}};
};
struct ExecRequest {
  using Reply = ExecReply;
  std::string tool;
  json::Value arguments = json::Object{};
  std::optional<std::int64_t> timeout_ms;
  json::Value extra = json::Object{};
  static constexpr auto kFields = std::tuple{
      Required<&ExecRequest::tool>{"tool", "The registered name.", {.size_max = 128}},
      Optional<&ExecRequest::arguments>{"arguments", "Checked against the tool's input schema.", {.json_object = true}},
      Optional<&ExecRequest::timeout_ms>{
          "timeout_ms", "Deadline; at most the tool's own.", {.minimum = 1, .maximum = 86'400'000}},
      Optional<&ExecRequest::extra>{"extra",
                                    "What an MCP server gets beside the arguments: _meta inputResponses requestState "
                                    "task logLevel client progress.",
                                    {.json_object = true}}};
};

struct SignalReply {
  bool delivered = false;
  bool pending = false;
  std::string effect;
  static constexpr auto kFields = std::tuple{
      Required<&SignalReply::delivered>{"delivered", "Whether it took effect now."},
      Required<&SignalReply::pending>{"pending", "Whether it waits because the agent blocks it."},
      Required<&SignalReply::effect>{
          "effect", "What it led to: stop resume pause kill terminate diagnose checkpoint notify handled ignored."}};
};
struct SignalRequest {
  using Reply = SignalReply;
  std::string target;
  std::string signal;
  std::string reason;
  static constexpr auto kFields = std::tuple{
      Optional<&SignalRequest::target>{"target", "Agent id; default: the caller.", {.size_max = 128}},
      Required<&SignalRequest::signal>{
          "signal", "Name (\"SIGTERM\" or \"TERM\") or number of the table.", {.size_max = 16}},
      Optional<&SignalRequest::reason>{"reason", "Why, for the record and the receiver.", {.size_max = 1024}}};
};

inline constexpr std::string_view kDispositions[] = {"default", "ignore", "handle"};
struct SigactionReply {
  std::string previous;
  static constexpr auto kFields =
      std::tuple{Required<&SigactionReply::previous>{"previous", "The disposition before."}};
};
struct SigactionRequest {
  using Reply = SigactionReply;
  std::string signal;
  std::optional<std::string> disposition;
  static constexpr auto kFields = std::tuple{
      Required<&SigactionRequest::signal>{"signal", "Name or number of the table.", {.size_max = 16}},
      Optional<&SigactionRequest::disposition>{
          "disposition",
          "default, ignore, or handle (the agent gets a notification instead of the default action); absent only asks.",
          {.choices = kDispositions}}};
};

inline constexpr std::string_view kMaskChanges[] = {"block", "unblock", "set"};
struct SigprocmaskReply {
  std::vector<std::string> previous;
  std::vector<std::string> pending;
  static constexpr auto kFields =
      std::tuple{Required<&SigprocmaskReply::previous>{"previous", "Signals blocked before."},
                 Required<&SigprocmaskReply::pending>{"pending", "Signals that wait to be unblocked."}};
};
struct SigprocmaskRequest {
  using Reply = SigprocmaskReply;
  std::string how = "block";
  std::vector<std::string> signals;
  static constexpr auto kFields =
      std::tuple{Optional<&SigprocmaskRequest::how>{
                     "how", "block, unblock or set; block with no signals only asks.", {.choices = kMaskChanges}},
                 Optional<&SigprocmaskRequest::signals>{"signals", "Names or numbers of the table.", {.size_max = 12}}};
};

}  // namespace agentos::abi
