// See mcp_servers.h. A pin is one file, named after its server.
#include "kernel/mcp_servers.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/crypto/hash.h"
#include "base/io/file.h"
#include "kernel/mcp_link.h"

namespace agentos::kernel {

Result<std::shared_ptr<tool::McpHost>> McpServers::host() {
  const std::lock_guard lock(mutex_);
  if (ended_) return fail(ErrorCode::kClosed, "the kernel has been shut down");
  if (host_ == nullptr) host_ = TRY(tool::McpHost::start(clock_));
  return host_;
}

void McpServers::end() {
  std::shared_ptr<tool::McpHost> host;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    host = std::move(host_);
  }
  if (host != nullptr) host->end();  // unlocked: a callback may be in here
}

void McpServers::add(const std::shared_ptr<McpLink>& link) {
  const std::lock_guard lock(mutex_);
  std::erase_if(links_, [](const std::weak_ptr<McpLink>& one) { return one.expired(); });
  links_.push_back(link);
}

std::vector<std::shared_ptr<McpLink>> McpServers::links() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<McpLink>> out;
  for (const auto& weak : links_) {
    if (auto link = weak.lock()) out.push_back(std::move(link));
  }
  return out;
}

// Readable where the name is, and never the same for two names.
std::string McpServers::file_of(const std::string& server) const {
  std::string word;
  for (const char c : server.substr(0, 64)) {
    word += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  }
  return pins_directory_ + "/" + word + "-" + crypto::hex(crypto::sha256(server)).substr(0, 16) + ".json";
}

Result<std::optional<mcp::Pin>> McpServers::pin(const std::string& server) const {
  const std::string file = file_of(server);
  if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  const std::string text = TRY(io::read_file(file, mcp::kPinBytesMax));
  const json::Value document =
      TRY(json::parse(text, {.bytes_max = mcp::kPinBytesMax, .depth_max = 80, .values_max = 2'000'000}));
  return TRY(mcp::pin_of(document));
}

Status McpServers::keep(const mcp::Pin& pin) {
  const std::string text = json::write(mcp::to_json(pin));
  if (text.size() > mcp::kPinBytesMax) return fail(ErrorCode::kTooLarge, "the server offers more than a pin holds");
  TRY(io::make_directories(pins_directory_, 0700));
  return io::write_file_atomic(file_of(pin.server), text, 0600);
}

Status McpServers::forget(const std::string& server) {
  if (::unlink(file_of(server).c_str()) == 0) return {};
  if (errno == ENOENT)
    return fail(ErrorCode::kNotFound, "no pin of \"" + server + "\" is kept", "agentos mcp pin ls lists them");
  return fail_errno(errno, "cannot remove the pin of \"" + server + "\"");
}

Result<std::vector<mcp::Pin>> McpServers::pins() const {
  std::vector<mcp::Pin> out;
  if (::access(pins_directory_.c_str(), F_OK) != 0) return out;
  for (const std::string& name : TRY(io::list_directory(pins_directory_))) {
    if (!name.ends_with(".json")) continue;
    const std::string text = TRY(io::read_file(pins_directory_ + "/" + name, mcp::kPinBytesMax));
    auto document = json::parse(text, {.bytes_max = mcp::kPinBytesMax, .depth_max = 80, .values_max = 2'000'000});
    if (!document)
      return fail(ErrorCode::kCorrupt, "the pin " + name + " is damaged", "agentos mcp pin reset forgets it");
    out.push_back(TRY(mcp::pin_of(*document)));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.server < b.server; });
  return out;
}

}  // namespace agentos::kernel
