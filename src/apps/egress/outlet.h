// A connection to a server, allowed by the kernel: asked for, resolved once, dialed, and accounted for at its end.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apps/egress/dialer.h"
#include "apps/egress/surroundings.h"
#include "apps/egress/wire.h"

namespace agentos::egress {

struct Target {
  std::string host;  // canonical
  std::uint16_t port = 0;
  bool tls = false;  // the proxy speaks TLS itself: a reverse route
  bool operator==(const Target&) const = default;
};

// Why there is no connection: an HTTP status and a sentence for the program.
struct Trouble {
  int status = 502;
  std::string text;
};

class Outlet {
 public:
  // `opened` is called once; `changed` whenever the connection has news. Neither before this returns, and neither when
  // the outlet is dropped. The outlet may be dropped in both.
  Outlet(const Surroundings& around, std::uint32_t channel, std::string process, Target target,
         std::function<void(const Trouble*)> opened, std::function<void()> changed);
  ~Outlet();
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  const Target& target() const { return target_; }
  Wire& wire() { return *wire_; }    // after it was opened
  bool cut() const { return cut_; }  // the kernel ended it
  bool usable() const { return open_ && !cut_ && !wire_->broken() && !wire_->ended(); }

 private:
  void ask(std::vector<std::string> addresses);
  void verdict(const ControlMessage& message);
  void resolved(Result<std::vector<net::IpAddress>> addresses);
  void not_looked_up(const std::string& why);
  void dialed(Result<Dialed> result);
  void wire_changed();
  void be_open();
  void give_up(Trouble trouble);

  const Surroundings& around_;
  const std::uint32_t channel_;
  const std::string process_;
  const Target target_;
  std::function<void(const Trouble*)> opened_;
  std::function<void()> changed_;
  std::uint64_t ask_ = 0;
  std::uint64_t looking_up_for_ = 0;  // the ask that the kernel wants the addresses for
  std::string address_;
  std::unique_ptr<Grant> grant_;
  std::shared_ptr<void> dialing_;
  std::unique_ptr<Wire> wire_;
  bool open_ = false, cut_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // callbacks of the resolver may outlive this
};

// What the kernel said, as the program is told it.
std::string told(const ControlMessage& refused);

}  // namespace agentos::egress
