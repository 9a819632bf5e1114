// The thread that reads from every MCP server and keeps their deadlines. One for all servers: none of them can hold it
// up, since nothing on it blocks and each turn reads a bounded slice of one server.
#pragma once

#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/io/loop.h"

namespace agentos::tool {

class McpHost {
 public:
  // `clock` must outlive the host.
  static Result<std::shared_ptr<McpHost>> start(const Clock& clock);
  ~McpHost();
  McpHost(const McpHost&) = delete;
  McpHost& operator=(const McpHost&) = delete;

  io::Loop& loop() { return *loop_; }
  const Clock& clock() const { return clock_; }

 private:
  McpHost(const Clock& clock, std::unique_ptr<io::Loop> loop) : clock_(clock), loop_(std::move(loop)) {}

  const Clock& clock_;
  std::unique_ptr<io::Loop> loop_;
  std::thread thread_;
};

}  // namespace agentos::tool
