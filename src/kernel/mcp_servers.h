// What the kernel holds for MCP servers of all agents: the thread they are heard on, their pins on disk, and who has
// which. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "abi/calls_mcp.h"
#include "base/clock.h"
#include "base/error.h"
#include "lib/mcp/pin.h"
#include "lib/tool/executors/mcp/mcp_host.h"

namespace agentos::kernel {

class McpLink;

class McpServers {
 public:
  McpServers(const Clock& clock, std::string pins_directory)
      : clock_(clock), pins_directory_(std::move(pins_directory)) {}
  ~McpServers() { end(); }

  Result<std::shared_ptr<tool::McpHost>> host();  // started at first use
  void end();                                     // for good: after it no server is heard any more
  void add(const std::shared_ptr<McpLink>& link);
  std::vector<std::shared_ptr<McpLink>> links() const;

  // The pin of a server; nothing when it has none. An unreadable pin is an error, never "none".
  Result<std::optional<mcp::Pin>> pin(const std::string& server) const;
  Status keep(const mcp::Pin& pin);
  Status forget(const std::string& server);
  Result<std::vector<mcp::Pin>> pins() const;

 private:
  std::string file_of(const std::string& server) const;

  const Clock& clock_;
  const std::string pins_directory_;
  mutable std::mutex mutex_;
  std::shared_ptr<tool::McpHost> host_;
  bool ended_ = false;
  std::vector<std::weak_ptr<McpLink>> links_;
};

}  // namespace agentos::kernel
