// The verbs of the program `agentos`: what each takes, and the function that does it (verb_<name>.cc).
//
// A verb prints its result on standard output and returns the exit code, or an Error that the caller prints as
// "agentos: <what>" and "  fix: <hint>". Exit codes are one table: docs/guide/running_agents.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace agentos::cli {

enum class Format : std::uint8_t { kTable, kJson, kJsonLines };  // lines: only of verbs that list entries
enum class Detail : std::uint8_t { kNormal, kVerbose };

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitDenied = 2;
inline constexpr int kExitInvalid = 3;
inline constexpr int kExitAsk = 4;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitNotStarted = 125;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;

// What every verb shares.
struct Globals {
  Format format = Format::kTable;
  Detail detail = Detail::kNormal;
  std::string socket;           // --socket; empty: client::socket_path
  std::string state_directory;  // --state-dir; empty: client::state_directory
};

// How a kernel keeps its record.
struct RecordOptions {
  bool content = false;                 // in full
  std::string disk_max, segment, keep;  // sizes, a duration; empty: the defaults
};

struct RunOptions {
  std::vector<std::string> command;
  std::vector<std::string> policies;  // files or names of built-in ones
  std::string profile;                // file or name of a built-in one
  std::string name;
  std::vector<std::string> allow_environment;  // names
  std::string timeout;
  std::string memory;
  std::optional<std::int64_t> calls, bytes, tokens, cpu_seconds, processes, open_files;
  bool own_kernel = false;
  RecordOptions record;        // of its own kernel
  std::string workspace;       // a folder of which the agent gets a private copy; empty: none
  std::string workspace_name;  // empty: by the folder's
  bool detach = false;
  bool timeline = false;
  bool trace = false;  // record every file that is opened
  std::string learn;   // a folder for a proposal; empty: none
};
struct WorkspaceOptions {
  std::string name;
  bool original = false;                     // diff
  bool names_only = false;                   // diff
  std::vector<std::string> allow_protected;  // commit: relative paths
};
struct SecretOptions {
  std::string name;
  std::string file, credential, keyring, environment;  // at most one; none: the value comes from standard input
  std::string to, route;                               // URL outside; host inside
  std::string header, prefix, query, basic;            // where it stands in a request
  bool replace = false;
};
struct ServeOptions {
  std::vector<std::string> policy_keys;
  bool background = false;
  bool stop = false;
  std::vector<std::string> policies;
  std::string tools_directory;
  std::string secrets;  // a document of secrets and routes
  std::string mode = "effects";
  bool permissive = false;
  RecordOptions record;
  std::string idle_exit;  // empty: never
  std::string notify;     // a program run when an approval waits; empty: none
};
struct AgentOptions {
  std::string agent;
  std::string reason;
  std::string signal;  // of the verb signal
  bool all = false;
};
struct FreezeOptions {
  bool all = false;
  bool thaw = false;
  std::string reason;
};
struct LogsOptions {
  std::string agent;
  bool follow = false;
};
struct LogOptions {
  std::string directory;
  std::string agent;  // timeline and export: an id, a name or a run
  std::string call;
  std::string kind;
  std::optional<std::uint64_t> first;
  std::size_t last = 100;
  bool follow = false;
  // query
  std::string run, tool, rule, decision, status, event, text, label;
  std::string since, until;  // as parse_time_us() reads them
  std::string index;         // the index's file; empty: in the log's directory
  bool no_index = false;
  // export, backup
  std::string to = "jsonl";
  std::string out;
  bool with_keys = false;
};
struct ReplayOptions {
  std::string run;
  std::string directory;
  std::string profile;
  std::string timeout = "1m";
  bool strict = false;
  bool step = false;
  std::vector<std::string> command;  // empty: the one that was recorded
};
struct ProofOptions {
  std::string directory;
  std::optional<std::uint64_t> entry;
  std::vector<std::uint64_t> sizes;  // consistency: old, and new when it is not the newest
  std::string out;
  bool bundles = false;                // tiles: entries as well
  std::vector<std::uint64_t> entries;  // redact
  std::string copy;                    // redact: a folder for the copy; empty: erase in place
  std::string reason;
  bool every = false;  // redact
  std::string name = "agentos.local/witness";
  std::string state;                         // witness: its directory
  std::string url, witness_key, trust_file;  // witness: one elsewhere, its key's file, authorities of its certificate
  bool once = false;
  double every_s = 10;
};
struct PolicyOptions {
  std::vector<std::string> policy_keys;  // check: who may have signed a bundle
  std::string key;                       // sign: the private key's file
  std::string out;                       // sign, import: the file to write; empty: standard output
  std::string profile_out;               // import: the file of the profile; empty: none
  std::string from, fields, part;        // import: the program, what its fields are, the place of the rules
  std::vector<std::string> meanings;     // import: NAME=EXPRESSION
  std::int64_t revision = 0;             // sign
  std::vector<std::string> files;
  std::vector<std::string> policies;    // explain: instead of a kernel's
  std::vector<std::string> tool_files;  // manifests: the tools there are
  bool tools_of_kernel = false;
  // A request; `name` is also show's built-in document.
  std::string name, agent, call, tool, path, phase, time;
  std::string arguments;  // JSON; empty: none
  std::string request;    // JSON, a file, or - for standard input
  std::vector<std::string> labels;
  std::optional<std::int64_t> ring;
  std::string batch;                  // eval: a file of requests, or - for standard input
  std::optional<double> coverage;     // test: least percent
  bool strict = false;                // lint: warnings fail
  bool check = false, write = false;  // fmt
  bool page = false;                  // schema: as a page for people
  std::string before, after;          // diff
  double seconds = 2;                 // bench
  std::string log;                    // backtest: the log's directory; empty: the kernel's
  std::int64_t witnesses = 20;        // backtest: changes listed
  std::vector<std::string> tests;     // bench: requests of tests
};
struct ApproveOptions {
  std::string approval;
  std::string digest;
  std::string reason;
};
struct ToolOptions {
  std::string file;
  std::string name;
  bool replace = false;
};
struct McpWrapOptions {
  std::vector<std::string> command;
  std::vector<std::string> policies;
  std::string profile;
  std::string name;
  std::string drift = "block";
  bool trusted_ui = false;
  std::vector<std::string> environment;  // names that pass
  std::vector<std::string> read_paths, write_paths;
};
struct McpServeOptions {
  std::string config;
  std::vector<std::string> policies;
  std::string profile;
  std::string name;
  std::string drift = "block";
  bool trusted_ui = false;
  std::vector<std::string> read_paths, write_paths;
  std::string http;  // [HOST:]PORT; empty: standard input and output
  std::string http_path = "/mcp";
  std::string token_file;
  bool no_token = false;
  std::vector<std::string> allow_origins, allow_hosts;
  std::string tls_certificate, tls_key;  // PEM files; empty: plain HTTP
};
struct McpReachOptions {
  std::string url;
  std::vector<std::string> headers;  // NAME=VARIABLE
};
struct McpConnectOptions {
  std::string client;
  std::string file;  // instead of the client's
  std::vector<std::string> servers;
  std::vector<std::string> policies;
  std::string out;  // import
  bool dry_run = false;
  bool undo = false;
};
struct McpOptions {
  std::string server;
  std::string digest;
  std::string agent;
};
struct PsOptions {
  bool all = false;
};

Result<int> verb_run(const Globals& globals, const RunOptions& options);
Result<int> verb_serve(const Globals& globals, const ServeOptions& options);
Result<int> verb_ps(const Globals& globals, const PsOptions& options);
Result<int> verb_inspect(const Globals& globals, const AgentOptions& options);
Result<int> verb_kill(const Globals& globals, const AgentOptions& options);
Result<int> verb_stop(const Globals& globals, const AgentOptions& options);
Result<int> verb_cont(const Globals& globals, const AgentOptions& options);
Result<int> verb_signal(const Globals& globals, const AgentOptions& options);
Result<int> verb_freeze(const Globals& globals, const FreezeOptions& options);
Result<int> verb_logs(const Globals& globals, const LogsOptions& options);
Result<int> verb_log_show(const Globals& globals, const LogOptions& options);
Result<int> verb_log_tail(const Globals& globals, const LogOptions& options);
Result<int> verb_log_stats(const Globals& globals, const LogOptions& options);
Result<int> verb_log_verify(const Globals& globals, const LogOptions& options);
Result<int> verb_log_timeline(const Globals& globals, const LogOptions& options);
Result<int> verb_log_prove(const Globals& globals, const ProofOptions& options);
Result<int> verb_log_tiles(const Globals& globals, const ProofOptions& options);
Result<int> verb_log_redact(const Globals& globals, const ProofOptions& options);
Result<int> verb_log_witness(const Globals& globals, const ProofOptions& options);
Result<int> verb_log_query(const Globals& globals, const LogOptions& options);
Result<int> verb_log_export(const Globals& globals, const LogOptions& options);
Result<int> verb_log_backup(const Globals& globals, const LogOptions& options);
Result<int> verb_replay(const Globals& globals, const ReplayOptions& options);
Result<int> verb_policy_backtest(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_check(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_show(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_eval(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_test(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_lint(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_diff(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_sign(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_import(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_load(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_fmt(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_bench(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_schema(const Globals& globals, const PolicyOptions& options);
Result<int> verb_policy_explain(const Globals& globals, const PolicyOptions& options);
Result<int> verb_approve_ls(const Globals& globals, const ApproveOptions& options);
Result<int> verb_approve_show(const Globals& globals, const ApproveOptions& options);
Result<int> verb_approve_grant(const Globals& globals, const ApproveOptions& options);
Result<int> verb_approve_deny(const Globals& globals, const ApproveOptions& options);
Result<int> verb_secret_add(const Globals& globals, const SecretOptions& options);
Result<int> verb_secret_ls(const Globals& globals, const SecretOptions& options);
Result<int> verb_secret_rm(const Globals& globals, const SecretOptions& options);
Result<int> verb_secret_show_source(const Globals& globals, const SecretOptions& options);
Result<int> verb_tool_ls(const Globals& globals, const ToolOptions& options);
Result<int> verb_tool_add(const Globals& globals, const ToolOptions& options);
Result<int> verb_tool_rm(const Globals& globals, const ToolOptions& options);
Result<int> verb_mcp_wrap(const Globals& globals, const McpWrapOptions& options);
Result<int> verb_mcp_serve(const Globals& globals, const McpServeOptions& options);
Result<int> verb_mcp_reach(const Globals& globals, const McpReachOptions& options);
Result<int> verb_mcp_connect(const Globals& globals, const McpConnectOptions& options);
Result<int> verb_mcp_import(const Globals& globals, const McpConnectOptions& options);
Result<int> verb_mcp_doctor(const Globals& globals, const McpConnectOptions& options);
Result<int> verb_mcp_list(const Globals& globals, const McpOptions& options);
Result<int> verb_mcp_inspect(const Globals& globals, const McpOptions& options);
Result<int> verb_pin_ls(const Globals& globals, const McpOptions& options);
Result<int> verb_pin_show(const Globals& globals, const McpOptions& options);
Result<int> verb_pin_approve(const Globals& globals, const McpOptions& options);
Result<int> verb_pin_reset(const Globals& globals, const McpOptions& options);
Result<int> verb_diff(const Globals& globals, const WorkspaceOptions& options);
Result<int> verb_commit(const Globals& globals, const WorkspaceOptions& options);
Result<int> verb_rollback(const Globals& globals, const WorkspaceOptions& options);
Result<int> verb_discard(const Globals& globals, const WorkspaceOptions& options);
Result<int> verb_workspace_ls(const Globals& globals, const WorkspaceOptions& options);
Result<int> verb_workspace_recover(const Globals& globals, const WorkspaceOptions& options);
Result<int> verb_syscalls(const Globals& globals);
Result<int> verb_doctor(const Globals& globals);
Result<int> verb_metrics(const Globals& globals);
Result<int> verb_version(const Globals& globals);

}  // namespace agentos::cli
