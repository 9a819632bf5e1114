// The door over real sockets: clients that behave, clients that do not, and many of them.
#include "server/unix_door/unix_door.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>

#include "abi/rpc.h"
#include "server/unix_door/scripted_session.h"

namespace agentos::unix_door {
namespace {

constexpr int kWaitMs = 10'000;

io::Fd connect_to(const std::string& path) {
  io::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return io::Fd();
  return socket;
}

void send_all(int socket, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t sent = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
    ASSERT_GT(sent, 0) << std::strerror(errno);
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool readable(int socket, int wait_ms = kWaitMs) {
  pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, wait_ms) == 1;
}

// One line without its newline; empty at the end of the stream. Descriptors that came with it are added to `received`.
std::string read_line(int socket, std::vector<io::Fd>* received = nullptr) {
  std::string line;
  for (;;) {
    if (!readable(socket)) return "<nothing came>";
    char octet = 0;
    alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))];
    iovec vector{&octet, 1};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return line;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int number = -1;
        std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
        io::Fd one(number);
        if (received != nullptr) received->push_back(std::move(one));
      }
    }
    if (octet == '\n') return line;
    line += octet;
  }
}

void send_with_descriptors(int socket, std::string_view octets, std::size_t count) {
  std::vector<io::Fd> descriptors;
  std::vector<int> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    descriptors.emplace_back(::eventfd(0, EFD_CLOEXEC));
    numbers.push_back(descriptors.back().get());
  }
  std::vector<char> control(CMSG_SPACE(count * sizeof(int)));
  iovec vector{const_cast<char*>(octets.data()), octets.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
  ASSERT_EQ(::sendmsg(socket, &message, MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
}

std::string request_line(int id, const std::string& method, const std::string& params = "{}") {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method + R"(","params":)" + params +
         "}\n";
}
std::string result(int id, const std::string& text) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" + text + "}";
}
std::string error_in(const std::string& line) {
  auto value = json::parse(line);
  if (!value || value->find("error") == nullptr) return "none in " + line;
  return std::string(value->find("error")->find("data")->string_or("error", "?"));
}

class Door : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/agentos-door-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    path_ = directory_ + "/run/kernel.sock";
    open({.socket = path_});
  }
  void TearDown() override {
    door_.reset();
    ::unlink((path_ + ".lock").c_str());
    ::rmdir((directory_ + "/run").c_str());
    ::rmdir(directory_.c_str());
  }
  void open(DoorOptions options) {
    door_.reset();
    auto door = UnixDoor::open(std::move(options), kernel_);
    ASSERT_TRUE(door.has_value()) << door.error().message;
    door_ = std::move(*door);
  }
  // A connection of an agent: the test's end of it.
  io::Fd agent(std::shared_ptr<abi::Session> session) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    EXPECT_TRUE(door_->adopt(io::Fd(ends[0]), std::move(session)).has_value());
    return io::Fd(ends[1]);
  }
  void wait_for_connections(std::size_t count) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWaitMs);
    while (door_->connections() != count && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(door_->connections(), count);
  }

  std::string directory_, path_;
  ScriptedKernel kernel_;
  std::unique_ptr<UnixDoor> door_;
};

TEST_F(Door, operators_are_known_by_their_peer_credentials) {
  const io::Fd client = connect_to(path_);
  send_all(client.get(), request_line(1, "echo", R"({"a":1})"));
  EXPECT_EQ(read_line(client.get()), result(1, R"({"a":1})"));
  ASSERT_EQ(kernel_.peers().size(), 1U);
  EXPECT_EQ(kernel_.peers()[0].uid, ::getuid());
  EXPECT_EQ(kernel_.peers()[0].pid, ::getpid());
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(Door, a_refused_peer_gets_one_error_line_and_is_closed) {
  kernel_.refuse();
  const io::Fd client = connect_to(path_);
  EXPECT_EQ(error_in(read_line(client.get())), "unauthenticated");
  EXPECT_EQ(read_line(client.get()), "");
}

TEST_F(Door, octets_one_by_one_are_a_request) {
  const io::Fd client = agent(std::make_shared<ScriptedSession>("agent-1"));
  for (const char octet : request_line(1, "echo")) send_all(client.get(), std::string_view(&octet, 1));
  EXPECT_EQ(read_line(client.get()), result(1, "{}"));
}

TEST_F(Door, answers_from_other_threads_arrive) {
  const io::Fd client = agent(std::make_shared<ScriptedSession>("agent-1"));
  std::string octets;
  for (int i = 0; i < 100; ++i) octets += request_line(i, "later");
  send_all(client.get(), octets);
  std::vector<bool> seen(100);
  for (int i = 0; i < 100; ++i) {
    auto reply = json::parse(read_line(client.get()));
    ASSERT_TRUE(reply.has_value());
    seen.at(static_cast<std::size_t>(reply->int_or("id", -1))) = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 100);
}

TEST_F(Door, a_half_closed_client_is_answered_and_then_closed) {
  auto session = std::make_shared<ScriptedSession>("agent-1");
  const io::Fd client = agent(session);
  send_all(client.get(), request_line(1, "hold") + request_line(2, "echo"));
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(read_line(client.get()), result(2, "{}"));
  session->release(session->held().at(0), {});
  EXPECT_EQ(read_line(client.get()), result(1, "{}"));
  EXPECT_EQ(read_line(client.get()), "");
  wait_for_connections(0);
}

TEST_F(Door, what_a_client_asked_before_it_left_is_carried_out) {
  auto session = std::make_shared<ScriptedSession>("agent-1");
  {
    const io::Fd client = agent(session);
    wait_for_connections(1);
    send_all(client.get(), request_line(1, "echo") + request_line(2, "hold") + request_line(3, "echo"));
  }
  wait_for_connections(0);
  EXPECT_EQ(session->started(), (std::vector<std::string>{"echo", "hold", "echo"}));
}

TEST_F(Door, a_client_that_never_reads_is_not_read_from_and_others_are_served) {
  auto session = std::make_shared<ScriptedSession>("agent-1");
  const io::Fd slow = agent(session);
  const timeval wait{.tv_sec = 0, .tv_usec = 200'000};
  ::setsockopt(slow.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  const std::string octets = request_line(1, "big", R"({"size":100000})");
  bool blocked = false;
  for (int i = 0; i < 100'000 && !blocked; ++i) blocked = ::send(slow.get(), octets.data(), octets.size(), 0) < 0;
  EXPECT_TRUE(blocked);
  EXPECT_LT(session->started().size(), 200U);
  const io::Fd other = agent(std::make_shared<ScriptedSession>("agent-2"));
  send_all(other.get(), request_line(1, "echo"));
  EXPECT_EQ(read_line(other.get()), result(1, "{}"));
  // Once it reads, it is served again.
  std::vector<char> sink(1 << 20);
  std::size_t lines = 0;
  while (lines <= 100 && readable(slow.get())) {
    const ssize_t got = ::recv(slow.get(), sink.data(), sink.size(), 0);
    ASSERT_GT(got, 0);
    lines += static_cast<std::size_t>(std::count(sink.begin(), sink.begin() + got, '\n'));
  }
  EXPECT_GT(lines, 100U);
}

TEST_F(Door, descriptors_travel_both_ways_with_their_line) {
  const io::Fd client = agent(std::make_shared<ScriptedSession>("agent-1"));
  send_all(client.get(), request_line(1, "echo"));
  send_with_descriptors(client.get(), request_line(2, "descriptors"), 3);
  send_all(client.get(), request_line(3, "descriptors"));
  std::vector<io::Fd> received;
  EXPECT_EQ(read_line(client.get(), &received), result(1, "{}"));
  EXPECT_TRUE(received.empty());
  EXPECT_EQ(read_line(client.get(), &received), result(2, R"({"count":3})"));
  EXPECT_EQ(received.size(), 3U);
  EXPECT_EQ(read_line(client.get(), &received), result(3, R"({"count":0})"));
  EXPECT_EQ(received.size(), 3U);
}

TEST_F(Door, too_many_descriptors_are_closed_and_refused) {
  const io::Fd client = agent(std::make_shared<ScriptedSession>("agent-1"));
  for (const std::size_t count : {std::size_t{9}, std::size_t{40}}) {
    send_with_descriptors(client.get(), request_line(1, "descriptors"), count);
    EXPECT_EQ(error_in(read_line(client.get())), "too_large") << count;
  }
  send_with_descriptors(client.get(), request_line(2, "descriptors"), 8);
  EXPECT_EQ(read_line(client.get()), result(2, R"({"count":8})"));
}

TEST_F(Door, operators_beyond_the_bound_get_an_error_line) {
  open({.socket = path_, .operator_connections_max = 4});
  std::vector<io::Fd> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(connect_to(path_));
  wait_for_connections(4);
  const io::Fd refused = connect_to(path_);
  EXPECT_EQ(error_in(read_line(refused.get())), "busy");
  clients.pop_back();
  wait_for_connections(3);
  const io::Fd next = connect_to(path_);
  send_all(next.get(), request_line(1, "echo"));
  EXPECT_EQ(read_line(next.get()), result(1, "{}"));
}

TEST_F(Door, many_agents_are_served_at_once) {
  constexpr std::size_t kAgents = 200;
  std::vector<io::Fd> clients;
  for (std::size_t i = 0; i < kAgents; ++i) clients.push_back(agent(std::make_shared<ScriptedSession>("agent")));
  for (const io::Fd& client : clients) send_all(client.get(), request_line(1, "echo") + request_line(2, "later"));
  for (const io::Fd& client : clients) {
    EXPECT_EQ(read_line(client.get()), result(1, "{}"));
    EXPECT_EQ(read_line(client.get()), result(2, "{}"));
  }
  clients.clear();
  wait_for_connections(0);
}

TEST_F(Door, running_out_of_descriptors_pauses_accepting_only) {
  const io::Fd first = connect_to(path_);
  send_all(first.get(), request_line(1, "echo"));
  EXPECT_EQ(read_line(first.get()), result(1, "{}"));
  io::Fd waiting(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  EXPECT_EQ(::connect(waiting.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  send_all(first.get(), request_line(2, "echo"));
  EXPECT_EQ(read_line(first.get()), result(2, "{}"));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  send_all(waiting.get(), request_line(3, "echo"));
  EXPECT_EQ(read_line(waiting.get()), result(3, "{}"));
}

TEST_F(Door, shutting_down_flushes_what_was_answered) {
  auto session = std::make_shared<ScriptedSession>("agent-1");
  const io::Fd client = agent(session);
  send_all(client.get(), request_line(1, "hold"));
  while (session->held().empty()) std::this_thread::yield();
  std::thread releasing([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    session->release(session->held().at(0), {});
  });
  door_->shutdown();
  releasing.join();
  EXPECT_EQ(read_line(client.get()), result(1, "{}"));
  EXPECT_EQ(read_line(client.get()), "");
  EXPECT_FALSE(connect_to(path_).valid());
  EXPECT_FALSE(door_->adopt(io::Fd(::eventfd(0, EFD_CLOEXEC)), session).has_value());
}

TEST_F(Door, the_kernel_ending_a_session_closes_its_connection) {
  auto session = std::make_shared<ScriptedSession>("agent-1");
  const io::Fd client = agent(session);
  send_all(client.get(), request_line(1, "echo"));
  EXPECT_EQ(read_line(client.get()), result(1, "{}"));
  session->notify("notifications/signal", "{}");
  session->end();
  EXPECT_EQ(read_line(client.get()), R"({"jsonrpc":"2.0","method":"notifications/signal","params":{}})");
  EXPECT_EQ(read_line(client.get()), "");
}

TEST_F(Door, a_second_kernel_on_a_socket_is_refused_and_a_dead_socket_is_replaced) {
  auto second = UnixDoor::open({.socket = path_}, kernel_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  const std::string dead = directory_ + "/dead.sock";
  {
    io::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, dead.c_str(), dead.size() + 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(listen_at(dead).has_value());
  ::unlink(dead.c_str());
  ::unlink((dead + ".lock").c_str());
  EXPECT_EQ(listen_at("/tmp/" + std::string(200, 'a')).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace agentos::unix_door
