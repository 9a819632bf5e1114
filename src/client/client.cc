// Lines out, lines in, and replies by ticket.
#include "client/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/io/socket.h"
#include "base/json/value.h"

namespace agentos::client {

namespace rpc = abi::rpc;

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kControlDescriptorsMax = 16;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Result<bool> wait_for(int socket, short what, int timeout_ms) {
  pollfd one{.fd = socket, .events = what, .revents = 0};
  const int count = ::poll(&one, 1, timeout_ms);
  if (count < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for the kernel");
  return count > 0;
}

std::unexpected<Error> hung_up() {
  return fail(ErrorCode::kClosed, "the kernel closed the connection", "its log says why: agentos log show --last 20");
}

// Requests carry the environment and open descriptors: they are not for a program of another user that got hold of the
// path, as in a shared XDG_RUNTIME_DIR.
Status check_listener(int socket, const std::string& path) {
  const io::PeerCredentials peer = TRY(io::peer_credentials(socket));
  if (peer.uid == ::geteuid()) return {};
  return fail(abi::error::unauthenticated,
              "who listens at " + path + " is a program of user " + std::to_string(peer.uid) + ", not yours",
              "set AGENTOS_SOCKET or XDG_RUNTIME_DIR to a place only you can write");
}

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::kInvalidArgument, "a socket's path must have 1 to 107 octets: " + socket_path);
  }
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  io::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return fail_errno(errno, "cannot make a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(abi::error::no_kernel, "no kernel answers at " + socket_path + ": " + std::strerror(errno),
                "start one: agentos serve");
  }
  TRY(check_listener(socket.get(), socket_path));
  return std::make_unique<Client>(std::move(socket));
}

Client::Client(io::Fd socket) : socket_(std::move(socket)) {}
Client::~Client() = default;

Result<Client::Ticket> Client::send(std::string_view method, std::string_view params,
                                    const std::vector<int>& descriptors) {
  const Ticket ticket = next_ticket_++;
  std::string line;
  rpc::write_request(line, ticket, method, params);
  if (line.size() > rpc::kLineBytesMax + 1) {
    return fail(ErrorCode::kTooLarge, "the request does not fit into a line of 1048576 octets",
                "send big data in ranges");
  }
  TRY(send_octets(line, descriptors));
  return ticket;
}

Status Client::send_octets(std::string_view octets, const std::vector<int>& descriptors) {
  if (descriptors.size() > kReceivedDescriptorsMax) {
    return fail(ErrorCode::kTooLarge, "at most 8 descriptors go with a request");
  }
  alignas(cmsghdr) char control[CMSG_SPACE(kReceivedDescriptorsMax * sizeof(int))] = {};
  bool with_descriptors = !descriptors.empty();
  while (!octets.empty()) {
    iovec vector{const_cast<char*>(octets.data()), octets.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (with_descriptors) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
      std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
    }
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      octets.remove_prefix(static_cast<std::size_t>(sent));
      with_descriptors = false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // The kernel stops reading from a client that does not read its replies: read while waiting to write.
      TRY(wait_for(socket_.get(), POLLIN | POLLOUT, kNoTimeout));
      if (TRY(wait_for(socket_.get(), POLLIN, 0))) TRY(pump(0));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return hung_up();
    } else if (errno != EINTR) {
      return fail_errno(errno, "cannot send to the kernel");
    }
  }
  return {};
}

void Client::cancel(Ticket ticket) {
  std::string line;
  rpc::write_notification(line, "notifications/cancelled", "{\"id\":" + std::to_string(ticket) + "}");
  (void)send_octets(line, {});  // a connection that broke has cancelled it already
}

Status Client::await(Ticket ticket, int timeout_ms) {
  const std::int64_t until = now_ms() + timeout_ms;
  while (!ready(ticket)) {
    int wait_ms = kNoTimeout;
    if (timeout_ms != kNoTimeout) {
      wait_ms = static_cast<int>(std::max<std::int64_t>(0, until - now_ms()));
      if (wait_ms == 0) {
        cancel(ticket);
        return fail(ErrorCode::kTimedOut, "the kernel did not answer within " + std::to_string(timeout_ms) + " ms");
      }
    }
    TRY(pump(wait_ms));
  }
  return {};
}

Result<Client::Reply> Client::take_reply(Ticket ticket) {
  const auto found = replies_.find(ticket);
  CHECK(found != replies_.end());
  Reply reply = std::move(found->second);
  replies_.erase(found);
  if (!reply.message.is_error) return reply;
  return std::unexpected(rpc::error_of(reply.message.error));
}

Status Client::take_row(const abi::Row& row, Ticket ticket, void* reply, std::vector<io::Fd>* received) {
  Reply answer = TRY(take_reply(ticket));
  prune_unknown(answer.message.result, *row.reply.info);
  if (Status status = row.reply.decode(answer.message.result, reply); !status) {
    return fail(abi::error::version_mismatch,
                "the kernel's reply to " + std::string(row.name) + " is not understood: " + status.error().message,
                "client and kernel are of different versions; restart the kernel");
  }
  if (received != nullptr) *received = std::move(answer.descriptors);
  return {};
}

Status Client::call_row(const abi::Row& row, const void* request, void* reply, const CallExtras& extras) {
  std::string params;
  row.request.encode(request, params);
  const Ticket ticket = TRY(send(row.name, params, extras.descriptors));
  TRY(await(ticket, extras.timeout_ms));
  return take_row(row, ticket, reply, extras.received);
}

Result<json::Value> Client::call_json(std::string_view method, const json::Value& params, const CallExtras& extras) {
  const Ticket ticket = TRY(send(method, json::write(params), extras.descriptors));
  TRY(await(ticket, extras.timeout_ms));
  Reply answer = TRY(take_reply(ticket));
  if (extras.received != nullptr) *extras.received = std::move(answer.descriptors);
  return std::move(answer.message.result);
}

Status Client::pump(int timeout_ms) {
  if (!TRY(wait_for(socket_.get(), POLLIN, timeout_ms))) return {};
  TRY(read_some());
  return take_lines();
}

Status Client::read_some() {
  std::array<char, kReadBytes> buffer;
  alignas(cmsghdr) char control[CMSG_SPACE(kControlDescriptorsMax * sizeof(int))];
  iovec vector{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {};
  if (got <= 0) return hung_up();
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  received_octets_ += static_cast<std::uint64_t>(got);
  std::vector<io::Fd> descriptors;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      descriptors.emplace_back(number);
    }
  }
  if (!descriptors.empty()) arrivals_.push_back({received_octets_ - 1, std::move(descriptors)});
  return {};
}

Status Client::take_lines() {
  std::size_t begin = 0;
  for (std::size_t end = input_.find('\n', searched_); end != std::string::npos; end = input_.find('\n', begin)) {
    const std::uint64_t line_end = received_octets_ - (input_.size() - end - 1);
    TRY(take_line(std::string_view(input_).substr(begin, end - begin), line_end));
    begin = end + 1;
  }
  input_.erase(0, begin);
  searched_ = input_.size();
  if (input_.size() > rpc::kLineBytesMax) return fail(ErrorCode::kTooLarge, "the kernel sent a line that is too long");
  return {};
}

Status Client::take_line(std::string_view line, std::uint64_t line_end) {
  std::vector<io::Fd> descriptors;
  while (!arrivals_.empty() && arrivals_.front().at < line_end) {
    for (io::Fd& one : arrivals_.front().descriptors) {
      if (descriptors.size() < kReceivedDescriptorsMax) descriptors.push_back(std::move(one));
    }
    arrivals_.erase(arrivals_.begin());
  }
  auto message = rpc::parse(line);
  if (!message) {
    return fail(ErrorCode::kMalformed, "the kernel sent a line that is no message: " + message.error().error.message);
  }
  if (message->kind == rpc::Message::Kind::kNotification) {
    if (notify_) notify_(message->method, message->params);
    return {};
  }
  if (message->kind != rpc::Message::Kind::kResponse) return {};
  if (const auto* ticket = std::get_if<std::int64_t>(&message->id)) {
    if (replies_.size() >= kUntakenMax) replies_.erase(replies_.begin());
    replies_.insert_or_assign(*ticket, Reply{std::move(*message), std::move(descriptors)});
    return {};
  }
  if (message->is_error) return std::unexpected(rpc::error_of(message->error));  // about the connection itself
  return {};
}

void prune_unknown(json::Value& value, const abi::StructInfo& structure) {
  if (!value.is_object()) return;
  std::vector<std::string> unknown;
  for (auto& [key, member] : value.as_object()) {
    const auto field = std::find_if(structure.fields.begin(), structure.fields.end(),
                                    [&key = key](const abi::FieldInfo& one) { return one.name == key; });
    if (field == structure.fields.end()) {
      unknown.push_back(key);
    } else if (field->structure != nullptr && member.is_array()) {
      for (json::Value& item : member.as_array()) prune_unknown(item, *field->structure);
    } else if (field->structure != nullptr) {
      prune_unknown(member, *field->structure);
    }
  }
  for (const std::string& key : unknown) value.as_object().erase(key);
}

Result<abi::HelloReply> say_hello(Client& client, std::string_view program,
                                  const std::function<void(std::string_view)>& note) {
  abi::HelloRequest request;
  request.client = std::string(program);
  request.version = AGENTOS_VERSION;
  request.abi = abi::kAbiRevision;
  abi::HelloReply reply = TRY(client.call(request));
  if (note && (reply.version != AGENTOS_VERSION || reply.abi != abi::kAbiRevision)) {
    note("the kernel is version " + reply.version + " (table " + std::to_string(reply.abi) + "), this client " +
         AGENTOS_VERSION + " (table " + std::to_string(abi::kAbiRevision) + "); both keep to the calls they both know");
  }
  return reply;
}

}  // namespace agentos::client
