// One connected stream with bounded buffers, in plain text or inside TLS. Belongs to its loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/io/loop.h"
#include "base/tls/tls_client.h"

namespace agentos::egress {

inline constexpr std::size_t kInputBytesMax = std::size_t{128} << 10;    // received and not consumed: reading stops
inline constexpr std::size_t kPendingBytesMax = std::size_t{256} << 10;  // not yet sent: callers stop sending
inline constexpr std::size_t kReadBytes = std::size_t{64} << 10;

class Wire {
 public:
  // `changed` is called last when anything happened; it may destroy the wire.
  Wire(io::Loop& loop, io::Fd fd, std::function<void()> changed);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // From now on what is sent and received goes through TLS to `host`; before anything was.
  Status secure(const tls::ClientContext& context, const std::string& host);
  bool securing() const { return tls_ != nullptr && !tls_->ready(); }

  std::string_view input() const { return std::string_view(input_).substr(taken_); }
  void consume(std::size_t size);
  void send(std::string_view octets);
  bool room() const { return out_.size() - sent_ < kPendingBytesMax; }
  bool drained() const { return out_.size() == sent_; }
  void finish_sending();                   // when all is sent
  bool ended() const { return ended_; }    // the peer sends no more; what it sent is in input()
  bool broken() const { return broken_; }  // nothing can be sent or received
  const std::string& trouble() const { return trouble_; }
  std::int64_t bytes() const { return bytes_; }  // received and sent, as on the network

 private:
  void ready(std::uint32_t events);
  void receive();
  void flush();
  void update();
  void run_tls(std::string_view received);
  void fail_with(std::string why);

  io::Loop& loop_;
  io::Fd fd_;
  std::function<void()> changed_;
  std::unique_ptr<tls::Client> tls_;
  std::string input_, out_, trouble_;
  std::size_t taken_ = 0, sent_ = 0;
  std::uint32_t interest_ = 0;
  std::int64_t bytes_ = 0;
  bool ended_ = false, broken_ = false, finishing_ = false;
};

}  // namespace agentos::egress
