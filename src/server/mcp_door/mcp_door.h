// The MCP door: serves clients over their descriptors, one thread for all of them. A client that stalls holds up
// nobody: nothing here blocks, and what waits for a client is bounded.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "abi/kernel_api.h"
#include "abi/mcp_api.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io/loop.h"

namespace agentos::mcp_door {

class Client;

class McpDoor final : public abi::McpAdopter {
 public:
  static constexpr std::size_t kClientsMax = 1024;

  // Serves until shutdown(). `kernel` and `clock` must outlive the door.
  static Result<std::unique_ptr<McpDoor>> open(abi::KernelApi& kernel, const Clock& clock);
  ~McpDoor() override;

  Status adopt(abi::McpEndpoint endpoint) override;
  void shutdown();  // ends every connection; idempotent
  std::size_t connections() const { return count_.load(); }

 private:
  McpDoor(abi::KernelApi& kernel, const Clock& clock, std::unique_ptr<io::Loop> loop);

  abi::KernelApi& kernel_;
  const Clock& clock_;
  std::unique_ptr<io::Loop> loop_;
  std::atomic<std::size_t> count_{0};
  std::unordered_map<const Client*, std::shared_ptr<Client>> clients_;  // the thread's own
  std::thread thread_;
};

}  // namespace agentos::mcp_door
