// Endpoint: streamable HTTP of both shapes at one path. Says which shape a request is of, what is wrong with it, and
// whose it is: a session's, or that of the clients without one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "server/mcp_door/http/session.h"
#include "server/mcp_door/http/stateless.h"

namespace agentos::mcp_http {

struct EndpointOptions {
  std::string path = "/mcp";
  GuardOptions guard;
  Limits limits;
};

class Endpoint final : public Service {
 public:
  using Open = Stateless::Open;  // called once for each session, and once for the clients without

  Endpoint(io::Loop& loop, const Clock& clock, Random& random, EndpointOptions options, Open open);
  ~Endpoint() override;

  std::optional<Answer> screen(const Request& request) override;
  void serve(std::shared_ptr<Exchange> exchange) override;
  void tick(std::int64_t now_ms) override;
  void end(std::string_view why);  // every session

  const Limits& limits() const { return options_.limits; }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  std::optional<Answer> screen_method(const Request& request) const;
  void post(std::shared_ptr<Exchange> exchange);
  void post_modern(std::shared_ptr<Exchange> exchange, mcp::Message message);
  void post_legacy(std::shared_ptr<Exchange> exchange, const std::vector<mcp::Message>& messages);
  void initialize(std::shared_ptr<Exchange> exchange, mcp::Message message, std::string line);
  // The session the request names; null: it was answered.
  std::shared_ptr<Session> session_of(const std::shared_ptr<Exchange>& exchange);

  Random& random_;
  const EndpointOptions options_;
  const Guard guard_;
  const Context context_;
  const Open open_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_;
  std::map<const Session*, std::shared_ptr<Session>> starting_;
  std::size_t opening_ = 0;
  const std::shared_ptr<Stateless> stateless_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace agentos::mcp_http
