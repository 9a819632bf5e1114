// The control socket to the kernel, and what was asked of it. Belongs to its loop's thread.
//
// An ask is answered by one verdict (or by kResolve and then another), and may be cut later. Whoever was allowed owes
// the kernel the outcome: a Grant pays it when it is dropped, at the latest.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/io/loop.h"
#include "lib/egress/control.h"

namespace agentos::egress {

class KernelLink;

// An allowed call that is under way. Its end is told to the kernel exactly once.
class Grant {
 public:
  Grant(std::shared_ptr<KernelLink> link, std::uint64_t id) : link_(std::move(link)), id_(id) {}
  ~Grant() { failed("the connection was dropped", 0); }
  Grant(const Grant&) = delete;
  Grant& operator=(const Grant&) = delete;
  void done(json::Value reply, std::int64_t bytes);
  void failed(const std::string& why, std::int64_t bytes);
  void timed_out(const std::string& why);

 private:
  void tell(ControlMessage message);
  std::shared_ptr<KernelLink> link_;
  std::uint64_t id_;
  bool told_ = false;
};

class KernelLink : public std::enable_shared_from_this<KernelLink> {
 public:
  // `secret` is only valid during the call, and is zeroed after it.
  using OnVerdict = std::function<void(const ControlMessage& verdict, std::string_view secret)>;
  using OnChannel = std::function<void(const ControlMessage& message, std::vector<io::Fd> descriptors)>;

  KernelLink(io::Loop& loop, io::Fd socket, OnChannel on_channel, std::function<void()> on_end);
  Status begin();

  // The number by which forget() finds it. The verdict never comes before this returns.
  // `about`: the ask that was answered with kResolve, when this is the same with what was looked up.
  std::uint64_t ask(std::uint32_t channel, std::string call, json::Value params, OnVerdict on_verdict,
                    std::uint64_t about = 0);
  void forget(std::uint64_t id);  // no verdict of it is heard any more; an allowed one is answered with a failure
  void reject(std::uint32_t channel, std::string call, json::Value params, std::string why);
  void send(const ControlMessage& message);
  std::size_t asks() const { return asks_.size(); }

 private:
  void ready(std::uint32_t events);
  void take(std::string& packet, std::vector<io::Fd> descriptors);
  void flush();

  io::Loop& loop_;
  io::Fd socket_;
  OnChannel on_channel_;
  std::function<void()> on_end_;
  std::unordered_map<std::uint64_t, OnVerdict> asks_;
  std::unordered_map<std::uint64_t, std::string> secrets_;  // come before their verdict
  std::deque<std::string> out_;                             // bounded by asks and their ends
  std::uint64_t last_id_ = 0;
  bool waiting_ = false;
};

}  // namespace agentos::egress
