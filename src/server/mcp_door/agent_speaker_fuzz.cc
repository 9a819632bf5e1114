// Any lines on an agent's connection that speaks MCP: whole messages come back, nobody else's resource is read.
#include "base/error.h"
#include "server/mcp_door/agent_speaker.h"
#include "server/mcp_door/scripted_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos;
  mcp_door::ScriptedLine line;
  mcp_door::AgentSpeaker speaker(line);
  std::string_view rest(reinterpret_cast<const char*>(octets), size);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string own(rest.substr(0, end));  // its own allocation: reads beyond are seen
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!own.empty()) speaker.take(own);
  }
  for (std::size_t at = 0; at < line.written.size();) {
    const std::size_t end = line.written.find('\n', at);
    CHECK(end != std::string::npos);
    CHECK(json::parse(std::string_view(line.written).substr(at, end - at), {.bytes_max = 8 << 20, .depth_max = 80})
              .has_value());
    at = end + 1;
  }
  return 0;
}
