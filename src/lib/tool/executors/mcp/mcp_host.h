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
  // `clock` must outlive end(). Servers own the host, too, and may go last, so whoever started it ends it.
  static Result<std::shared_ptr<McpHost>> start(const Clock& clock);
  ~McpHost();
  void end();  // after it no callback comes; not from the thread itself
  McpHost(const McpHost&) = delete;
  McpHost& operator=(const McpHost&) = delete;

  io::Loop& loop() { return *loop_; }
  const Clock& clock() const { return clock_; }

 private:
  McpHost(const Clock& clock, std::shared_ptr<io::Loop> loop) : clock_(clock), loop_(std::move(loop)) {}

  const Clock& clock_;
  std::shared_ptr<io::Loop> loop_;  // also the thread's, which may end after the host
  std::thread thread_;
};

}  // namespace agentos::tool
