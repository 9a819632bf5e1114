// See mcp_door.h.
#include "server/mcp_door/mcp_door.h"

#include <future>
#include <system_error>

#include "server/mcp_door/client.h"

namespace agentos::mcp_door {

McpDoor::McpDoor(abi::KernelApi& kernel, const Clock& clock, std::unique_ptr<io::Loop> loop)
    : kernel_(kernel), clock_(clock), loop_(std::move(loop)) {}

Result<std::unique_ptr<McpDoor>> McpDoor::open(abi::KernelApi& kernel, const Clock& clock) {
  std::unique_ptr<McpDoor> door(new McpDoor(kernel, clock, TRY(io::Loop::make(clock))));
  try {
    door->thread_ = std::thread([loop = door->loop_.get()] { (void)loop->run(); });
  } catch (const std::system_error&) {
    return fail(ErrorCode::kBusy, "no thread could be started for MCP clients");
  }
  kernel.set_mcp_adopter(door.get());
  return door;
}

McpDoor::~McpDoor() { shutdown(); }

Status McpDoor::adopt(abi::McpEndpoint endpoint) {
  if (count_.fetch_add(1) >= kClientsMax) {
    --count_;
    return fail(ErrorCode::kBusy, "1024 MCP clients are served already");
  }
  auto client = TRY(Client::make(*loop_, clock_, std::move(endpoint)));
  loop_->post([this, client] {
    clients_.emplace(client.get(), client);
    client->start([this, weak = std::weak_ptr(client)] {
      loop_->post([this, weak] {
        const auto ended = weak.lock();
        if (ended == nullptr || clients_.erase(ended.get()) == 0) return;
        --count_;
      });
    });
  });
  return {};
}

void McpDoor::shutdown() {
  if (!thread_.joinable()) return;
  kernel_.set_mcp_adopter(nullptr);
  std::promise<void> ended;
  loop_->post([this, &ended] {
    for (const auto& [key, client] : std::exchange(clients_, {})) client->close();
    ended.set_value();
  });
  ended.get_future().wait();
  loop_->stop();
  thread_.join();
}

}  // namespace agentos::mcp_door
