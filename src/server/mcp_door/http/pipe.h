// Pipe: the server side of one principal, a stream socket with a message a line. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/io/fd.h"
#include "base/io/loop.h"
#include "lib/mcp/line_reader.h"
#include "server/mcp_door/http/exchange.h"

namespace agentos::mcp_http {

class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  // An answer may be longer than what a client may send: it is dressed on its way.
  static constexpr std::size_t kAnswerBytesMax = mcp::kLineBytesMax + (std::size_t{256} << 10);

  Pipe(io::Loop& loop, const Limits& limits, io::Fd socket);
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  struct Listener {
    std::function<void(std::string_view line)> line;  // without its end
    // A line that is too long: as much of it as was kept from its start.
    std::function<void(std::string_view start)> too_long;
    std::function<void()> end;  // the other side has gone; last of all
  };
  Status start(Listener listener);
  void close();  // nothing is told any more

  // A line with its end. False: too much is unsent, or the other side has gone.
  bool send(std::string_view line);

 private:
  void ready(std::uint32_t events);
  void flush();
  void lost();

  io::Loop& loop_;
  const Limits& limits_;
  io::Fd socket_;
  Listener listener_;
  mcp::LineReader reader_{kAnswerBytesMax};
  std::string out_;
  std::size_t sent_ = 0;
  bool writes_watched_ = false;
  bool ended_ = false;
};

}  // namespace agentos::mcp_http
