// One call of a process tool while it runs: what it printed, why it was ended, and the result it comes to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/io/fd.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/registry.h"

namespace agentos::tool {

inline constexpr std::size_t kErrorOutputBytesMax = 4096;

// What a pipe has said so far. Keeps the first `kept_max` octets and counts the rest.
struct Collected {
  io::Fd fd;
  std::size_t kept_max = 0;
  std::string kept;
  std::int64_t bytes = 0;

  // Reads until the pipe is empty, closed (the fd is then closed too) or one slice of 1 MiB was read.
  void read();
  bool overflowed() const { return bytes > static_cast<std::int64_t>(kept_max); }
};

struct ProcessRun {
  Manifest manifest;
  Invocation invocation;
  std::int64_t timeout_ms = 0;
  std::int64_t deadline_ns = 0;  // of the call; once a verdict is there, of the wait for the tree's end
  std::function<void(ToolResult)> done;

  std::shared_ptr<sandbox::Tree> tree;
  bool started = false;
  Collected output;
  Collected errors;
  std::optional<ToolResult> verdict;  // why it was ended before it ended itself
  std::optional<sandbox::ExitStatus> exit;

  // Kills the tree, or gives it up when it has not started.
  void kill();
  // What the call came to. Call it once, at the end.
  ToolResult result();
};

}  // namespace agentos::tool
