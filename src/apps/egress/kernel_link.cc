// Packets in and out without blocking.
#include "apps/egress/kernel_link.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/io/socket.h"

namespace agentos::egress {

void Grant::tell(ControlMessage message) {
  if (told_) return;
  told_ = true;
  message.verb = Verb::kDone;
  message.id = id_;
  link_->forget(id_);
  link_->send(message);
}

void Grant::done(json::Value reply, std::int64_t bytes) { tell({.params = std::move(reply), .bytes = bytes}); }
void Grant::failed(const std::string& why, std::int64_t bytes) { tell({.bytes = bytes, .message = why}); }
void Grant::timed_out(const std::string& why) { tell({.message = why, .timed_out = true}); }

KernelLink::KernelLink(io::Loop& loop, io::Fd socket, OnChannel on_channel, std::function<void()> on_end)
    : loop_(loop), socket_(std::move(socket)), on_channel_(std::move(on_channel)), on_end_(std::move(on_end)) {}

Status KernelLink::begin() {
  return loop_.add(socket_.get(), EPOLLIN, [this](std::uint32_t events) { ready(events); });
}

std::uint64_t KernelLink::ask(std::uint32_t channel, std::string call, json::Value params, OnVerdict on_verdict,
                              std::uint64_t about) {
  ControlMessage message;
  message.verb = Verb::kAsk;
  message.id = ++last_id_;
  message.about = about;
  message.channel = channel;
  message.call = std::move(call);
  message.params = std::move(params);
  asks_.emplace(message.id, std::move(on_verdict));
  send(message);
  return message.id;
}

void KernelLink::forget(std::uint64_t id) { asks_.erase(id); }

void KernelLink::reject(std::uint32_t channel, std::string call, json::Value params, std::string why) {
  ControlMessage message;
  message.verb = Verb::kReject;
  message.channel = channel;
  message.call = std::move(call);
  message.params = std::move(params);
  message.message = std::move(why);
  send(message);
}

void KernelLink::send(const ControlMessage& message) {
  out_.push_back(write_control(message));
  if (!waiting_) flush();
}

void KernelLink::flush() {
  while (!out_.empty()) {
    if (::send(socket_.get(), out_.front().data(), out_.front().size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return on_end_();
      break;
    }
    out_.pop_front();
  }
  const bool waiting = !out_.empty();
  if (waiting != waiting_) {
    waiting_ = waiting;
    (void)loop_.modify(socket_.get(), waiting ? std::uint32_t{EPOLLIN | EPOLLOUT} : std::uint32_t{EPOLLIN});
  }
}

void KernelLink::ready(std::uint32_t events) {
  constexpr int kPacketsPerTurn = 64;
  if ((events & EPOLLOUT) != 0) flush();
  thread_local std::string buffer(kPacketBytesMax, '\0');
  for (int i = 0; i < kPacketsPerTurn; ++i) {
    auto got = io::receive_with_fds(socket_.get(), buffer, 1);
    if (!got) {
      if (got.error().code != ErrorCode::kBusy) on_end_();
      return;
    }
    if (got->size == 0) return on_end_();
    std::string packet(buffer, 0, got->size);
    if (packet[0] == kSecretPacket) ::explicit_bzero(buffer.data(), got->size);
    take(packet, std::move(got->fds));
  }
}

void KernelLink::take(std::string& packet, std::vector<io::Fd> descriptors) {
  if (packet[0] == kSecretPacket) {
    std::uint64_t id = 0;
    if (packet.size() < kSecretHeaderBytes) return on_end_();
    std::memcpy(&id, packet.data() + 1, sizeof id);
    if (asks_.contains(id)) secrets_[id] = packet.substr(kSecretHeaderBytes);
    ::explicit_bzero(packet.data(), packet.size());
    return;
  }
  auto message = read_control(packet);
  if (!message) return on_end_();
  if (message->verb == Verb::kChannel || message->verb == Verb::kGone) {
    return on_channel_(*message, std::move(descriptors));
  }
  std::string secret;
  if (const auto found = secrets_.find(message->id); found != secrets_.end()) {
    secret.swap(found->second);
    secrets_.erase(found);
  }
  const auto found = asks_.find(message->id);
  if (found == asks_.end()) {
    if (message->verb == Verb::kAllowed) {
      send({.verb = Verb::kDone, .id = message->id, .message = "the connection was dropped"});
    }
  } else {
    const OnVerdict heard = found->second;  // may forget itself
    if (message->verb == Verb::kRefused || message->verb == Verb::kResolve) asks_.erase(found);
    heard(*message, secret);
  }
  ::explicit_bzero(secret.data(), secret.size());
}

}  // namespace agentos::egress
