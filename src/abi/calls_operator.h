// Requests and replies of the calls operators make: spawn ps inspect freeze policy_* tool_* shutdown metrics
// approvals approve explain erase.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "abi/calls_files.h"
#include "abi/calls_process.h"
#include "abi/field.h"
#include "base/json/value.h"

namespace agentos::abi {

struct Document {
  std::string file;
  std::string text;
  static constexpr auto kFields =
      std::tuple{Required<&Document::file>{"file", "Name for messages.", {.size_max = 4096}},
                 Required<&Document::text>{"text", "YAML or JSON."}};
};

struct SpawnReply {
  std::string agent;
  std::string run;
  std::int64_t pid = 0;
  std::string policy;
  std::string profile;
  std::string output;
  json::Value manifest;
  static constexpr auto kFields = std::tuple{
      Required<&SpawnReply::agent>{"agent", "The agent's id."},
      Required<&SpawnReply::run>{"run", "Its run id."},
      Required<&SpawnReply::pid>{"pid", "Process id of its program."},
      Required<&SpawnReply::policy>{"policy", "Names of the policy documents in force."},
      Required<&SpawnReply::profile>{"profile", "Name of the sandbox profile."},
      Required<&SpawnReply::output>{"output", "File its output goes to when no descriptors were given; else empty."},
      Required<&SpawnReply::manifest>{"manifest", "What was enforced, measured in the child."}};
};
struct SpawnRequest {
  using Reply = SpawnReply;
  std::string name;
  std::vector<std::string> command;
  std::string working_directory;
  json::Value environment = json::Object{};
  std::vector<std::string> environment_allow;
  std::vector<Document> policy;
  std::string policy_preset;
  std::string profile_preset;
  std::optional<Document> profile;
  Budget budget;
  json::Value limits = json::Object{};
  bool terminal = false;
  bool bound_to_connection = true;
  static constexpr auto kFields = std::tuple{
      Optional<&SpawnRequest::name>{"name", "For people and policy; default: the program's name.", {.size_max = 64}},
      Required<&SpawnRequest::command>{"command", "Program and arguments.", {.size_max = 4096}},
      Required<&SpawnRequest::working_directory>{"working_directory", "Absolute path.", {.size_max = 4096}},
      Optional<&SpawnRequest::environment>{
          "environment", "The client's environment; the profile says what passes.", {.json_object = true}},
      Optional<&SpawnRequest::environment_allow>{
          "environment_allow",
          "Names that pass beside the profile's; the manifest lists what passed.",
          {.size_max = 256}},
      Optional<&SpawnRequest::policy>{"policy", "Documents that govern this agent.", {.size_max = 64}},
      Optional<&SpawnRequest::policy_preset>{
          "policy_preset", "A built-in policy instead; default agent-default.", {.size_max = 64}},
      Optional<&SpawnRequest::profile_preset>{
          "profile_preset", "A built-in profile; default agent-default.", {.size_max = 64}},
      Optional<&SpawnRequest::profile>{"profile", "A profile document instead."},
      Optional<&SpawnRequest::budget>{"budget", "Bounds of the agent."},
      Optional<&SpawnRequest::limits>{
          "limits",
          "Bounds of its processes over the profile's: memory_bytes cpu_seconds processes open_files file_bytes.",
          {.json_object = true}},
      Optional<&SpawnRequest::terminal>{"terminal",
                                        "The descriptors are a terminal's, to be made the controlling one."},
      Optional<&SpawnRequest::bound_to_connection>{
          "bound_to_connection",
          "Kill the agent when this connection closes. Three descriptors (0, 1, 2) may come with the request."}};
};

struct AgentEntry {
  std::string agent;
  std::string name;
  std::string parent;
  std::int64_t ring = 3;
  std::string state;
  std::int64_t pid = 0;
  std::string kind;
  std::int64_t started_us = 0;
  std::int64_t calls = 0;
  std::int64_t denied = 0;
  std::string command;
  std::optional<std::int64_t> exit_code;
  static constexpr auto kFields =
      std::tuple{Required<&AgentEntry::agent>{"agent", "Id."},
                 Required<&AgentEntry::name>{"name", "Name."},
                 Required<&AgentEntry::parent>{"parent", "Parent agent, or empty."},
                 Required<&AgentEntry::ring>{"ring", "Ring."},
                 Required<&AgentEntry::state>{"state", "starting, running, stopped, ending or ended."},
                 Required<&AgentEntry::pid>{"pid", "Of its program; 0 when it has no process."},
                 Required<&AgentEntry::kind>{
                     "kind", "process; context (no process); in-process (trusted: it cannot be killed or confined)."},
                 Required<&AgentEntry::started_us>{"started_us", "Microseconds since 1970 UTC."},
                 Required<&AgentEntry::calls>{"calls", "Calls made."},
                 Required<&AgentEntry::denied>{"denied", "Calls refused."},
                 Required<&AgentEntry::command>{"command", "Program and arguments."},
                 Optional<&AgentEntry::exit_code>{"exit_code", "When it has ended."}};
};
struct PsReply {
  std::vector<AgentEntry> agents;
  static constexpr auto kFields = std::tuple{Required<&PsReply::agents>{"agents", "In order of their start."}};
};
struct PsRequest {
  using Reply = PsReply;
  bool all = false;
  static constexpr auto kFields =
      std::tuple{Optional<&PsRequest::all>{"all", "Also the ones that have ended (the last 256)."}};
};

struct InspectReply {
  json::Value agent;
  static constexpr auto kFields =
      std::tuple{Required<&InspectReply::agent>{"agent", "Everything the kernel knows of it."}};
};
struct InspectRequest {
  using Reply = InspectReply;
  std::string agent;
  static constexpr auto kFields =
      std::tuple{Required<&InspectRequest::agent>{"agent", "Id, or a name that only one has.", {.size_max = 128}}};
};

struct FreezeReply {
  std::int64_t agents = 0;
  static constexpr auto kFields =
      std::tuple{Required<&FreezeReply::agents>{"agents", "How many were frozen or thawed."}};
};
struct FreezeRequest {
  using Reply = FreezeReply;
  bool frozen = true;
  std::string reason;
  static constexpr auto kFields =
      std::tuple{Optional<&FreezeRequest::frozen>{"frozen", "false thaws."},
                 Optional<&FreezeRequest::reason>{"reason", "For the record.", {.size_max = 1024}}};
};

struct EraseReply {
  std::int64_t openings = 0;
  std::int64_t without = 0;
  std::int64_t blobs = 0;
  std::int64_t shared = 0;
  std::int64_t shared_by = -1;
  static constexpr auto kFields =
      std::tuple{Required<&EraseReply::openings>{"openings", "How many entries lost their content."},
                 Required<&EraseReply::without>{"without", "How many had none, or none any more."},
                 Required<&EraseReply::blobs>{"blobs", "How much content kept whole went with them."},
                 Required<&EraseReply::shared>{"shared", "How much of it stays, because another entry has the same."},
                 Required<&EraseReply::shared_by>{"shared_by", "Index of one such entry; -1: none.", {.minimum = -1}}};
};
struct EraseRequest {
  using Reply = EraseReply;
  std::vector<std::int64_t> entries;
  std::string reason;
  static constexpr auto kFields = std::tuple{
      Required<&EraseRequest::entries>{"entries", "Indexes of the entries.", {.minimum = 0, .size_max = 256}},
      Optional<&EraseRequest::reason>{"reason", "For the record.", {.size_max = 1024}}};
};

struct PolicyLoadReply {
  std::int64_t epoch = 0;
  json::Value documents;
  static constexpr auto kFields = std::tuple{Required<&PolicyLoadReply::epoch>{"epoch", "Number of the new set."},
                                             Required<&PolicyLoadReply::documents>{"documents", "Names and digests."}};
};
struct PolicyLoadRequest {
  using Reply = PolicyLoadReply;
  std::vector<Document> documents;
  static constexpr auto kFields = std::tuple{Required<&PolicyLoadRequest::documents>{
      "documents",
      "The whole set; each agent's own documents are combined with it by deny_overrides.",
      {.size_max = 256}}};
};
struct PolicyShowReply {
  std::int64_t epoch = 0;
  json::Value policy;
  std::vector<Document> documents;
  static constexpr auto kFields =
      std::tuple{Required<&PolicyShowReply::epoch>{"epoch", "Number of the set."},
                 Required<&PolicyShowReply::policy>{"policy", "Documents, digests and rule counts."},
                 Optional<&PolicyShowReply::documents>{
                     "documents", "The documents themselves, when asked for.", {.size_max = 1024}}};
};
struct PolicyShowRequest {
  using Reply = PolicyShowReply;
  std::string agent;
  bool documents = false;
  static constexpr auto kFields = std::tuple{
      Optional<&PolicyShowRequest::agent>{"agent", "Of this agent; default: the kernel's own.", {.size_max = 128}},
      Optional<&PolicyShowRequest::documents>{"documents", "With the texts of the documents."}};
};

struct ToolRegisterReply {
  std::vector<std::string> tools;
  static constexpr auto kFields = std::tuple{Required<&ToolRegisterReply::tools>{"tools", "Names registered."}};
};
struct ToolRegisterRequest {
  using Reply = ToolRegisterReply;
  Document manifest;
  bool replace = false;
  static constexpr auto kFields = std::tuple{
      Required<&ToolRegisterRequest::manifest>{
          "manifest", "One or more Tool documents; file is absolute: relative words resolve against its folder."},
      Optional<&ToolRegisterRequest::replace>{"replace", "Replace tools of the same names."}};
};
struct ToolRemoveRequest {
  using Reply = EmptyReply;
  std::string tool;
  static constexpr auto kFields =
      std::tuple{Required<&ToolRemoveRequest::tool>{"tool", "Its name.", {.size_max = 128}}};
};
using ToolRemoveReply = EmptyReply;

struct ShutdownRequest {
  using Reply = EmptyReply;
  std::string reason;
  bool when_idle = false;
  static constexpr auto kFields =
      std::tuple{Optional<&ShutdownRequest::reason>{"reason", "For the record.", {.size_max = 1024}},
                 Optional<&ShutdownRequest::when_idle>{
                     "when_idle", "Only when no agent is left; else an error says how many there are."}};
};
using ShutdownReply = EmptyReply;

struct MetricsReply {
  json::Value metrics;
  static constexpr auto kFields =
      std::tuple{Required<&MetricsReply::metrics>{"metrics", "Counters and histograms by name."}};
};
struct MetricsRequest {
  using Reply = MetricsReply;
  static constexpr auto kFields = std::tuple{};
};

struct ApprovalEntry {
  std::string approval;
  std::string agent;
  std::string call;
  std::string tool;
  std::string digest;
  std::string rule;
  std::int64_t asked_us = 0;
  std::int64_t expires_us = 0;
  std::string preview;
  static constexpr auto kFields =
      std::tuple{Required<&ApprovalEntry::approval>{"approval", "Its id."},
                 Required<&ApprovalEntry::agent>{"agent", "Who asks."},
                 Required<&ApprovalEntry::call>{"call", "Which call."},
                 Required<&ApprovalEntry::tool>{"tool", "Which tool, for exec."},
                 Required<&ApprovalEntry::digest>{"digest", "Of the exact arguments it is bound to."},
                 Required<&ApprovalEntry::rule>{"rule", "The rule that asks."},
                 Required<&ApprovalEntry::asked_us>{"asked_us", "When."},
                 Required<&ApprovalEntry::expires_us>{"expires_us", "When it is denied by itself."},
                 Required<&ApprovalEntry::preview>{"preview", "The arguments, cut to 512 octets."}};
};
struct ApprovalsReply {
  std::vector<ApprovalEntry> approvals;
  static constexpr auto kFields = std::tuple{Required<&ApprovalsReply::approvals>{"approvals", "Oldest first."}};
};
struct ApprovalsRequest {
  using Reply = ApprovalsReply;
  static constexpr auto kFields = std::tuple{};
};
struct ApproveRequest {
  using Reply = EmptyReply;
  std::string approval;
  bool granted = false;
  std::string digest;
  std::string reason;
  static constexpr auto kFields = std::tuple{
      Required<&ApproveRequest::approval>{"approval", "Its id.", {.size_max = 64}},
      Required<&ApproveRequest::granted>{"granted", "true lets the call go on, once."},
      Optional<&ApproveRequest::digest>{"digest", "When given, it must be the approval's.", {.size_max = 64}},
      Optional<&ApproveRequest::reason>{"reason", "For the record and the agent.", {.size_max = 1024}}};
};
using ApproveReply = EmptyReply;

struct ExplainReply {
  json::Value explanation;
  static constexpr auto kFields = std::tuple{Required<&ExplainReply::explanation>{
      "explanation",
      "The deciding rule, each clause with the actual value, what else matched, and what would allow it."}};
};
struct ExplainRequest {
  using Reply = ExplainReply;
  std::string agent;
  std::string call;
  json::Value arguments = json::Object{};
  static constexpr auto kFields = std::tuple{
      Required<&ExplainRequest::agent>{"agent", "As which agent.", {.size_max = 128}},
      Required<&ExplainRequest::call>{"call", "Name of a row.", {.size_max = 64}},
      Optional<&ExplainRequest::arguments>{"arguments", "The request it would be made with.", {.json_object = true}}};
};

inline constexpr std::string_view kWorkspaceActs[] = {"commit", "rollback", "discard"};
inline constexpr std::string_view kWorkspaceSteps[] = {"begin", "done", "failed"};
struct WorkspaceNoteRequest {
  using Reply = EmptyReply;
  std::string workspace;
  std::string act;
  std::string step;
  std::string original;
  std::string digest;
  std::int64_t changes = 0;
  std::string reason;
  static constexpr auto kFields = std::tuple{
      Required<&WorkspaceNoteRequest::workspace>{"workspace", "Its name.", {.size_max = 64}},
      Required<&WorkspaceNoteRequest::act>{"act", "commit, rollback or discard.", {.choices = kWorkspaceActs}},
      Required<&WorkspaceNoteRequest::step>{
          "step", "begin, before anything is done; then done or failed.", {.choices = kWorkspaceSteps}},
      Required<&WorkspaceNoteRequest::original>{"original", "The folder it is a copy of.", {.size_max = 4096}},
      Optional<&WorkspaceNoteRequest::digest>{
          "digest",
          "SHA-256 of the changes: what agentos diff --format json prints, without \"protected\", canonical.",
          {.size_max = 64}},
      Optional<&WorkspaceNoteRequest::changes>{"changes", "How many there are.", {.minimum = 0}},
      Optional<&WorkspaceNoteRequest::reason>{"reason", "Why it failed.", {.size_max = 1024}}};
};
using WorkspaceNoteReply = EmptyReply;

}  // namespace agentos::abi
