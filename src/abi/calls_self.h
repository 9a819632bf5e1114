// Requests and replies of the calls about the caller itself: getpolicy checkpolicy attach tools status hello.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "abi/calls_process.h"
#include "abi/field.h"
#include "base/json/value.h"

namespace agentos::abi {

struct GetpolicyReply {
  std::int64_t epoch = 0;
  json::Value documents;
  json::Value rules;
  static constexpr auto kFields =
      std::tuple{Required<&GetpolicyReply::epoch>{"epoch", "Number of the policy set."},
                 Required<&GetpolicyReply::documents>{"documents", "Names and digests."},
                 Required<&GetpolicyReply::rules>{"rules", "The rules that can apply to the caller."}};
};
struct GetpolicyRequest {
  using Reply = GetpolicyReply;
  static constexpr auto kFields = std::tuple{};
};

struct CheckpolicyReply {
  bool allowed = false;
  std::string verdict;
  std::string rule;
  std::string reason;
  std::int64_t epoch = 0;
  static constexpr auto kFields =
      std::tuple{Required<&CheckpolicyReply::allowed>{"allowed", "Whether the call would be carried out now."},
                 Required<&CheckpolicyReply::verdict>{"verdict", "allow, deny or ask."},
                 Required<&CheckpolicyReply::rule>{
                     "rule", "What decided; \"rights\", \"quota\" or \"arguments\" when it was not policy."},
                 Required<&CheckpolicyReply::reason>{"reason", "One sentence."},
                 Required<&CheckpolicyReply::epoch>{"epoch", "Number of the policy set."}};
};
struct CheckpolicyRequest {
  using Reply = CheckpolicyReply;
  std::string call;
  json::Value arguments = json::Object{};
  static constexpr auto kFields =
      std::tuple{Required<&CheckpolicyRequest::call>{"call", "Name of a row of the table.", {.size_max = 64}},
                 Optional<&CheckpolicyRequest::arguments>{
                     "arguments", "The request it would be made with.", {.json_object = true}}};
};

struct AttachReply {
  std::string agent;
  static constexpr auto kFields = std::tuple{
      Required<&AttachReply::agent>{"agent", "Whose connection it is. The socket comes with the reply (SCM_RIGHTS)."}};
};
struct AttachRequest {
  using Reply = AttachReply;
  std::string agent;
  static constexpr auto kFields = std::tuple{Optional<&AttachRequest::agent>{
      "agent", "The caller (default) or a child it made without a process.", {.size_max = 128}}};
};

struct ToolEntry {
  std::string name;
  std::string summary;
  std::string runs;
  bool read_only = false;
  json::Value input_schema;
  std::string digest;
  json::Value definition;
  static constexpr auto kFields =
      std::tuple{Required<&ToolEntry::name>{"name", "For exec."},
                 Required<&ToolEntry::summary>{"summary", "What it does."},
                 Required<&ToolEntry::runs>{"runs", "builtin, host, process or mcp."},
                 Required<&ToolEntry::read_only>{"read_only", "Declared: it changes nothing outside itself."},
                 Required<&ToolEntry::input_schema>{"input_schema", "JSON Schema 2020-12 of its arguments."},
                 Required<&ToolEntry::digest>{"digest", "Of the manifest."},
                 Optional<&ToolEntry::definition>{"definition", "Of an MCP server's tool: as the server gives it."}};
};
struct ToolsReply {
  std::vector<ToolEntry> tools;
  static constexpr auto kFields =
      std::tuple{Required<&ToolsReply::tools>{"tools", "Those the caller may run, by name."}};
};
struct ToolsRequest {
  using Reply = ToolsReply;
  static constexpr auto kFields = std::tuple{};
};

struct HandleEntry {
  std::int64_t handle = 0;
  std::string kind;
  std::string path;
  static constexpr auto kFields = std::tuple{Required<&HandleEntry::handle>{"handle", "Its number."},
                                             Required<&HandleEntry::kind>{"kind", "file, pipe-read or pipe-write."},
                                             Required<&HandleEntry::path>{"path", "Of a file; else empty."}};
};
// What of a budget is used; every member is there, and none has a least value but zero.
struct Usage {
  std::int64_t calls = 0;
  std::int64_t bytes = 0;
  std::int64_t tokens = 0;
  std::int64_t money_micros = 0;
  std::int64_t time_ms = 0;
  std::int64_t concurrency = 0;
  static constexpr auto kFields =
      std::tuple{Required<&Usage::calls>{"calls", "Calls in all.", {.minimum = 0}},
                 Required<&Usage::bytes>{"bytes", "Octets read, written, sent and received by calls.", {.minimum = 0}},
                 Required<&Usage::tokens>{"tokens", "Tokens of context that brk holds.", {.minimum = 0}},
                 Required<&Usage::money_micros>{"money_micros", "Money in millionths.", {.minimum = 0}},
                 Required<&Usage::time_ms>{"time_ms", "Wall time charged.", {.minimum = 0}},
                 Required<&Usage::concurrency>{"concurrency", "Calls under way.", {.minimum = 0}}};
};
struct StatusReply {
  std::string agent;
  std::string name;
  std::string run;
  std::string parent;
  std::int64_t ring = 3;
  std::string state;
  std::vector<std::string> rights;
  Budget budget;
  Usage used;
  std::int64_t context_tokens = 0;
  std::vector<HandleEntry> handles;
  std::vector<std::string> pending_signals;
  std::vector<std::string> children;
  static constexpr auto kFields =
      std::tuple{Required<&StatusReply::agent>{"agent", "The caller's id."},
                 Required<&StatusReply::name>{"name", "Its name."},
                 Required<&StatusReply::run>{"run", "Its run id."},
                 Required<&StatusReply::parent>{"parent", "Parent agent, or empty."},
                 Required<&StatusReply::ring>{"ring", "3 for agents."},
                 Required<&StatusReply::state>{"state", "running, stopped, ..."},
                 Required<&StatusReply::rights>{"rights", "Names of the rights it holds."},
                 Required<&StatusReply::budget>{"budget", "Its bounds."},
                 Required<&StatusReply::used>{"used", "What it and its children used."},
                 Required<&StatusReply::context_tokens>{"context_tokens", "As set by brk."},
                 Required<&StatusReply::handles>{"handles", "Open handles."},
                 Required<&StatusReply::pending_signals>{"pending_signals", "Blocked and waiting."},
                 Required<&StatusReply::children>{"children", "Agents it started that have not been waited for."}};
};
struct StatusRequest {
  using Reply = StatusReply;
  static constexpr auto kFields = std::tuple{};
};

struct HelloReply {
  std::string version;
  std::int64_t abi = 0;
  std::vector<std::string> calls;
  std::string state;
  std::string agent;
  std::string role;
  json::Value paths;
  static constexpr auto kFields = std::tuple{
      Required<&HelloReply::version>{"version", "Of the kernel."},
      Required<&HelloReply::abi>{"abi", "Revision of the table; both sides keep to the rows they both know."},
      Required<&HelloReply::calls>{"calls", "Names of the rows this kernel carries out."},
      Required<&HelloReply::state>{"state", "booting, running, degraded, panic or shutdown."},
      Required<&HelloReply::agent>{"agent", "The caller's agent id; empty for an operator."},
      Required<&HelloReply::role>{"role", "agent or operator."},
      Optional<&HelloReply::paths>{"paths", "For operators: state, log and socket."}};
};
struct HelloRequest {
  using Reply = HelloReply;
  std::string client;
  std::string version;
  std::int64_t abi = 0;
  static constexpr auto kFields =
      std::tuple{Optional<&HelloRequest::client>{"client", "Name of the client program.", {.size_max = 128}},
                 Optional<&HelloRequest::version>{"version", "Its version.", {.size_max = 64}},
                 Optional<&HelloRequest::abi>{"abi", "Revision of the table it was built with.", {.minimum = 0}}};
};

}  // namespace agentos::abi
