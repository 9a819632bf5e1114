// One connection of a program, from its first octet to its end. Which protocol it speaks is seen from what it says:
//
//   to 127.0.0.1:3128 inside   HTTP/1.1 as a proxy is spoken to, CONNECT, or SOCKS 5
//   to port 53                 DNS over TCP: answered with placeholders
//   to anything else           the connection was taken over: HTTP/1.1 or TLS for the host it was meant for
//
// A tunnel carries TLS whose server name is the host it was opened for, or HTTP, of which every request is decided.
// Other protocols are not carried: a server hears the TLS hello, and more when it has answered as TLS does. Belongs to
// its loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "apps/egress/outlet.h"
#include "lib/egress/arrival.h"
#include "lib/egress/body_meter.h"
#include "lib/egress/request_head.h"
#include "lib/egress/response_head.h"
#include "lib/egress/secret_echo.h"

namespace agentos::egress {

inline constexpr std::int64_t kFirstOctetsMs = 30'000;  // until a message or hello is complete
inline constexpr std::int64_t kFarewellMs = 1000;       // for the program to read what was said last
inline constexpr std::int64_t kIdleMs = 300'000;        // nothing moves
inline constexpr int kInterimMax = 16;                  // responses before the final one

class Session {
 public:
  // `over` is called once, at the end; it destroys the session.
  Session(const Surroundings& around, std::shared_ptr<Channel> channel, io::Fd socket, const Arrival& arrival,
          std::function<void()> over);
  ~Session();
  const Channel& channel() const { return *channel_; }
  // Has asked for nothing: what gives way when there is no room.
  bool silent() const;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  enum class State : std::uint8_t {
    kFirst,     // nothing is known yet
    kSocks,     // after the greeting
    kHello,     // of TLS, or HTTP, in a tunnel
    kWaiting,   // for the kernel, a name server or a server
    kHead,      // of the next request
    kExchange,  // a request and its response pass
    kRelay,     // both directions of a tunnel
    kNames,     // DNS
    kFarewell,  // what is left is sent, then it is over
    kOver,
  };
  // What waits for the connection to a server.
  enum class Purpose : std::uint8_t { kConnect, kSocks, kTunnel, kRequest };

  void pump();
  bool step();  // false: nothing more can be done now
  void watch_idle();
  void finish();  // sends what is left
  void leave();
  void refuse(std::string_view call, json::Value params, const std::string& why);  // no request at all: recorded

  // session.cc
  bool first();
  bool socks();
  bool names();
  // session_tunnel.cc
  bool hello();
  bool relay();
  bool hear_server();
  bool move_octets(Wire& from, Wire& to);
  void open(Target target, Purpose purpose);
  void opened(const Trouble* trouble);
  // session_http.cc
  bool head();
  Status check_target(RequestHead& request);
  void ask_request();
  void ask_secret();
  void forward(std::string_view secret);
  bool exchange();
  bool pass_request();
  bool pass_response();
  bool pass_head();
  bool pass_body();
  bool broke(const std::string& why);  // the server's fault; false
  void end_exchange();
  void answer(int status, const std::string& body);

  const Surroundings& around_;
  const std::shared_ptr<Channel> channel_;
  std::function<void()> over_;
  std::string process_;
  bool by_name_ = false;          // spoken to as a proxy
  std::optional<Target> tunnel_;  // the only host of this connection
  std::unique_ptr<Wire> client_;
  std::unique_ptr<Outlet> outlet_;
  State state_ = State::kFirst;
  Purpose purpose_ = Purpose::kTunnel;
  std::size_t hello_left_ = 0;    // of the TLS hello, not sent on yet
  bool server_answered_ = false;  // as TLS does
  bool pumping_ = false, again_ = false;
  io::Loop::TimerId idle_ = 0, farewell_ = 0;
  std::int64_t moved_ = 0;  // octets when last looked

  // Of the request under way.
  std::string head_octets_;
  RequestHead request_;
  const Route* route_ = nullptr;
  std::uint64_t ask_ = 0;
  std::unique_ptr<Grant> grant_, secret_grant_;
  BodyMeter request_body_, response_body_;
  bool response_started_ = false, keep_client_ = false, keep_server_ = false;
  int status_ = 0, interims_ = 0;
  SecretEcho echo_;  // of the secret that went with the request
  std::int64_t exchanged_ = 0;
};

}  // namespace agentos::egress
