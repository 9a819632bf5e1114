// Opening connections to servers, and tunnels: what their first octets say, then octets both ways.
#include "apps/egress/session.h"

#include <algorithm>

#include "lib/egress/client_hello.h"
#include "lib/egress/socks.h"

namespace agentos::egress {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22, kAlertRecord = 21;  // RFC 8446 section 5.1

enum class Looks : std::uint8_t { kLikeHttp, kLikeNone, kUnsure };

// A method and a space; a method is in capitals, and no TLS record starts with one.
Looks looks(std::string_view octets) {
  for (std::size_t i = 0; i < octets.size() && i <= kMethodBytesMax; ++i) {
    if (octets[i] == ' ' && i > 0) return Looks::kLikeHttp;
    if (octets[i] < 'A' || octets[i] > 'Z') return Looks::kLikeNone;
  }
  return octets.size() > kMethodBytesMax ? Looks::kLikeNone : Looks::kUnsure;
}

SocksReply reply_for(const Trouble& trouble) {
  if (trouble.status == 403) return SocksReply::kNotAllowed;
  return trouble.status == 504 ? SocksReply::kHostUnreachable : SocksReply::kFailed;
}

}  // namespace

void Session::open(Target target, Purpose purpose) {
  purpose_ = purpose;
  state_ = State::kWaiting;
  outlet_ = std::make_unique<Outlet>(
      around_, channel_->number, process_, std::move(target), [this](const Trouble* trouble) { opened(trouble); },
      [this] { pump(); });
}

void Session::opened(const Trouble* trouble) {
  switch (purpose_) {
    case Purpose::kConnect:
      if (trouble != nullptr) return answer(trouble->status, trouble->text);
      client_->send("HTTP/1.1 200 Connection established\r\n\r\n");
      state_ = State::kHello;
      break;
    case Purpose::kSocks:
      client_->send(socks_reply(trouble != nullptr ? reply_for(*trouble) : SocksReply::kDone));
      if (trouble != nullptr) return finish();
      state_ = State::kHello;
      break;
    case Purpose::kTunnel:
      if (trouble != nullptr) return leave();
      state_ = State::kRelay;
      break;
    case Purpose::kRequest:
      if (trouble != nullptr) {
        if (grant_ != nullptr) grant_->failed(trouble->text, 0);
        return answer(trouble->status, trouble->text);
      }
      ask_secret();
      break;
  }
  pump();
}

// The name in the hello must be the host the connection was opened for; without it the program could name one host to
// policy and speak to another that shares its address.
bool Session::hello() {
  const std::string_view input = client_->input();
  if (outlet_ != nullptr && !outlet_->usable()) {
    leave();
    return false;
  }
  if (input.empty()) {
    if (client_->ended()) leave();
    return false;
  }
  const Looks first = looks(input);
  if (first == Looks::kUnsure) {
    if (client_->ended()) leave();
    return false;
  }
  if (first == Looks::kLikeHttp) {
    state_ = State::kHead;
    return true;
  }
  json::Object params{{"host", tunnel_->host}, {"port", std::int64_t{tunnel_->port}}, {"process", process_}};
  const auto greeting = read_client_hello(input);
  if (!greeting) {
    refuse("connect", std::move(params), "a tunnel carries TLS or HTTP: " + greeting.error().message);
    leave();
    return false;
  }
  if (!greeting->complete) {
    if (client_->ended()) leave();
    return false;
  }
  const bool address = net::scan_ip(tunnel_->host).has_value();
  if (greeting->server_name.empty() ? !address : greeting->server_name != tunnel_->host) {
    refuse("connect", std::move(params),
           greeting->server_name.empty() ? std::string("the TLS hello names no server")
                                         : "the TLS hello is for " + greeting->server_name);
    leave();
    return false;
  }
  hello_left_ = greeting->size;
  if (outlet_ == nullptr) {
    open(*tunnel_, Purpose::kTunnel);
    return false;
  }
  state_ = State::kRelay;
  return true;
}

bool Session::move_octets(Wire& from, Wire& to) {
  if (from.input().empty() || !to.room()) return false;
  to.send(from.input());
  from.consume(from.input().size());
  return true;
}

// The hello goes to the server, and what the server says first tells whether more may. True when something moved.
bool Session::hear_server() {
  Wire& server = outlet_->wire();
  const std::size_t part = server.room() ? std::min(hello_left_, client_->input().size()) : 0;
  if (part > 0) {
    server.send(client_->input().substr(0, part));
    client_->consume(part);
    hello_left_ -= part;
  }
  if (server.input().empty()) {
    if (server.ended() || (client_->ended() && client_->input().empty())) leave();
    return part > 0 && state_ != State::kOver;
  }
  const auto kind = static_cast<std::uint8_t>(server.input()[0]);
  server_answered_ = kind == kHandshakeRecord || kind == kAlertRecord;
  if (server_answered_) return true;
  refuse("connect", json::Object{{"host", tunnel_->host}, {"port", std::int64_t{tunnel_->port}}, {"process", process_}},
         "a tunnel carries TLS or HTTP: the server does not answer as TLS does");
  leave();
  return false;
}

bool Session::relay() {
  if (outlet_->cut() || outlet_->wire().broken()) {
    leave();
    return false;
  }
  if (!server_answered_) return hear_server();
  Wire& server = outlet_->wire();
  const bool moved =
      static_cast<int>(move_octets(*client_, server)) + static_cast<int>(move_octets(server, *client_)) > 0;
  const bool client_done = client_->ended() && client_->input().empty();
  const bool server_done = server.ended() && server.input().empty();
  if (client_done) server.finish_sending();
  if (server_done) client_->finish_sending();
  if (client_done && server_done && client_->drained() && server.drained()) {
    leave();
    return false;
  }
  return moved;
}

}  // namespace agentos::egress
