// The registry: names to tools. Readers take an immutable snapshot; writers swap it. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "lib/schema/schema.h"
#include "lib/tool/manifest.h"

namespace agentos::tool {

// What a call of a tool came to.
struct ToolResult {
  enum class Status : std::uint8_t { kOk, kFailed, kTimedOut, kCancelled };
  Status status = Status::kOk;
  json::Value value;              // kOk: the result; kFailed: what the tool says of it to programs, or null
  std::string error;              // else: "Type: message", at most 4 KiB of valid UTF-8
  std::int64_t exit_status = -1;  // kProcess: as a shell sees it
  std::int64_t output_bytes = 0;
};

struct Invocation {
  json::Value arguments;                                         // already validated against input_schema
  std::int64_t timeout_ms = 0;                                   // already bounded by the manifest's
  std::string agent;                                             // for whom; given to processes as AGENTOS_AGENT
  json::Value extra;                                             // kMcp: what goes beside the arguments
  std::function<void(const json::Value& progress)> on_progress;  // kMcp; may be empty; any thread
};

// A running call; cancel() ends it (a process tree is killed) and `done` still comes, once, with kCancelled.
class Running {
 public:
  virtual ~Running() = default;
  virtual void cancel() = 0;
};

// Runs invocations of one tool. execute() never blocks; `done` is called exactly once, from any thread, possibly
// before execute() returns.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::shared_ptr<Running> execute(const Manifest& manifest, Invocation invocation,
                                           std::function<void(ToolResult)> done) = 0;
};

// kHost and kBuiltin: a function of the arguments. May block: it runs on a worker thread. Exceptions are caught and
// become "Type: message". It should poll `cancelled` when it takes long; one that does not is abandoned at its
// deadline (its thread ends when it returns; at most 64 threads).
using HostFunction =
    std::function<Result<json::Value>(const json::Value& arguments, const std::atomic<bool>& cancelled)>;

struct Tool {
  Manifest manifest;
  json::Value description;  // to_json(manifest)
  std::shared_ptr<const schema::Schema> input;
  std::shared_ptr<const schema::Schema> output;  // null: any
  std::shared_ptr<Executor> executor;
};

using Snapshot = std::shared_ptr<const std::vector<std::shared_ptr<const Tool>>>;  // sorted by name

class Registry {
 public:
  Registry();
  ~Registry();
  // kAlreadyExists for a name that is taken; kInvalidArgument / kMalformed for a bad name or schema.
  Status add(Manifest manifest, std::shared_ptr<Executor> executor);
  Status remove(std::string_view name);                           // running calls go on
  std::shared_ptr<const Tool> find(std::string_view name) const;  // null when absent
  Snapshot all() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Executors. The host executor owns a bounded pool of worker threads shared by everything made from it.
class HostExecutors {
 public:
  HostExecutors();
  ~HostExecutors();
  std::shared_ptr<Executor> make(HostFunction function);

 private:
  struct State;
  std::shared_ptr<State> state_;
};
// Adds the built-in tools (echo, clock, calculate, sha256, json_query, text_stats) to `registry`.
Status add_builtin_tools(Registry& registry, HostExecutors& executors);

}  // namespace agentos::tool
