// Listening, passing descriptors, and knowing the peer.
#include "base/io/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/io/file.h"

namespace agentos::io {
namespace {

class Sockets : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/socket_test.XXXXXX";  // short: socket paths have 107 bytes at most
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::string folder_;
};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
bool closes_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
std::size_t open_descriptors() { return list_directory("/proc/self/fd")->size(); }

TEST_F(Sockets, connect_reaches_the_listener) {
  const auto listener = listen_unix(at("s"), 0600, 4);
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  struct stat status{};
  ASSERT_EQ(stat(at("s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto client = connect_unix(at("s"));
  ASSERT_TRUE(client.has_value()) << client.error().message;
  const Fd served(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(served.valid());
  EXPECT_TRUE(closes_on_exec(listener->get()) && closes_on_exec(client->get()));
  const auto peer = peer_credentials(served.get());
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::getuid());
  EXPECT_EQ(peer->gid, ::getgid());
}

TEST_F(Sockets, replaces_a_path_left_behind_but_not_a_living_server) {
  {
    const auto gone = listen_unix(at("s"), 0600, 4);
  }
  auto listener = listen_unix(at("s"), 0600, 4);
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  EXPECT_EQ(listen_unix(at("s"), 0600, 4).error().code, ErrorCode::kAlreadyExists);
  EXPECT_TRUE(connect_unix(at("s")).has_value());
  ASSERT_TRUE(write_file_atomic(at("file"), "precious", 0600));
  EXPECT_EQ(listen_unix(at("file"), 0600, 4).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(*read_file(at("file"), 100), "precious");
}

TEST_F(Sockets, says_why_it_cannot_connect) {
  EXPECT_EQ(connect_unix(at("absent")).error().code, ErrorCode::kNotFound);
  {
    const auto gone = listen_unix(at("s"), 0600, 4);
  }
  EXPECT_EQ(connect_unix(at("s")).error().code, ErrorCode::kClosed);
  EXPECT_EQ(connect_unix(at(std::string(120, 'x'))).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(listen_unix("", 0600, 4).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Sockets, passes_descriptors_with_octets) {
  const auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  ASSERT_TRUE(write_file_atomic(at("file"), "through the socket", 0600));
  const Fd file(::open(at("file").c_str(), O_RDONLY | O_CLOEXEC));
  const std::array<int, 1> fds{file.get()};
  EXPECT_EQ(*send_with_fds(pair->first.get(), "hello", fds), 5u);
  std::array<char, 16> buffer;
  const auto received = receive_with_fds(pair->second.get(), buffer, 1);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(std::string_view(buffer.data(), received->size), "hello");
  ASSERT_EQ(received->fds.size(), 1u);
  EXPECT_EQ(received->fds_closed, 0u);
  EXPECT_TRUE(closes_on_exec(received->fds[0].get()));
  std::array<char, 32> content;
  EXPECT_EQ(::read(received->fds[0].get(), content.data(), content.size()), 18);
  EXPECT_TRUE(is_open(file.get()));
}

TEST_F(Sockets, closes_descriptors_it_did_not_expect) {
  const auto pair = socket_pair();
  const std::size_t before = open_descriptors();
  const std::array<int, 3> three{0, 1, 2};
  ASSERT_TRUE(send_with_fds(pair->first.get(), "x", three));
  std::array<char, 16> buffer;
  {
    const auto received = receive_with_fds(pair->second.get(), buffer, 1);
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->fds.size(), 1u);
    EXPECT_EQ(received->fds_closed, 2u);
    EXPECT_EQ(open_descriptors(), before + 1);
  }
  ASSERT_TRUE(send_with_fds(pair->first.get(), "x", three));
  EXPECT_EQ(receive_with_fds(pair->second.get(), buffer, 0)->fds_closed, 3u);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Sockets, a_flood_of_descriptors_leaves_none_open) {
  const auto pair = socket_pair();
  const std::size_t before = open_descriptors();
  std::array<int, 40> many;
  many.fill(0);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof many)> control{};
  char octet = 'x';
  iovec part{&octet, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof many);
  std::memcpy(CMSG_DATA(header), many.data(), sizeof many);
  ASSERT_EQ(::sendmsg(pair->first.get(), &message, 0), 1);
  std::array<char, 16> buffer;
  EXPECT_GE(receive_with_fds(pair->second.get(), buffer, 0)->fds_closed, 8u);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Sockets, refuses_too_many_descriptors_and_empty_content) {
  const auto pair = socket_pair();
  const std::array<int, 9> nine{};
  EXPECT_EQ(send_with_fds(pair->first.get(), "x", nine).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(send_with_fds(pair->first.get(), "", {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(*send_with_fds(pair->first.get(), "x", std::span(nine).first(8)), 1u);
}

TEST_F(Sockets, tells_closed_from_would_block) {
  auto pair = socket_pair();
  ASSERT_TRUE(set_nonblocking(pair->first.get()));
  std::array<char, 16> buffer;
  EXPECT_EQ(receive_with_fds(pair->first.get(), buffer, 0).error().code, ErrorCode::kBusy);
  pair->second.reset();
  EXPECT_EQ(receive_with_fds(pair->first.get(), buffer, 0)->size, 0u);
  EXPECT_EQ(send_with_fds(pair->first.get(), "x", {}).error().code, ErrorCode::kClosed);
}

TEST_F(Sockets, gives_a_pidfd_of_the_peer_where_linux_can) {
  const auto pair = socket_pair();
  const auto pidfd = peer_pidfd(pair->first.get());
  if (!pidfd) {
    EXPECT_EQ(pidfd.error().code, ErrorCode::kUnsupported);
    GTEST_SKIP() << pidfd.error().message;
  }
  const std::string status = *read_file("/proc/self/fdinfo/" + std::to_string(pidfd->get()), 4096);
  EXPECT_NE(status.find("Pid:\t" + std::to_string(::getpid()) + "\n"), std::string::npos) << status;
  EXPECT_TRUE(closes_on_exec(pidfd->get()));
}

}  // namespace
}  // namespace agentos::io
