// Requests in plain text: each one is read, decided, and only then passed on; a redirect is just another request.
#include <string.h>

#include <algorithm>

#include "apps/egress/session.h"
#include "base/crypto/hash.h"

namespace agentos::egress {
namespace {

constexpr std::uint16_t kHttpPort = 80, kHttpsPort = 443;
constexpr const char* kRepeats = "the server's answer repeats the secret";

// Methods whose answers do not repeat the request by their meaning, as TRACE's does (RFC 9110 section 9.3.8).
bool forwards(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

}  // namespace

void Session::answer(int status, const std::string& body) {
  client_->send(plain_answer(status, body, Afterwards::kCloses));
  grant_.reset();
  secret_grant_.reset();
  finish();
  pump();
}

// Whom the request is for must be who the connection is for.
Status Session::check_target(RequestHead& request) {
  if (request.form == TargetForm::kAuthority) {
    if (by_name_ && !tunnel_) return {};
    return fail(ErrorCode::kMalformed, "CONNECT inside a tunnel");
  }
  if (!tunnel_) {
    if (request.form == TargetForm::kAbsolute) return {};
    return fail(ErrorCode::kMalformed, "a proxy is asked with the whole URL", "send GET http://host/path");
  }
  if (request.form != TargetForm::kOrigin || request.host != tunnel_->host || request.port != tunnel_->port) {
    // Host leaves out the port where it is the default of plain HTTP; a tunnel's port is what counts.
    if (request.form == TargetForm::kOrigin && request.host == tunnel_->host && request.port == kHttpPort) {
      request.port = tunnel_->port;
      return {};
    }
    return fail(ErrorCode::kMalformed, "the request is for " + request.host + ", the connection for " + tunnel_->host);
  }
  return {};
}

bool Session::head() {
  if (outlet_ != nullptr && outlet_->cut()) {
    leave();
    return false;
  }
  const auto malformed = [&](const Error& error) {
    refuse("http_request", tunnel_ ? json::Value(json::Object{{"host", tunnel_->host}}) : json::Value(), error.message);
    answer(error.code == ErrorCode::kTooLarge ? 413 : 400, "agentos: " + error.message + "\n");
    return false;
  };
  const auto size = head_size(client_->input());
  if (!size) return malformed(size.error());
  if (*size == 0) {
    if (client_->ended()) leave();
    return false;
  }
  head_octets_ = client_->input().substr(0, *size);
  auto request = read_request_head(head_octets_);
  if (!request) return malformed(request.error());
  if (Status status = check_target(*request); !status) return malformed(status.error());
  request_ = std::move(*request);
  client_->consume(*size);
  if (request_.form == TargetForm::kAuthority) {
    tunnel_ = Target{request_.host, request_.port};
    open(*tunnel_, Purpose::kConnect);
    return false;
  }
  route_ = nullptr;
  for (const Route& route : around_.settings.routes) {
    if (route.name == request_.host && request_.port == kHttpPort) route_ = &route;
  }
  if (route_ != nullptr && !route_->secret.empty() && !forwards(request_.method)) {
    return malformed(Error{ErrorCode::kMalformed, request_.method + " is not passed on where a secret goes along", {}});
  }
  ask_request();
  return false;
}

void Session::ask_request() {
  state_ = State::kWaiting;
  exchanged_ = static_cast<std::int64_t>(head_octets_.size());
  const Target target =
      route_ != nullptr ? Target{route_->host, route_->port, route_->tls} : Target{request_.host, request_.port};
  json::Object params{{"host", target.host},
                      {"method", request_.method},
                      {"path", request_.path},
                      {"port", std::int64_t{target.port}},
                      {"scheme", target.tls ? "https" : "http"}};
  if (request_.framing == Framing::kLength) params["body_bytes"] = static_cast<std::int64_t>(request_.length);
  ask_ = around_.kernel->ask(channel_->number, "http_request", std::move(params),
                             [this, target](const ControlMessage& message, std::string_view) {
                               if (message.verb == Verb::kCut) return leave();
                               const std::uint64_t id = std::exchange(ask_, 0);
                               if (message.verb != Verb::kAllowed) return answer(403, told(message));
                               grant_ = std::make_unique<Grant>(around_.kernel, id);
                               if (outlet_ != nullptr && outlet_->usable() && outlet_->target() == target) {
                                 ask_secret();
                                 return pump();
                               }
                               open(target, Purpose::kRequest);
                             });
}

void Session::ask_secret() {
  if (route_ == nullptr || route_->secret.empty()) return forward({});
  ask_ = around_.kernel->ask(channel_->number, "secret_use",
                             json::Object{{"host", route_->host}, {"secret", route_->secret}},
                             [this](const ControlMessage& message, std::string_view secret) {
                               if (message.verb == Verb::kCut) return leave();
                               const std::uint64_t id = std::exchange(ask_, 0);
                               if (message.verb != Verb::kAllowed) {
                                 if (grant_ != nullptr) grant_->failed("the secret was refused", 0);
                                 return answer(403, told(message));
                               }
                               secret_grant_ = std::make_unique<Grant>(around_.kernel, id);
                               forward(secret);
                               if (secret_grant_ != nullptr) secret_grant_->done(json::Object(), 0);
                               secret_grant_.reset();
                               pump();
                             });
}

void Session::forward(std::string_view secret) {
  Injection injection;
  if (route_ != nullptr && route_->placement == Placement::kHeader) {
    injection.name = route_->key;
    injection.value = route_->prefix + std::string(secret);
  } else if (route_ != nullptr && route_->placement == Placement::kQuery) {
    injection.query = route_->key + "=" + std::string(secret);
  } else if (route_ != nullptr && route_->placement == Placement::kBasic) {
    std::string pair = route_->key + ":" + std::string(secret);
    injection.name = "Authorization";
    injection.value = "Basic " + crypto::base64(pair);
    ::explicit_bzero(pair.data(), pair.size());
  }
  echo_.forget();
  if (!secret.empty()) {
    echo_.watch_for(secret, injection.query.empty() ? injection.value : injection.query);
    injection.plain_answer = true;  // what is compressed cannot be searched
  }
  const Target& target = outlet_->target();
  std::string out = write_request_head(
      request_, write_authority(target.host, target.port, target.tls ? kHttpsPort : kHttpPort), injection);
  outlet_->wire().send(out);
  for (std::string* copy : {&out, &injection.value, &injection.query}) ::explicit_bzero(copy->data(), copy->size());
  request_body_ = BodyMeter(request_.framing, request_.length);
  response_started_ = false;
  interims_ = 0;
  keep_client_ = request_.keeps_open;
  state_ = State::kExchange;
}

bool Session::exchange() {
  if (outlet_->cut()) {
    leave();
    return false;
  }
  const bool sent = pass_request();
  if (state_ != State::kExchange) return false;
  const bool received = pass_response();
  return state_ == State::kExchange ? sent || received : state_ == State::kHead;
}

bool Session::pass_request() {
  Wire& server = outlet_->wire();
  if (request_body_.done() || client_->input().empty() || !server.room()) return false;
  const auto size = request_body_.take(client_->input());
  if (!size) {
    refuse("http_request", json::Object{{"host", request_.host}}, size.error().message);
    if (grant_ != nullptr) grant_->failed(size.error().message, exchanged_);
    leave();
    return false;
  }
  server.send(client_->input().substr(0, *size));
  client_->consume(*size);
  exchanged_ += static_cast<std::int64_t>(*size);
  return *size > 0;
}

bool Session::broke(const std::string& why) {
  if (grant_ != nullptr) grant_->failed(why, exchanged_);
  if (response_started_) {
    leave();
  } else {
    outlet_.reset();
    answer(502, "agentos: " + request_.host + ": " + why + "\n");
  }
  return false;
}

bool Session::pass_response() {
  if (!client_->room()) return false;  // the program reads first
  return response_started_ ? pass_body() : pass_head();
}

bool Session::pass_head() {
  Wire& server = outlet_->wire();
  const auto size = head_size(server.input());
  if (!size) return broke(size.error().message);
  if (*size == 0) return server.ended() ? broke("the server closed the connection") : false;
  const std::string head = echo_.cleaned(std::string(server.input().substr(0, *size)));
  const auto response = read_response_head(head, request_.method);
  if (!response) return broke(response.error().message);
  if (response->interim && ++interims_ > kInterimMax) return broke("the server sends interim responses without end");
  server.consume(*size);
  exchanged_ += static_cast<std::int64_t>(*size);
  response_started_ = !response->interim;
  if (!response->interim) {
    status_ = response->status;
    response_body_ = BodyMeter(response->framing, response->length);
    keep_server_ = response->keeps_open;
    if (response->framing == Framing::kUntilClose) keep_client_ = false;
  }
  std::string out = write_response_head(*response, keep_client_ ? Afterwards::kStaysOpen : Afterwards::kCloses);
  if (response_started_) {  // what has come of the body goes along in one piece
    const auto body = response_body_.take(server.input());
    if (!body) return broke(body.error().message);
    if (!echo_.pass(server.input().substr(0, *body), response_body_.done(), out)) {
      response_started_ = false;  // nothing of it was sent: there is room for an answer
      return broke(kRepeats);
    }
    server.consume(*body);
    exchanged_ += static_cast<std::int64_t>(*body);
  }
  client_->send(out);
  if (response_started_ && response_body_.done()) end_exchange();
  return true;
}

bool Session::pass_body() {
  Wire& server = outlet_->wire();
  if (!server.input().empty()) {
    const auto size = response_body_.take(server.input());
    if (!size) return broke(size.error().message);
    const std::string_view octets = server.input().substr(0, *size);
    if (echo_.watches()) {
      std::string out;
      if (!echo_.pass(octets, response_body_.done(), out)) return broke(kRepeats);
      client_->send(out);
    } else {
      client_->send(octets);
    }
    server.consume(*size);
    exchanged_ += static_cast<std::int64_t>(*size);
    if (response_body_.done()) end_exchange();
    return true;
  }
  if (server.ended()) {
    if (!response_body_.ends_with_connection() || server.broken())
      return broke("the server closed the connection early");
    std::string rest;
    (void)echo_.pass({}, true, rest);  // no whole secret is in what waited
    client_->send(rest);
    end_exchange();
  }
  return false;
}

void Session::end_exchange() {
  echo_.forget();
  if (grant_ != nullptr) grant_->done(json::Object{{"status", status_}}, exchanged_);
  grant_.reset();
  // Octets a server sends beyond its answer belong to nothing that was asked.
  const bool clean = request_body_.done() && outlet_->wire().input().empty();
  if (!keep_server_ || !clean) outlet_.reset();
  if (keep_client_ && clean && !(tunnel_ && outlet_ == nullptr && by_name_)) {
    state_ = State::kHead;
    return;
  }
  finish();
}

}  // namespace agentos::egress
