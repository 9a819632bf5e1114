// See mcp_host.h.
#include "lib/tool/executors/mcp/mcp_host.h"

#include <system_error>
#include <utility>

namespace agentos::tool {

Result<std::shared_ptr<McpHost>> McpHost::start(const Clock& clock) {
  std::shared_ptr<io::Loop> made = TRY(io::Loop::make(clock));
  std::shared_ptr<McpHost> host(new McpHost(clock, std::move(made)));
  try {
    host->thread_ = std::thread([loop = host->loop_] { (void)loop->run(); });
  } catch (const std::system_error&) {
    return fail(ErrorCode::kBusy, "no thread could be started for MCP servers");
  }
  return host;
}

void McpHost::end() {
  loop_->stop();
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

McpHost::~McpHost() {
  end();
  if (thread_.joinable()) thread_.detach();  // the last owner was a callback on the thread itself
}

}  // namespace agentos::tool
