// One thread, one socket. Numbers of asks carry the generation of the proxy that asked, so what belongs to a proxy that
// ended is never told to the next.
#include "kernel/egress.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/io/socket.h"
#include "kernel/egress_process.h"
#include "kernel/egress_rules.h"
#include "kernel/monitor.h"

namespace agentos::kernel {
namespace {

constexpr abi::Call kMade[] = {abi::Call::kConnect, abi::Call::kHttpRequest, abi::Call::kSecretUse};
// 127.0.0.1:3128 is the proxy by name (lib/egress/arrival.h); names are asked over TCP, for there is no UDP.
constexpr std::pair<std::string_view, std::string_view> kEnvironment[] = {
    {"HTTP_PROXY", "http://127.0.0.1:3128"},        {"HTTPS_PROXY", "http://127.0.0.1:3128"},
    {"ALL_PROXY", "http://127.0.0.1:3128"},         {"http_proxy", "http://127.0.0.1:3128"},
    {"https_proxy", "http://127.0.0.1:3128"},       {"all_proxy", "http://127.0.0.1:3128"},
    {"RES_OPTIONS", "use-vc timeout:5 attempts:1"},
};

const abi::Row* row_to_make(std::string_view name) {
  const abi::Row* row = abi::find_row(name);
  for (const abi::Call call : kMade) {
    if (row != nullptr && row->call == call) return row;
  }
  return nullptr;
}

}  // namespace

Egress::Egress(Monitor& monitor) : monitor_(monitor), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(wake_.valid());
  thread_ = std::thread([this] { run(); });
}

Egress::~Egress() { stop(); }

void Egress::stop() {
  if (stopping_.exchange(true)) return;
  wake();
  thread_.join();
  lose();
}

void Egress::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

std::span<const std::pair<std::string_view, std::string_view>> Egress::environment() { return kEnvironment; }

Result<io::Fd> Egress::open_channel(const std::shared_ptr<Agent>& agent) {
  if (::access(monitor_.options.egress.program.c_str(), X_OK) != 0) {
    return fail_errno(errno, "cannot use the egress proxy at " + monitor_.options.egress.program);
  }
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return fail_errno(errno, "cannot make a channel to the egress proxy");
  }
  io::Fd inside(pair[0]);
  TRY(io::set_nonblocking(pair[1]));
  {
    const std::lock_guard lock(mutex_);
    const std::uint32_t number = ++last_channel_;
    Channel& channel = channels_[number];
    channel = {agent, agent->id, agent->family->run(), io::Fd(pair[1])};
    wanted_ = true;
    if (generation_ != 0) announce(number, channel);
  }
  wake();
  return inside;
}

void Egress::close_channel(const Agent& agent) {
  {
    const std::lock_guard lock(mutex_);
    for (auto at = channels_.begin(); at != channels_.end();) {
      if (at->second.agent_id != agent.id) {
        ++at;
        continue;
      }
      if (generation_ != 0)
        out_.push_back({egress::write_control({.verb = egress::Verb::kGone, .channel = at->first}), {}});
      at = channels_.erase(at);
    }
  }
  wake();
}

// Precondition: mutex_ is held.
void Egress::announce(std::uint32_t number, const Channel& channel) {
  io::Fd copy(::fcntl(channel.socket.get(), F_DUPFD_CLOEXEC, 0));
  out_.push_back({egress::write_control({.verb = egress::Verb::kChannel, .channel = number, .family = channel.family}),
                  std::move(copy)});
}

void Egress::put(Packet packet) {
  {
    const std::lock_guard lock(mutex_);
    out_.push_back(std::move(packet));
  }
  wake();
}

void Egress::put(const egress::ControlMessage& message) { put(Packet{egress::write_control(message), {}}); }

void Egress::run() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_at = Clock::now();
  for (;;) {
    bool wanted = false, waiting = false;
    {
      const std::lock_guard lock(mutex_);
      wanted = wanted_;
      waiting = !out_.empty();
    }
    if (stopping_) return;
    int timeout_ms = -1;
    if (!socket_.valid() && wanted) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(start_at - Clock::now()).count();
      timeout_ms = left > 0 ? static_cast<int>(left) : 0;
      if (left <= 0) {
        if (start()) continue;
        lose();
        start_at = Clock::now() + std::chrono::milliseconds(backoff_ms_);
        backoff_ms_ = std::min(backoff_ms_ * 2, kEgressBackoffMsMax);
        continue;
      }
    }
    const short socket_events = static_cast<short>(POLLIN | (waiting ? POLLOUT : 0));
    pollfd watched[] = {{wake_.get(), POLLIN, 0}, {socket_.get(), socket_events, 0}};
    (void)::poll(watched, socket_.valid() ? 2 : 1, timeout_ms);
    std::uint64_t ignored = 0;
    if ((watched[0].revents & POLLIN) != 0) (void)!::read(wake_.get(), &ignored, sizeof ignored);
    if (!socket_.valid()) continue;
    if ((watched[1].revents != 0 && !receive()) || !send_waiting()) {
      lose();
      start_at = Clock::now() + std::chrono::milliseconds(backoff_ms_);
      backoff_ms_ = std::min(backoff_ms_ * 2, kEgressBackoffMsMax);
    }
  }
}

Status Egress::start() {
  EgressProcess process = TRY(start_egress(monitor_.options.egress.program));
  pid_ = process.pid;
  socket_ = std::move(process.socket);
  const std::string settings = monitor_.options.egress.settings.write();
  if (::send(socket_.get(), settings.data(), settings.size(), MSG_NOSIGNAL) < 0) {
    return fail_errno(errno, "cannot send the egress proxy its settings");
  }
  pollfd watched{socket_.get(), POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(kEgressStartMs)) != 1) return fail(ErrorCode::kTimedOut, "no greeting");
  std::array<char, 512> text{};
  const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
  if (std::string_view(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0) != egress::kGreeting) {
    return fail(ErrorCode::kClosed, "the egress proxy did not greet");
  }
  TRY(io::set_nonblocking(socket_.get()));
  const std::lock_guard lock(mutex_);
  ++generation_;
  for (const auto& [number, channel] : channels_) announce(number, channel);
  return {};
}

// The proxy is gone, or is made to be: whatever it was doing has failed.
void Egress::lose() {
  socket_.reset();
  end_egress(pid_);
  pid_ = -1;
  std::map<std::uint64_t, Ask> asks;
  {
    const std::lock_guard lock(mutex_);
    asks.swap(asks_);
    for (Packet& packet : out_) ::explicit_bzero(packet.text.data(), packet.text.size());
    out_.clear();
  }
  for (auto& [number, ask] : asks) {
    auto parked = ask.parked != nullptr ? ask.parked : ask.context->current_park();
    if (parked == nullptr) continue;  // not acting yet: its answer finds nobody
    parked->finish([](CallContext&) -> Status { return fail(abi::error::io, "the egress proxy ended"); });
  }
}

bool Egress::send_waiting() {
  for (;;) {
    Packet packet;
    {
      const std::lock_guard lock(mutex_);
      if (out_.size() > kEgressPacketsMax) return false;
      if (out_.empty()) return true;
      packet = std::move(out_.front());
      out_.pop_front();
    }
    const int descriptor = packet.descriptor.get();
    const auto sent = io::send_with_fds(socket_.get(), packet.text,
                                        std::span<const int>(&descriptor, packet.descriptor.valid() ? 1 : 0));
    if (!sent && sent.error().code == ErrorCode::kBusy) {
      const std::lock_guard lock(mutex_);
      out_.push_front(std::move(packet));
      return true;
    }
    if (packet.secret) ::explicit_bzero(packet.text.data(), packet.text.size());
    if (!sent) return false;
  }
}

bool Egress::receive() {
  constexpr int kPacketsPerTurn = 64;
  thread_local std::string buffer(egress::kPacketBytesMax, '\0');
  for (int i = 0; i < kPacketsPerTurn; ++i) {
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0 || static_cast<std::size_t>(got) > buffer.size()) return false;
    auto message = egress::read_control(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
    if (!message) return false;
    backoff_ms_ = kEgressBackoffMsFirst;
    take(std::move(*message));
  }
  return true;
}

void Egress::take(egress::ControlMessage message) {
  switch (message.verb) {
    case egress::Verb::kAsk:
      return ask(std::move(message));
    case egress::Verb::kDone:
      return done(message);
    case egress::Verb::kReject: {
      std::shared_ptr<Agent> agent;
      {
        const std::lock_guard lock(mutex_);
        if (const auto found = channels_.find(message.channel); found != channels_.end()) {
          agent = found->second.agent.lock();
        }
      }
      const abi::Row* row = row_to_make(message.call);
      if (agent == nullptr || row == nullptr) return;
      const std::string arguments = message.params.is_null() ? "{}" : json::write_canonical(message.params);
      monitor_.record_refusal(agent.get(), row->name, {}, {}, "decode", {},
                              Error{abi::error::malformed, message.message, {}}, 0, arguments,
                              monitor_.options.content);
      return;
    }
    default:
      return;
  }
}

void Egress::refuse(std::uint64_t id, std::string message, std::string hint) {
  put(egress::ControlMessage{
      .verb = egress::Verb::kRefused, .id = id, .message = std::move(message), .hint = std::move(hint)});
}

// A name policy would not let the agent connect to is not looked up either: a lookup tells its owner something. One
// that a person must agree to is looked up when that person did.
bool Egress::must_be_resolved(const std::shared_ptr<Agent>& agent, const egress::ControlMessage& message) {
  const json::Value* addresses = message.params.find("addresses");
  if (message.call != "connect" || addresses != nullptr) return false;
  const auto preview = monitor_.preview(agent, abi::row_of(abi::Call::kConnect), message.params, nullptr);
  return preview && preview->verdict == "allow";
}

void Egress::ask(egress::ControlMessage message) {
  std::shared_ptr<Agent> agent;
  std::uint64_t number = 0;
  bool room = false;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = channels_.find(message.channel); found != channels_.end()) {
      agent = found->second.agent.lock();
    }
    number = std::uint64_t{generation_} << kGenerationShift | (message.id & kNumberMask);
    room = asks_.size() < egress::kAsksMax && !asks_.contains(number);
  }
  const abi::Row* row = row_to_make(message.call);
  if (agent == nullptr || row == nullptr || !room) return refuse(message.id, "too much is under way", {});
  if (message.about != 0 && go_on_with_addresses(agent, number, message)) return;
  std::shared_ptr<void> place = agent->family->take_ask(egress::kAsksPerFamilyMax);
  if (place == nullptr) return refuse(message.id, "this agent and its family have too much under way", {});
  if (must_be_resolved(agent, message)) return put({.verb = egress::Verb::kResolve, .id = message.id});
  auto context = std::make_shared<CallContext>(monitor_, Caller{agent, 0, 0, Maker::kEgress});
  context->row = row;
  context->method = row->name;
  context->params = std::move(message.params);
  context->wire = true;
  context->token = number;
  {
    const std::lock_guard lock(mutex_);
    asks_[number] = {.context = context, .place = std::move(place)};
  }
  context->done = [this, number](CallContext& finished) { answered(number, finished); };
  monitor_.dispatch(*context);
}

// The call is over, for whatever reason; the proxy hears of it unless it ended it itself.
void Egress::answered(std::uint64_t number, CallContext& context) {
  Ask ask;
  bool current = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = asks_.find(number);
    if (found == asks_.end()) return;
    ask = std::move(found->second);
    asks_.erase(found);
    current = number >> kGenerationShift == generation_;
  }
  if (!current || ask.carried_out) return;
  const Error error = context.status ? Error{} : context.status.error();
  const bool by_policy =
      context.denial.find("step") != nullptr && *context.denial.find("step") == json::Value("policy");
  refuse(number & kNumberMask, error.message, by_policy ? "a policy rule " + allowing_rule(context) : error.hint);
}

Status Egress::carry_out(CallContext& context, std::vector<std::string> addresses) {
  const std::uint64_t number = context.token;
  auto parked = context.park([this, number] { cut(number); });
  {
    const std::lock_guard lock(mutex_);
    const auto found = asks_.find(number);
    if (found == asks_.end() || number >> kGenerationShift != generation_) {
      monitor_.reactor.post([parked] {
        parked->finish([](CallContext&) -> Status { return fail(abi::error::io, "the egress proxy ended"); });
      });
      return {};
    }
    found->second.parked = parked;
    found->second.carried_out = true;
    found->second.arguments = context.arguments;
  }
  put(egress::ControlMessage{
      .verb = egress::Verb::kAllowed, .id = number & kNumberMask, .addresses = std::move(addresses)});
  return {};
}

Status Egress::carry_out_with_secret(CallContext& context, std::string_view name) {
  const egress::SecretStore* store = monitor_.options.egress.secrets.get();
  const auto value = store == nullptr ? Result<std::string_view>(fail(abi::error::not_found, "there are no secrets"))
                                      : store->value(name);
  if (!value) return fail(abi::error::not_found, value.error().message, value.error().hint);
  Packet packet;
  packet.secret = true;
  packet.text.reserve(egress::kSecretHeaderBytes + value->size());
  packet.text += egress::kSecretPacket;
  const std::uint64_t id = context.token & kNumberMask;
  packet.text.append(reinterpret_cast<const char*>(&id), sizeof id);
  packet.text += *value;
  put(std::move(packet));
  return carry_out(context, {});
}

void Egress::cut(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (number >> kGenerationShift != generation_ || !asks_.contains(number)) return;
  }
  put(egress::ControlMessage{.verb = egress::Verb::kCut, .id = number & kNumberMask});
}

void Egress::done(const egress::ControlMessage& message) {
  std::shared_ptr<Parked> parked;
  {
    const std::lock_guard lock(mutex_);
    const auto found = asks_.find(std::uint64_t{generation_} << kGenerationShift | (message.id & kNumberMask));
    if (found != asks_.end()) parked = found->second.parked;
  }
  if (parked == nullptr) return;
  parked->finish([&](CallContext& context) -> Status {
    context.bytes = std::max<std::int64_t>(0, message.bytes);
    if (message.timed_out) return fail(abi::error::timed_out, message.message);
    if (!message.message.empty()) return fail(abi::error::io, message.message);
    return context.row->reply.decode(message.params, context.reply);
  });
}

}  // namespace agentos::kernel
