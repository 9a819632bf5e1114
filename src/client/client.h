// Client: typed calls over one connection to a kernel. The C++ SDK's wire form, and what every verb of the CLI uses.
//
// One thread at a time. call() sends and waits; begin() and take() let a caller with a loop of its own poll
// descriptor() and pump(). Replies are read leniently (fields a newer kernel added are skipped), requests are checked
// by the kernel. Bounds: a line as on the wire; kReceivedDescriptorsMax descriptors with a reply; kUntakenMax replies
// nobody took.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/calls.h"
#include "abi/kernel_api.h"
#include "abi/rpc.h"
#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::client {

inline constexpr std::size_t kReceivedDescriptorsMax = 8;
inline constexpr std::size_t kUntakenMax = 1024;
inline constexpr int kNoTimeout = -1;

// What goes and comes beside a call's structs.
struct CallExtras {
  std::vector<int> descriptors;             // sent with the request; stay the caller's
  std::vector<io::Fd>* received = nullptr;  // descriptors of the reply; else they are closed
  int timeout_ms = kNoTimeout;              // kTimedOut beyond it; the call is cancelled
};

class Client {
 public:
  using Ticket = std::int64_t;

  // kernel not there: no_kernel.
  static Result<std::unique_ptr<Client>> connect(const std::string& socket_path);
  explicit Client(io::Fd socket);  // a connected stream socket, such as AGENTOS_SOCKET_FD names
  ~Client();

  template <class Request>
  Result<typename Request::Reply> call(const Request& request, const CallExtras& extras = {}) {
    typename Request::Reply reply;
    if (Status status = call_row(abi::row_of(abi::kCallOf<Request>), &request, &reply, extras); !status) {
      return std::unexpected(std::move(status).error());
    }
    return reply;
  }
  template <class Request>
  Result<Ticket> begin(const Request& request, const std::vector<int>& descriptors = {}) {
    std::string params;
    const abi::Row& row = abi::row_of(abi::kCallOf<Request>);
    row.request.encode(&request, params);
    return send(row.name, params, descriptors);
  }
  // Precondition: ready(ticket). Each ticket is taken once.
  template <class Request>
  Result<typename Request::Reply> take(Ticket ticket) {
    typename Request::Reply reply;
    if (Status status = take_row(abi::row_of(abi::kCallOf<Request>), ticket, &reply, nullptr); !status) {
      return std::unexpected(std::move(status).error());
    }
    return reply;
  }
  bool ready(Ticket ticket) const { return replies_.contains(ticket); }
  void cancel(Ticket ticket);

  // The struct of a call by its row, for callers that know the call only by name.
  Status call_row(const abi::Row& row, const void* request, void* reply, const CallExtras& extras);
  // A call by name with JSON on both sides.
  Result<json::Value> call_json(std::string_view method, const json::Value& params, const CallExtras& extras = {});

  // Waits at most timeout_ms (0: not at all) for octets and takes in what came. kClosed when the kernel hung up.
  Status pump(int timeout_ms);
  int descriptor() const { return socket_.get(); }
  // Called from pump() for what the kernel tells unasked. It must not use the client.
  void on_notification(std::function<void(const std::string& method, const json::Value& params)> notify) {
    notify_ = std::move(notify);
  }

 private:
  struct Reply {
    abi::rpc::Message message;
    std::vector<io::Fd> descriptors;
  };
  struct Arrival {
    std::uint64_t at;
    std::vector<io::Fd> descriptors;
  };

  Result<Ticket> send(std::string_view method, std::string_view params, const std::vector<int>& descriptors);
  Status send_octets(std::string_view octets, const std::vector<int>& descriptors);
  Status await(Ticket ticket, int timeout_ms);
  Result<Reply> take_reply(Ticket ticket);
  Status take_row(const abi::Row& row, Ticket ticket, void* reply, std::vector<io::Fd>* received);
  Status read_some();
  Status take_lines();
  Status take_line(std::string_view line, std::uint64_t line_end);

  io::Fd socket_;
  Ticket next_ticket_ = 1;
  std::string input_;         // octets of lines that have not ended
  std::size_t searched_ = 0;  // of input_, known to hold no newline
  std::uint64_t received_octets_ = 0;
  std::vector<Arrival> arrivals_;
  std::map<Ticket, Reply> replies_;
  std::function<void(const std::string&, const json::Value&)> notify_;
};

// Removes members that `structure` does not know, however deep: what a newer kernel added.
void prune_unknown(json::Value& value, const abi::StructInfo& structure);

// Says hello; `note` gets a sentence when the kernel is of another version. version_mismatch when its table is older
// than what the client cannot do without.
Result<abi::HelloReply> say_hello(Client& client, std::string_view program,
                                  const std::function<void(std::string_view)>& note);

}  // namespace agentos::client
