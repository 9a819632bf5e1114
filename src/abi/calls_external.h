// Requests and replies of the rows for effects that others make on an agent's behalf: connect http_request
// secret_use. Their makers are the egress proxy and the secret store.
#pragma once

#include <string>
#include <vector>

#include "abi/calls_files.h"
#include "abi/field.h"

namespace agentos::abi {

struct ConnectReply {
  std::string address;
  static constexpr auto kFields =
      std::tuple{Required<&ConnectReply::address>{"address", "The address it was connected to."}};
};
struct ConnectRequest {
  using Reply = ConnectReply;
  std::string host;
  std::int64_t port = 0;
  std::vector<std::string> addresses;
  std::string process;
  static constexpr auto kFields = std::tuple{
      Required<&ConnectRequest::host>{"host", "Canonical host name or address.", {.size_max = 255}},
      Required<&ConnectRequest::port>{"port", "TCP port.", {.minimum = 1, .maximum = 65535}},
      Optional<&ConnectRequest::addresses>{"addresses", "What the name resolved to, once.", {.size_max = 64}},
      Optional<&ConnectRequest::process>{"process", "The program that asks.", {.size_max = 4096}}};
};

struct HttpRequestReply {
  std::int64_t status = 0;
  static constexpr auto kFields = std::tuple{Required<&HttpRequestReply::status>{"status", "HTTP status."}};
};
struct HttpRequestRequest {
  using Reply = HttpRequestReply;
  std::string method;
  std::string scheme;
  std::string host;
  std::int64_t port = 0;
  std::string path;
  std::int64_t body_bytes = 0;
  static constexpr auto kFields =
      std::tuple{Required<&HttpRequestRequest::method>{"method", "HTTP method.", {.size_max = 32}},
                 Required<&HttpRequestRequest::scheme>{"scheme", "http or https.", {.size_max = 8}},
                 Required<&HttpRequestRequest::host>{"host", "Canonical host.", {.size_max = 255}},
                 Required<&HttpRequestRequest::port>{"port", "TCP port.", {.minimum = 1, .maximum = 65535}},
                 Required<&HttpRequestRequest::path>{"path", "Path and query.", {.size_max = 8192}},
                 Optional<&HttpRequestRequest::body_bytes>{"body_bytes", "Size of the body.", {.minimum = 0}}};
};

struct SecretUseRequest {
  using Reply = EmptyReply;
  std::string secret;
  std::string host;
  static constexpr auto kFields =
      std::tuple{Required<&SecretUseRequest::secret>{"secret", "Its name, never its value.", {.size_max = 128}},
                 Required<&SecretUseRequest::host>{"host", "Where it is sent.", {.size_max = 255}}};
};
using SecretUseReply = EmptyReply;

}  // namespace agentos::abi
