// How many connections the agents of a family may have, and who gives way when there is no room.
#include "apps/egress/proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/io/socket.h"
#include "lib/egress/arrival.h"

namespace agentos::egress {
namespace {

class ProxyConnections : public testing::Test {
 protected:
  static std::pair<io::Fd, io::Fd> pair_of(int type) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    return {io::Fd(ends[0]), io::Fd(ends[1])};
  }

  void SetUp() override {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 4 * kConnectionsPerFamilyMax) GTEST_SKIP() << "too few descriptors";
    loop_ = std::move(*io::Loop::make());
    auto [kernel, control] = pair_of(SOCK_SEQPACKET);
    kernel_ = std::move(kernel);
    proxy_ = std::make_unique<Proxy>(*loop_, std::move(control), settings_, nullptr, random_, [] {});
    ASSERT_TRUE(proxy_->begin().has_value());
  }

  // The loop, until nothing more is to be done.
  void settle() {
    (void)loop_->after_ms(20, [this] { loop_->stop(); });
    ASSERT_TRUE(loop_->run().has_value());
  }

  // A channel of an agent; returns init's end.
  io::Fd agent(std::uint32_t number, const std::string& family) {
    auto [init, ours] = pair_of(SOCK_SEQPACKET);
    const int descriptor = ours.get();
    const std::string text = write_control({.verb = Verb::kChannel, .channel = number, .family = family});
    EXPECT_TRUE(io::send_with_fds(kernel_.get(), text, std::span<const int>(&descriptor, 1)).has_value());
    settle();
    return std::move(init);
  }

  // A connection of a program, to the proxy by name; returns the program's end.
  io::Fd connect(const io::Fd& init) {
    auto [program, ours] = pair_of(SOCK_STREAM);
    Arrival arrival;
    arrival.port = kProxyPort;
    arrival.address[0] = 127;
    arrival.address[3] = 1;
    const int descriptor = ours.get();
    const std::string_view packet(reinterpret_cast<const char*>(&arrival), sizeof arrival);
    for (int i = 0; i < 100; ++i) {
      if (io::send_with_fds(init.get(), packet, std::span<const int>(&descriptor, 1))) break;
      settle();
    }
    return std::move(program);
  }

  std::vector<io::Fd> connect_many(const io::Fd& init, std::size_t count) {
    std::vector<io::Fd> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(connect(init));
    settle();
    return out;
  }

  static bool is_open(const io::Fd& program) {
    char byte = 0;
    return ::recv(program.get(), &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
  }
  static std::size_t open_of(const std::vector<io::Fd>& programs) {
    return static_cast<std::size_t>(std::count_if(programs.begin(), programs.end(), is_open));
  }

  Settings settings_;
  SystemRandom random_;
  std::unique_ptr<io::Loop> loop_;
  io::Fd kernel_;
  std::unique_ptr<Proxy> proxy_;
};

TEST_F(ProxyConnections, agents_of_a_family_have_room_together) {
  const io::Fd first = agent(1, "family"), second = agent(2, "family"), third = agent(3, "family"),
               other = agent(4, "other");
  const auto of_first = connect_many(first, kConnectionsPerAgentMax);
  const auto of_second = connect_many(second, kConnectionsPerAgentMax);
  EXPECT_EQ(open_of(of_first) + open_of(of_second), kConnectionsPerFamilyMax);
  const auto of_third = connect_many(third, 100);
  EXPECT_EQ(open_of(of_third), 100U) << "who comes last is served";
  EXPECT_EQ(open_of(of_first), kConnectionsPerAgentMax - 100) << "the oldest that says nothing gives way";
  EXPECT_EQ(open_of(of_second), kConnectionsPerAgentMax);
  const auto of_other = connect_many(other, 10);
  EXPECT_EQ(open_of(of_other), 10U);
  EXPECT_EQ(open_of(of_first) + open_of(of_second) + open_of(of_third), kConnectionsPerFamilyMax);
}

TEST_F(ProxyConnections, one_agent_has_a_bound_and_what_speaks_is_kept) {
  const io::Fd init = agent(1, "family");
  auto programs = connect_many(init, kConnectionsPerAgentMax);
  // Whose request waits for the kernel's word is not silent.
  const std::string_view request = "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
  ASSERT_EQ(::send(programs[0].get(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  settle();
  const auto more = connect_many(init, 1);
  EXPECT_TRUE(is_open(programs[0]));
  EXPECT_FALSE(is_open(programs[1]));
  EXPECT_TRUE(is_open(more[0]));
}

}  // namespace
}  // namespace agentos::egress
