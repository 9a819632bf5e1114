// The client against a scripted peer on the other end of a socketpair.
#include "client/client.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>

namespace agentos::client {
namespace {

// The kernel's end: reads lines, sends what it is told to.
class Peer {
 public:
  explicit Peer(io::Fd socket) : socket_(std::move(socket)) {}
  json::Value read() {
    std::string line;
    char octet = 0;
    while (::recv(socket_.get(), &octet, 1, 0) == 1 && octet != '\n') line += octet;
    return json::parse(line).value_or(json::Value());
  }
  void send(const std::string& octets, const std::vector<int>& descriptors = {}) {
    std::vector<char> control(CMSG_SPACE(std::max<std::size_t>(1, descriptors.size()) * sizeof(int)));
    iovec vector{const_cast<char*>(octets.data()), octets.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
      std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
    }
    EXPECT_EQ(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
  }
  void hang_up() { socket_.reset(); }

 private:
  io::Fd socket_;
};

struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client = std::make_unique<Client>(io::Fd(ends[0]));
    peer = std::make_unique<Peer>(io::Fd(ends[1]));
  }
  std::unique_ptr<Client> client;
  std::unique_ptr<Peer> peer;
};

std::string result(int id, const std::string& text) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" + text + "}\n";
}

TEST(Client, a_typed_call_comes_back_typed) {
  Pair pair;
  std::thread kernel([&] {
    const json::Value request = pair.peer->read();
    EXPECT_EQ(request.string_or("method", ""), "seek");
    EXPECT_EQ(request.find("params")->int_or("handle", 0), 4);
    pair.peer->send(result(1, R"({"offset":17})"));
  });
  abi::SeekRequest request;
  request.handle = 4;
  const auto reply = pair.client->call(request);
  kernel.join();
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->offset, 17);
}

TEST(Client, an_error_comes_back_with_its_code_hint_and_facts) {
  Pair pair;
  std::string line;
  abi::rpc::write_error(line, std::int64_t{1}, Error{abi::error::denied, "policy says no", "ask the operator"},
                        json::Object{{"rule", "p/r"}});
  pair.peer->send(line);
  const auto reply = pair.client->call(abi::PsRequest{});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, abi::error::denied);
  EXPECT_EQ(reply.error().message, "policy says no");
  EXPECT_EQ(reply.error().hint, "ask the operator");
}

TEST(Client, replies_in_any_order_find_their_requests) {
  Pair pair;
  const auto first = pair.client->begin(abi::SeekRequest{});
  const auto second = pair.client->begin(abi::SeekRequest{});
  pair.peer->send(result(2, R"({"offset":2})") + result(1, R"({"offset":1})"));
  while (!pair.client->ready(*first)) ASSERT_TRUE(pair.client->pump(1000).has_value());
  EXPECT_EQ(pair.client->take<abi::SeekRequest>(*second)->offset, 2);
  EXPECT_EQ(pair.client->take<abi::SeekRequest>(*first)->offset, 1);
  EXPECT_FALSE(pair.client->ready(*first));
}

TEST(Client, fields_of_a_newer_kernel_are_skipped_and_missing_ones_are_a_version_error) {
  Pair pair;
  pair.peer->send(result(1, R"({"offset":3,"future":{"a":1}})") + result(2, "{}"));
  EXPECT_EQ(pair.client->call(abi::SeekRequest{})->offset, 3);
  EXPECT_EQ(pair.client->call(abi::SeekRequest{}).error().code, abi::error::version_mismatch);
}

TEST(Client, pruning_reaches_nested_lists) {
  auto value = json::parse(R"({"x":1,"tools":[{"name":"a","y":2}]})").value();
  prune_unknown(value, *abi::row_of(abi::Call::kTools).reply.info);
  EXPECT_EQ(json::write(value), R"({"tools":[{"name":"a"}]})");
}

TEST(Client, a_timeout_cancels_the_call) {
  Pair pair;
  CallExtras extras;
  extras.timeout_ms = 30;
  EXPECT_EQ(pair.client->call(abi::WaitRequest{}, extras).error().code, ErrorCode::kTimedOut);
  EXPECT_EQ(pair.peer->read().string_or("method", ""), "wait");
  const json::Value cancelled = pair.peer->read();
  EXPECT_EQ(cancelled.string_or("method", ""), "notifications/cancelled");
  EXPECT_EQ(cancelled.find("params")->int_or("id", 0), 1);
}

TEST(Client, a_kernel_that_hangs_up_is_an_error) {
  Pair pair;
  pair.peer->hang_up();
  EXPECT_EQ(pair.client->call(abi::PsRequest{}).error().code, ErrorCode::kClosed);
}

TEST(Client, descriptors_go_and_come_with_their_line) {
  Pair pair;
  const io::Fd event(::eventfd(0, EFD_CLOEXEC));
  pair.peer->send(result(1, R"({"offset":1})"));
  pair.peer->send(result(2, R"({"offset":2})"), {event.get(), event.get()});
  std::vector<io::Fd> received;
  CallExtras extras;
  extras.received = &received;
  extras.descriptors = {event.get()};
  EXPECT_TRUE(pair.client->call(abi::SeekRequest{}, extras).has_value());
  EXPECT_EQ(received.size(), 0U);
  EXPECT_TRUE(pair.client->call(abi::SeekRequest{}, extras).has_value());
  EXPECT_EQ(received.size(), 2U);
}

TEST(Client, notifications_are_told) {
  Pair pair;
  std::string told;
  pair.client->on_notification(
      [&](const std::string& method, const json::Value& params) { told = method + json::write(params); });
  pair.peer->send(R"({"jsonrpc":"2.0","method":"notifications/signal","params":{"signal":"SIGINT"}})"
                  "\n" +
                  result(1, R"({"offset":1})"));
  EXPECT_TRUE(pair.client->call(abi::SeekRequest{}).has_value());
  EXPECT_EQ(told, R"(notifications/signal{"signal":"SIGINT"})");
}

TEST(Client, what_is_no_message_ends_the_connection_with_an_error) {
  Pair pair;
  pair.peer->send("nonsense\n");
  EXPECT_EQ(pair.client->call(abi::PsRequest{}).error().code, ErrorCode::kMalformed);
}

TEST(Client, hello_notes_another_version) {
  Pair pair;
  pair.peer->send(
      result(1, R"({"version":"9.9.9","abi":77,"calls":[],"state":"running","agent":"","role":"operator"})"));
  std::string noted;
  const auto reply = say_hello(*pair.client, "test", [&](std::string_view text) { noted = text; });
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_NE(noted.find("9.9.9"), std::string::npos);
}

TEST(Client, nobody_at_the_socket_is_no_kernel) {
  EXPECT_EQ(Client::connect("/nonexistent/kernel.sock").error().code, abi::error::no_kernel);
  EXPECT_EQ(Client::connect(std::string(200, 'x')).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace agentos::client
