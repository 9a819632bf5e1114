// A Session that does what its method names say, for the door's tests and fuzz target: no kernel, every road of an
// answer (at once, later from another thread, never until cancelled, too big, with descriptors).
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "abi/kernel_api.h"

namespace agentos::unix_door {

class ScriptedSession final : public abi::Session {
 public:
  explicit ScriptedSession(std::string agent = "") : agent_(std::move(agent)) {}
  ~ScriptedSession() override {
    for (std::thread& thread : threads_) thread.join();
  }

  Status call(abi::Call, const void*, void*, std::vector<io::Fd>*) override {
    return fail(abi::error::unsupported, "");
  }

  // echo: the params. later: the params, from another thread. hold: when cancelled or released. big: {"text": size
  // octets}. descriptors: {"count": those that came}, and as many event descriptors back. anything else: unknown_call.
  void submit(std::uint64_t token, std::string method, json::Value params, std::vector<io::Fd> descriptors,
              abi::CallDone done) override {
    {
      const std::lock_guard lock(mutex_);
      started_.push_back(method);
    }
    if (method == "echo") return done(with(json::write(params)));
    if (method == "big") {
      const auto size = static_cast<std::size_t>(params.int_or("size", 0));
      return done(with("{\"text\":\"" + std::string(size, 'x') + "\"}"));
    }
    if (method == "later") {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([done, text = json::write(params)] { done(with(text)); });
      return;
    }
    if (method == "hold") {
      const std::lock_guard lock(mutex_);
      held_.emplace(token, std::move(done));
      return;
    }
    if (method == "descriptors") {
      abi::CallOutput output = with("{\"count\":" + std::to_string(descriptors.size()) + "}");
      for (std::size_t i = 0; i < descriptors.size(); ++i) output.descriptors.emplace_back(::eventfd(0, EFD_CLOEXEC));
      return done(std::move(output));
    }
    if (method == "tools" || method == "exec") return done(known(method, params));
    abi::CallOutput output;
    output.status = fail(abi::error::unknown_call, "there is no call \"" + json::to_valid_utf8(method) + "\"");
    output.denial["rule"] = "scripted";
    done(std::move(output));
  }

  void cancel(std::uint64_t token) override { release(token, fail(abi::error::cancelled, "it was cancelled")); }

  void reject(const Error&) override { ++rejected_; }
  void on_notification(std::function<void(abi::Notification)> notify) override {
    const std::lock_guard lock(mutex_);
    notify_ = std::move(notify);
  }
  void on_close(std::function<void()> close) override {
    const std::lock_guard lock(mutex_);
    close_ = std::move(close);
  }
  std::string agent() const override { return agent_; }

  // What tests do to it.
  void release(std::uint64_t token, Status status) {
    abi::CallDone done;
    {
      const std::lock_guard lock(mutex_);
      const auto found = held_.find(token);
      if (found == held_.end()) return;
      done = std::move(found->second);
      held_.erase(found);
    }
    abi::CallOutput output;
    output.status = std::move(status);
    output.reply_json = "{}";
    done(std::move(output));
  }
  std::vector<std::uint64_t> held() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> tokens;
    for (const auto& [token, done] : held_) tokens.push_back(token);
    return tokens;
  }
  void notify(const std::string& method, const std::string& params) {
    const std::lock_guard lock(mutex_);
    if (notify_) notify_({method, params});
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (close_) close_();
  }
  std::vector<std::string> started() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  int rejected() const { return rejected_.load(); }

 private:
  static abi::CallOutput with(std::string reply) {
    abi::CallOutput output;
    output.reply_json = std::move(reply);
    return output;
  }
  static abi::CallOutput known(const std::string& method, const json::Value& params) {
    abi::CallOutput output;
    output.row = abi::find_row(method);
    output.reply = output.row->reply.make();
    if (method == "tools") {
      abi::ToolEntry entry;
      entry.name = "echo_tool";
      static_cast<abi::ToolsReply*>(output.reply.get())->tools.push_back(entry);
    } else if (params.string_or("tool", "") == "echo_tool") {
      static_cast<abi::ExecReply*>(output.reply.get())->result = *params.find("arguments");
    } else {
      output.status = fail(abi::error::denied, "policy says no");
    }
    output.row->reply.encode(output.reply.get(), output.reply_json);
    return output;
  }

  const std::string agent_;
  mutable std::mutex mutex_;
  std::vector<std::string> started_;
  std::map<std::uint64_t, abi::CallDone> held_;
  std::function<void(abi::Notification)> notify_;
  std::function<void()> close_;
  std::vector<std::thread> threads_;
  std::atomic<int> rejected_{0};
};

// Gives every operator a ScriptedSession, unless told to refuse.
class ScriptedKernel final : public abi::KernelApi {
 public:
  Result<std::shared_ptr<abi::Session>> open_operator(const abi::Peer& peer) override {
    const std::lock_guard lock(mutex_);
    peers_.push_back(peer);
    if (refuse_) return fail(abi::error::unauthenticated, "a process inside an agent may not operate the kernel");
    sessions_.push_back(std::make_shared<ScriptedSession>());
    return sessions_.back();
  }
  void set_adopter(abi::ConnectionAdopter* adopter) override { adopter_ = adopter; }

  void refuse() {
    const std::lock_guard lock(mutex_);
    refuse_ = true;
  }
  std::vector<abi::Peer> peers() const {
    const std::lock_guard lock(mutex_);
    return peers_;
  }
  abi::ConnectionAdopter* adopter() const { return adopter_; }

 private:
  mutable std::mutex mutex_;
  bool refuse_ = false;
  std::vector<abi::Peer> peers_;
  std::vector<std::shared_ptr<ScriptedSession>> sessions_;
  std::atomic<abi::ConnectionAdopter*> adopter_{nullptr};
};

}  // namespace agentos::unix_door
