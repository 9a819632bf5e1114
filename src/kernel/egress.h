// The kernel's side of the egress proxy: starts it, gives it each agent's channel, and brings what it asks to the one
// dispatcher with that agent as the caller.
//
// The proxy reads what agents send to the network; the kernel reads only the proxy's packets (lib/egress/control.h). A
// proxy that ends takes every connection with it: calls under way fail, and it is started again, later each time. One
// thread talks to it. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "abi/calls.h"
#include "base/error.h"
#include "base/io/fd.h"
#include "lib/egress/control.h"

namespace agentos::kernel {

class Monitor;
struct Agent;
struct CallContext;
struct Parked;

inline constexpr std::int64_t kEgressStartMs = 5'000;       // until it greets
inline constexpr std::int64_t kEgressBackoffMsFirst = 100;  // doubles with every end, up to
inline constexpr std::int64_t kEgressBackoffMsMax = 10'000;
inline constexpr std::size_t kEgressPacketsMax = 65'536;  // waiting to be sent; beyond it the proxy is ended

class Egress {
 public:
  explicit Egress(Monitor& monitor);
  ~Egress();
  Egress(const Egress&) = delete;
  Egress& operator=(const Egress&) = delete;
  void stop();

  // The end that agentos-init gets. The proxy is started if there is none.
  Result<io::Fd> open_channel(const std::shared_ptr<Agent>& agent);
  void close_channel(const Agent& agent);
  // Variables that tell programs of the proxy.
  static std::span<const std::pair<std::string_view, std::string_view>> environment();

  // Another policy is in force: connections and requests it denies are cut.
  void judge_again();
  // Handlers: parks the call and tells the proxy to carry it out. Its outcome is the proxy's to tell.
  Status carry_out(CallContext& context, std::vector<std::string> addresses);
  // A connect by name that was approved: parks it again until the proxy has looked the name up, then it goes on with
  // the addresses. Nothing is looked up before a person agreed.
  void look_up(CallContext& context);
  // The same with a secret's value, which goes by no other way.
  Status carry_out_with_secret(CallContext& context, std::string_view name);

 private:
  // An ask's number: the generation of the proxy above the proxy's own.
  static constexpr int kGenerationShift = 40;
  static constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << kGenerationShift) - 1;
  struct Channel {
    std::weak_ptr<Agent> agent;
    std::string agent_id, family;
    io::Fd socket;  // the proxy's end, kept for the next proxy
  };
  struct Ask {
    std::shared_ptr<CallContext> context;
    std::shared_ptr<void> place;  // among those of the family
    std::shared_ptr<Parked> parked = {};
    bool carried_out = false;
    std::string arguments = {};  // of what is carried out
    bool looked_up = false;      // parked is waiting for the addresses of `wanted`
    abi::ConnectRequest wanted = {};
  };
  struct UnderWay {
    std::shared_ptr<CallContext> context;
    std::shared_ptr<Parked> parked;
    std::string arguments;
  };
  struct Packet {
    std::string text;
    io::Fd descriptor;
    bool secret = false;
  };

  void judge(const std::shared_ptr<std::vector<UnderWay>>& calls, std::size_t from);
  void run();
  Status start();
  void lose();
  bool send_waiting();
  bool receive();
  void take(egress::ControlMessage message);
  void ask(egress::ControlMessage message);
  void done(const egress::ControlMessage& message);
  void answered(std::uint64_t id, CallContext& context);
  void refuse(std::uint64_t id, std::string message, std::string hint);
  void cut(std::uint64_t number);
  void put(const egress::ControlMessage& message);
  void put(Packet packet);
  void announce(std::uint32_t number, const Channel& channel);
  bool go_on_with_addresses(const std::shared_ptr<Agent>& agent, std::uint64_t number, egress::ControlMessage& message);
  bool must_be_resolved(const std::shared_ptr<Agent>& agent, const egress::ControlMessage& message);
  void wake();

  Monitor& monitor_;
  io::Fd wake_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  // The thread's own.
  int pid_ = -1;
  io::Fd socket_;
  std::int64_t backoff_ms_ = kEgressBackoffMsFirst;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::uint32_t, Channel> channels_;
  std::map<std::uint64_t, Ask> asks_;  // by number: the proxy's generation above its own
  std::deque<Packet> out_;
  std::uint32_t last_channel_ = 0;
  std::uint32_t generation_ = 0;
  bool wanted_ = false;
};

}  // namespace agentos::kernel
