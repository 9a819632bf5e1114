// One class for both kinds: the caller is fixed when the session is made, and no message can change it.
#include "kernel/session.h"

#include "kernel/monitor.h"

namespace agentos::kernel {
namespace {

constexpr std::size_t kSpareBytesMax = 16 << 10;  // larger buffers are not kept

class MonitorSession final : public abi::Session {
 public:
  MonitorSession(Monitor& monitor, Caller caller) : monitor_(monitor), caller_(std::move(caller)) {}

  ~MonitorSession() override {
    {
      std::lock_guard lock(calls_->mutex);
      calls_->closed = true;
    }
    cancel_all();
    if (caller_.agent != nullptr) {
      monitor_.session_closed(caller_.agent, caller_.session);
    } else {
      monitor_.operator_closed(caller_.session);
    }
  }

  Status call(abi::Call call, const void* request, void* reply, std::vector<io::Fd>* descriptors) override {
    CallContext context(monitor_, caller_);
    context.row = &abi::row_of(call);
    context.request = request;
    context.reply = reply;
    if (descriptors != nullptr) context.descriptors_in = std::move(*descriptors);
    // The encodings' buffers are kept per thread: a call then allocates nothing for them.
    thread_local std::string spare_arguments, spare_reply;
    context.arguments = std::move(spare_arguments);
    context.reply_json = std::move(spare_reply);
    context.arguments.clear();
    context.reply_json.clear();
    monitor_.dispatch(context);
    if (auto latch = context.latch) latch->wait(0, std::memory_order_acquire);
    if (context.arguments.capacity() <= kSpareBytesMax) spare_arguments = std::move(context.arguments);
    if (context.reply_json.capacity() <= kSpareBytesMax) spare_reply = std::move(context.reply_json);
    if (descriptors != nullptr) *descriptors = std::move(context.descriptors_out);
    return std::move(context.status);
  }

  void submit(std::uint64_t token, std::string method, json::Value params, std::vector<io::Fd> descriptors,
              abi::CallDone done) override {
    auto context = std::make_shared<CallContext>(monitor_, caller_);
    context->row = abi::find_row(method);
    context->method = std::move(method);
    context->params = std::move(params);
    context->wire = true;
    context->token = token;
    context->descriptors_in = std::move(descriptors);
    {
      std::lock_guard lock(calls_->mutex);
      calls_->in_flight.emplace(token, context);
    }
    context->done = [calls = calls_, done = std::move(done)](CallContext& finished) {
      std::shared_ptr<CallContext> keep;
      {
        std::lock_guard lock(calls->mutex);
        const auto found = calls->in_flight.find(finished.token);
        if (found != calls->in_flight.end()) {
          keep = std::move(found->second);
          calls->in_flight.erase(found);
        }
      }
      abi::CallOutput output;
      output.status = std::move(finished.status);
      output.row = finished.row;
      output.reply = finished.reply_owner;
      output.reply_json = std::move(finished.reply_json);
      output.descriptors = std::move(finished.descriptors_out);
      output.denial = std::move(finished.denial);
      done(std::move(output));
    };
    monitor_.dispatch(*context);
  }

  void cancel(std::uint64_t token) override {
    std::shared_ptr<CallContext> context;
    {
      std::lock_guard lock(calls_->mutex);
      const auto found = calls_->in_flight.find(token);
      if (found != calls_->in_flight.end()) context = found->second;
    }
    if (context == nullptr) return;
    if (auto parked = context->current_park())
      parked->cancel({abi::error::cancelled, "the caller cancelled the call", {}});
  }

  void reject(const Error& error) override {
    monitor_.metrics.syscall_count.fetch_add(1, std::memory_order_relaxed);
    monitor_.record_refusal(caller_.agent.get(), {}, {}, {}, "decode", {}, error, 0, {});
  }

  void on_notification(std::function<void(abi::Notification)> notify) override {
    if (caller_.agent == nullptr) return;
    std::lock_guard lock(caller_.agent->sessions_mutex);
    caller_.agent->notify[caller_.session] = std::move(notify);
  }

  void on_close(std::function<void()> close) override {
    if (caller_.agent == nullptr) return;
    std::lock_guard lock(caller_.agent->sessions_mutex);
    caller_.agent->close[caller_.session] = std::move(close);
  }

  std::string agent() const override { return caller_.agent == nullptr ? std::string() : caller_.agent->id; }

 private:
  struct Calls {
    std::mutex mutex;
    std::map<std::uint64_t, std::shared_ptr<CallContext>> in_flight;
    bool closed = false;
  };

  void cancel_all() {
    std::map<std::uint64_t, std::shared_ptr<CallContext>> calls;
    {
      std::lock_guard lock(calls_->mutex);
      calls = calls_->in_flight;
    }
    for (auto& [token, context] : calls) {
      if (auto parked = context->current_park()) parked->cancel({abi::error::cancelled, "the connection closed", {}});
    }
  }

  Monitor& monitor_;
  Caller caller_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

}  // namespace

std::shared_ptr<abi::Session> make_agent_session(Monitor& monitor, const std::shared_ptr<Agent>& agent) {
  {
    std::lock_guard lock(agent->mutex);
    ++agent->sessions;
  }
  return std::make_shared<MonitorSession>(monitor, Caller{agent, monitor.next_session(), 0});
}

std::shared_ptr<abi::Session> make_operator_session(Monitor& monitor, std::uint32_t uid) {
  return std::make_shared<MonitorSession>(monitor, Caller{nullptr, monitor.next_session(), uid});
}

std::shared_ptr<abi::Session> Monitor::open_session(const std::shared_ptr<Agent>& agent) {
  return make_agent_session(*this, agent);
}

}  // namespace agentos::kernel
