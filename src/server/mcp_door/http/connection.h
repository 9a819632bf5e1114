// Connection: one client's connection. Octets in, requests to the service, answers out, one after the other.
//
// A request is read when the one before is answered. The client may close its sending side and still gets its answer.
// What waits to be sent is bounded: a client that does not take it is let go, and holds up nobody meanwhile. All of it
// on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/io/fd.h"
#include "base/io/loop.h"
#include "base/tls/tls_server.h"
#include "server/mcp_door/http/request_reader.h"

namespace agentos::mcp_http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(io::Loop& loop, const Clock& clock, const Limits& limits, Service& service, io::Fd socket,
             std::unique_ptr<tls::Server> tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status start(std::function<void()> on_end);
  void close();
  // Ends it when it has been waited for long enough.
  void tick(std::int64_t now_ms);

  // Of the exchange under way.
  void answer(Answer answer);
  void begin_events(const std::vector<std::pair<std::string, std::string>>& fields);
  void send_events(std::string_view octets);
  void finish_events();

 private:
  class Ours;
  static constexpr std::size_t kReadBytes = std::size_t{64} << 10;
  static constexpr std::size_t kSliceBytes = std::size_t{256} << 10;  // of one connection before others have their turn
  static constexpr std::int64_t kLingerMs = 1000;
  static constexpr std::size_t kHeldBytesMax = std::size_t{64} << 10;  // of requests to come, while one is answered

  void ready(std::uint32_t events);
  bool read_some();
  void input_ended();
  void proceed();
  void take_head();
  void take_whole();
  void refuse(Answer answer);
  void answered();
  // Octets for the client; flush() sends them.
  void put(std::string_view octets);
  bool decrypt(std::string_view octets);
  void flush();
  void end_later();
  void watch();
  void touch();
  std::int64_t now_ms() const { return clock_.monotonic_ns() / 1'000'000; }

  io::Loop& loop_;
  const Clock& clock_;
  const Limits& limits_;
  Service& service_;
  io::Fd socket_;
  const std::unique_ptr<tls::Server> tls_;  // null: plain
  std::function<void()> on_end_;
  RequestReader reader_;
  std::string input_;
  std::string out_;
  std::size_t sent_ = 0;
  std::uint32_t watched_ = 0;
  std::shared_ptr<Ours> exchange_;  // under way
  enum class Sending : std::uint8_t { kNothing, kChunks, kUntilClose };
  Sending sending_ = Sending::kNothing;
  bool proceeding_ = false;
  bool keeps_open_ = true;
  bool is_1_0_ = false;
  bool input_ended_ = false;
  bool closes_ = false;  // when all is sent
  bool ended_ = false;
  std::int64_t since_ms_ = 0;          // the state the reader is in began
  std::int64_t took_ms_ = 0;           // the client last took something
  std::int64_t lingers_until_ms_ = 0;  // 0: it does not
  RequestReader::At was_at_ = RequestReader::At::kStart;
};

}  // namespace agentos::mcp_http
