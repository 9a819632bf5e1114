// Listener: the socket clients connect to, and their connections. On the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/io/fd.h"
#include "base/io/loop.h"
#include "server/mcp_door/http/connection.h"

namespace agentos::mcp_http {

// "8080", "localhost:8080", "127.0.0.1:0", "[::1]:8080", "0.0.0.0:8080". Without a host: 127.0.0.1.
struct Place {
  std::string host = "127.0.0.1";  // an address, without brackets
  std::uint16_t port = 0;          // 0: any that is free
  bool loopback = true;
  bool wildcard = false;  // all addresses of the machine
};
Result<Place> read_place(std::string_view text);

class Listener {
 public:
  static constexpr std::int64_t kTickMs = 100;
  static constexpr std::int64_t kAcceptPauseMs = 100;  // after running out of descriptors

  // Everything given must outlive the listener. `tls` null: plain HTTP. kBusy: the port is taken.
  static Result<std::unique_ptr<Listener>> open(io::Loop& loop, const Clock& clock, const Limits& limits,
                                                Service& service, const Place& place, const tls::ServerContext* tls);
  ~Listener();

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_.size(); }
  void close();  // and every connection

 private:
  Listener(io::Loop& loop, const Clock& clock, const Limits& limits, Service& service, const tls::ServerContext* tls)
      : loop_(loop), clock_(clock), limits_(limits), service_(service), tls_(tls) {}
  void accept_all();
  void tick();

  io::Loop& loop_;
  const Clock& clock_;
  const Limits& limits_;
  Service& service_;
  const tls::ServerContext* tls_;
  io::Fd socket_;
  std::uint16_t port_ = 0;
  io::Loop::TimerId timer_ = 0;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for work that comes after the listener has gone
};

}  // namespace agentos::mcp_http
