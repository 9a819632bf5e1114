// RequestReader: octets of a connection to requests of HTTP/1.0 and 1.1, one after the other, with named bounds.
//
// Read as lib/egress reads heads: what two programs have been known to read differently is refused, not repaired. A
// field that the endpoint goes by must not stand twice. One thread.
#pragma once

#include <string>
#include <string_view>

#include "lib/egress/body_meter.h"
#include "server/mcp_door/http/exchange.h"

namespace agentos::mcp_http {

class RequestReader {
 public:
  explicit RequestReader(const Limits& limits) : limits_(limits) {}

  enum class Step : std::uint8_t {
    kNeedMore,
    kHead,     // request() is there; read on for its body
    kWhole,    // take_request(), take_body()
    kRefused,  // status(), what(): the connection is of no more use
  };
  // Takes octets off the front of `input`.
  Step read(std::string& input);

  const Request& request() const { return request_; }
  Request take_request() { return std::move(request_); }
  std::string take_body() { return std::move(body_); }
  int status() const { return status_; }
  const std::string& what() const { return what_; }
  enum class At : std::uint8_t { kStart, kHead, kBody };
  At at() const { return at_; }

 private:
  Step refuse(int status, std::string what);
  Step refuse(const Error& error);
  Step read_head(std::string& input);
  Step read_body(std::string& input);
  Status take_first_line(std::string_view line);

  const Limits& limits_;
  At at_ = At::kStart;
  Request request_;
  egress::BodyMeter meter_;
  std::string body_;
  int status_ = 0;
  std::string what_;
};

}  // namespace agentos::mcp_http
