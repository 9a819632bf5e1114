// HttpCall: one request of HTTP/1.1 on a connection of its own, and its answer as it comes. On the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"
#include "base/io/loop.h"
#include "base/tls/tls_client.h"
#include "lib/egress/body_meter.h"
#include "lib/mcp/http_headers.h"

namespace agentos::mcp_remote {

struct Url {
  bool tls = false;
  std::string host;  // canonical
  std::uint16_t port = 0;
  std::string authority;  // as Host has it
  std::string path = "/";
};
// "https://host[:port]/path". kInvalidArgument.
Result<Url> read_url(std::string_view text);

struct Response {
  int status = 0;
  std::vector<mcp::HeaderField> fields;
  std::string_view field(std::string_view name) const;  // empty: none
};

class HttpCall : public std::enable_shared_from_this<HttpCall> {
 public:
  static constexpr std::int64_t kConnectMs = 10'000;

  struct Listener {
    std::function<void(const Response&)> head;
    std::function<void(std::string_view)> body;
    std::function<void(Status)> end;  // once, last of all: whether the answer came whole
  };
  // `tls` must be there when the URL asks for it, and outlive the call.
  static std::shared_ptr<HttpCall> start(io::Loop& loop, const tls::ClientContext* tls, const Url& url,
                                         std::string_view method, const std::vector<mcp::HeaderField>& fields,
                                         std::string_view body, Listener listener);
  ~HttpCall();
  void close();  // nothing is told any more

 private:
  HttpCall(io::Loop& loop, Listener listener) : loop_(loop), listener_(std::move(listener)) {}
  Status connect(const tls::ClientContext* tls, const Url& url);
  void ready(std::uint32_t events);
  Status read_some();
  Status take_input();
  void flush();
  void finish(Status status);
  void finish_later(Status status);

  io::Loop& loop_;
  Listener listener_;
  io::Fd socket_;
  std::unique_ptr<tls::Client> tls_;
  std::string method_;
  std::string out_;
  std::size_t sent_ = 0;
  std::string input_;
  bool connected_ = false, has_head_ = false, ended_ = false, writes_ = true;
  egress::BodyMeter meter_;
  io::Loop::TimerId timer_ = 0;
};

}  // namespace agentos::mcp_remote
