// All agents' connections: channels come from the kernel, connections from each agent's init over its channel.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "apps/egress/session.h"
#include "base/random.h"

namespace agentos::egress {

class Proxy {
 public:
  // `control` is the socket to the kernel, from which the settings were read already; `on_end` when it closes.
  Proxy(io::Loop& loop, io::Fd control, const Settings& settings, const tls::ClientContext* tls, Random& random,
        std::function<void()> on_end);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  Status begin();

 private:
  struct Source {  // of an agent's connections
    io::Fd socket;
    std::shared_ptr<Channel> channel;
  };
  void channel_message(const ControlMessage& message, std::vector<io::Fd> descriptors);
  void arrivals(std::uint32_t number);
  void drop(std::uint32_t number);
  bool make_room(const Channel& channel);
  bool drop_oldest_silent(const std::function<bool(const Session&)>& among);

  io::Loop& loop_;
  Resolver resolver_;
  Surroundings around_;
  std::unordered_map<std::uint32_t, Source> sources_;
  std::unordered_map<std::string, std::weak_ptr<FamilyConnections>> families_;
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;  // the oldest first
  std::unordered_map<std::uint64_t, std::uint32_t> owners_;
  std::uint64_t last_session_ = 0;
};

}  // namespace agentos::egress
