// Beginning, end, and the protocols that are over quickly.
#include "apps/egress/session.h"

#include <span>

#include "lib/egress/client_hello.h"
#include "lib/egress/dns_message.h"
#include "lib/egress/socks.h"

namespace agentos::egress {
namespace {

constexpr std::size_t kLengthOctets = 2;  // before a DNS message over TCP

net::IpAddress address_of(const Arrival& arrival) {
  if (arrival.family == 4) return net::IpAddress::from_octets(std::span<const std::uint8_t, 4>(arrival.address, 4));
  return net::IpAddress::from_octets(std::span<const std::uint8_t, 16>(arrival.address, 16)).unmapped();
}

}  // namespace

Session::Session(const Surroundings& around, std::shared_ptr<Channel> channel, io::Fd socket, const Arrival& arrival,
                 std::function<void()> over)
    : around_(around), channel_(std::move(channel)), over_(std::move(over)) {
  ++channel_->connections;
  ++channel_->family->count;
  process_ = json::to_valid_utf8(std::string_view(arrival.process));
  const net::IpAddress address = address_of(arrival);
  client_ = std::make_unique<Wire>(around_.loop, std::move(socket), [this] { pump(); });
  if (arrival.port == kDnsPort) {
    state_ = State::kNames;
  } else if (address.is_loopback() && arrival.port == kProxyPort) {
    by_name_ = true;
  } else if (Placeholders::is_placeholder(address)) {
    if (const auto name = channel_->placeholders.name_of(address)) tunnel_ = Target{*name, arrival.port};
    if (!tunnel_) state_ = State::kFarewell;  // a placeholder nobody was given
  } else {
    tunnel_ = Target{std::string(address.text().view()), arrival.port};
  }
  watch_idle();
}

Session::~Session() {
  if (idle_ != 0) around_.loop.cancel(idle_);
  if (farewell_ != 0) around_.loop.cancel(farewell_);
  if (ask_ != 0) around_.kernel->forget(ask_);
  --channel_->connections;
  --channel_->family->count;
}

bool Session::silent() const {
  return state_ == State::kFirst || state_ == State::kSocks || state_ == State::kHello || state_ == State::kNames;
}

void Session::watch_idle() {
  const bool young = state_ == State::kFirst || state_ == State::kSocks || state_ == State::kHello;
  idle_ = around_.loop.after_ms(young ? kFirstOctetsMs : kIdleMs, [this] {
    idle_ = 0;
    const std::int64_t moved =
        client_->bytes() + (outlet_ != nullptr && outlet_->usable() ? outlet_->wire().bytes() : 0);
    const bool waits = state_ == State::kWaiting;  // an approval may take its time
    if (moved == moved_ && !waits) return leave();
    moved_ = moved;
    watch_idle();
  });
}

void Session::refuse(std::string_view call, json::Value params, const std::string& why) {
  around_.kernel->reject(channel_->number, std::string(call), std::move(params), why);
}

void Session::finish() {
  state_ = State::kFarewell;
  client_->finish_sending();
}

void Session::leave() {
  if (state_ == State::kOver) return;
  state_ = State::kOver;
  // The loop's turn ends first: this may be called from deep inside.
  around_.loop.post([over = over_] { over(); });
}

void Session::pump() {
  again_ = true;
  if (pumping_) return;
  pumping_ = true;
  while (std::exchange(again_, false)) {
    while (step()) {
    }
  }
  pumping_ = false;
}

bool Session::step() {
  if (state_ == State::kOver) return false;
  if (client_->broken()) {
    leave();
    return false;
  }
  switch (state_) {
    case State::kFirst:
      return first();
    case State::kSocks:
      return socks();
    case State::kHello:
      return hello();
    case State::kHead:
      return head();
    case State::kExchange:
      return exchange();
    case State::kRelay:
      return relay();
    case State::kNames:
      return names();
    case State::kFarewell:
      client_->consume(client_->input().size());
      if (client_->ended()) leave();
      if (client_->drained() && farewell_ == 0) {
        farewell_ = around_.loop.after_ms(kFarewellMs, [this] {
          farewell_ = 0;
          leave();
        });
      }
      return false;
    case State::kWaiting:
      if (client_->ended()) leave();
      return false;
    case State::kOver:
      return false;
  }
  return false;
}

bool Session::first() {
  if (client_->input().empty()) {
    if (client_->ended()) leave();
    return false;
  }
  if (!by_name_) {
    state_ = State::kHello;
    return true;
  }
  if (client_->input()[0] != kSocksVersion) {
    state_ = State::kHead;
    return true;
  }
  const auto size = read_socks_greeting(client_->input());
  if (!size) {
    client_->send(socks_no_method());
    finish();
    return false;
  }
  if (*size == 0) return false;
  client_->consume(*size);
  client_->send(socks_method_chosen());
  state_ = State::kSocks;
  return true;
}

bool Session::socks() {
  const auto request = read_socks_request(client_->input());
  if (!request) {
    refuse("connect", {}, request.error().message);
    client_->send(socks_reply(request.error().code == ErrorCode::kUnsupported ? SocksReply::kCommandNotSupported
                                                                              : SocksReply::kFailed));
    finish();
    return false;
  }
  if (request->size == 0) {
    if (client_->ended()) leave();
    return false;
  }
  client_->consume(request->size);
  tunnel_ = Target{request->host, request->port};
  open(*tunnel_, Purpose::kSocks);
  return false;
}

bool Session::names() {
  const std::string_view input = client_->input();
  const std::size_t size =
      input.size() < kLengthOctets
          ? 0
          : static_cast<std::size_t>(static_cast<std::uint8_t>(input[0])) << 8 | static_cast<std::uint8_t>(input[1]);
  if (input.size() < kLengthOctets || input.size() < kLengthOctets + size) {
    if (client_->ended()) leave();
    return false;
  }
  const auto question = read_dns_query(input.substr(kLengthOctets, size));
  if (!question || !client_->room()) {
    leave();
    return false;
  }
  std::string answer;
  if (question->name.empty()) {
    answer = answer_dns(*question, DnsCode::kNoSuchName, nullptr);
  } else if (question->type == static_cast<std::uint16_t>(DnsType::kA)) {
    const net::IpAddress address = channel_->placeholders.address_of(question->name);
    answer = answer_dns(*question, DnsCode::kNoError, &address);
  } else {
    answer = answer_dns(*question, DnsCode::kNoError, nullptr);
  }
  std::string framed;
  framed += static_cast<char>(answer.size() >> 8);
  framed += static_cast<char>(answer.size() & 0xff);
  client_->send(framed += answer);
  client_->consume(kLengthOctets + size);
  return true;
}

}  // namespace agentos::egress
