// A kernel with an egress proxy for which public names lead to servers of this test on loopback. Nothing leaves the
// host: the proxy is told by its settings' `rehearsal` where each public address is.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/io/file.h"
#include "base/io/socket.h"
#include "lib/recorder/reader.h"
#include "tests/syscalls/world.h"

namespace agentos::test {

// An HTTP/1.1 server that keeps connections, answers "hello" (or what `answer` says) and remembers heads of requests.
class HttpServer {
 public:
  using Answer = std::function<std::string(const std::string& head)>;
  explicit HttpServer(Answer answer = {}) : answer_(std::move(answer)) {
    listener_ = io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(listener_.get(), 64) == 0);
    CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer() {
    stopping_ = true;
    thread_.join();
    for (std::thread& one : serving_) one.join();
  }

  std::uint16_t port() const { return port_; }
  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }
  int connections() const { return connections_; }

 private:
  static constexpr int kStepMs = 20;
  bool readable(int fd) const {
    while (!stopping_) {
      pollfd watched{fd, POLLIN, 0};
      if (::poll(&watched, 1, kStepMs) > 0) return true;
    }
    return false;
  }
  void accept_all() {
    while (readable(listener_.get())) {
      io::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) continue;
      ++connections_;
      serving_.emplace_back([this, fd = std::move(client)] { serve(fd.get()); });
    }
  }
  void serve(int fd) {
    std::string input;
    char part[4096];
    while (readable(fd)) {
      const ssize_t got = ::recv(fd, part, sizeof part, 0);
      if (got <= 0) return;
      input.append(part, static_cast<std::size_t>(got));
      for (std::size_t end = 0; (end = input.find("\r\n\r\n")) != std::string::npos;) {
        const std::string head = input.substr(0, end + 4);
        input.erase(0, end + 4);
        {
          const std::lock_guard lock(mutex_);
          heads_.push_back(head);
        }
        const std::string answer =
            answer_ ? answer_(head) : std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
      }
    }
  }

  Answer answer_;
  io::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
  std::vector<std::thread> serving_;
  std::mutex mutex_;
  std::vector<std::string> heads_;
};

// Hears what names the proxy asks about; answers nothing.
class NameServer {
 public:
  NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const { return port_; }
  int heard() const {
    char octets[4096];
    int count = 0;
    while (::recv(socket_.get(), octets, sizeof octets, 0) > 0) ++count;
    return count;
  }

 private:
  io::Fd socket_;
  std::uint16_t port_ = 0;
};

inline const net::IpAddress kPublicAddress = net::IpAddress::v4(0x5db8d70e);  // 93.184.215.14

inline std::string own_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

// Settings for which api.example.com is a public address whose port 80 is `server`.
inline kernel::EgressOptions egress_to(const HttpServer& server) {
  kernel::EgressOptions out;
  const char* given = std::getenv("AGENTOS_EGRESS");
  out.program = given != nullptr ? given : own_folder() + "/agentos-egress";
  out.settings.hosts["api.example.com"] = {kPublicAddress};
  out.settings.hosts["inside.example.com"] = {net::IpAddress::v4(0x7f000001)};
  out.settings.hosts["mixed.example.com"] = {kPublicAddress, net::IpAddress::v4(0x0a000001)};
  out.settings.rehearsal[{kPublicAddress, 80}] = {net::IpAddress::v4(0x7f000001), server.port()};
  out.settings.rehearsal[{kPublicAddress, 8080}] = {net::IpAddress::v4(0x7f000001), server.port()};
  return out;
}

inline constexpr std::string_view kOneHost = R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: one-host}
spec:
  rules:
    - {name: one-host, syscalls: [connect], arguments: {host: {host: [api.example.com]}}, action: allow}
    - name: reading-it
      syscalls: [http_request]
      arguments: {host: {host: [api.example.com]}, method: {in: [GET, HEAD]}}
      action: allow
)";

class EgressWorld {
 public:
  explicit EgressWorld(kernel::EgressOptions egress, recorder::Mode mode = recorder::Mode::kEffects) {
    WorldOptions options;
    options.kernel.egress = std::move(egress);
    options.kernel.recorder.mode = mode;
    world_ = std::make_unique<World>(Way::kInProcess, std::move(options));
    operator_ = world_->operator_caller();
  }

  struct Ended {
    std::int64_t code = -1;
    std::string output;
  };
  // `script` in Python, with a network by the proxy, until its end.
  Ended python(const std::string& script, std::string_view policy = kOneHost, const std::string& network = "proxy") {
    return run({"/usr/bin/python3", "-B", "-c", script}, policy, network);
  }
  Ended run(std::vector<std::string> command, std::string_view policy = kOneHost,
            const std::string& network = "proxy") {
    const json::Value agent = start(std::move(command), policy, network);
    Ended ended;
    const json::Value exit =
        operator_->must("wait", {{"agent", std::string(agent.string_or("agent", "?"))}, {"timeout_ms", 60'000}});
    ended.code = exit.int_or("code", -1);
    if (auto text = io::read_file(std::string(agent.string_or("output", "")), 1 << 20)) ended.output = *text;
    return ended;
  }
  json::Value start(std::vector<std::string> command, std::string_view policy = kOneHost,
                    const std::string& network = "proxy") {
    const std::string profile =
        "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: online}\nextends: agent-default\nnetwork: " + network +
        "\n";
    return world_->spawn(std::move(command), policy,
                         {{"profile", json::Object{{"file", "online.yaml"}, {"text", profile}}}});
  }
  // Entries of the record about `call`, of one kind: "intent", "outcome", "refused".
  std::vector<json::Value> entries(std::string_view kind, std::string_view call) {
    std::vector<json::Value> out;
    for (json::Value& entry : record()) {
      if (entry.string_or("kind", "") == kind && entry.string_or("call", "") == call) out.push_back(std::move(entry));
    }
    return out;
  }
  // Everything that was recorded, with what it was recorded about as "opening".
  std::vector<json::Value> record() {
    (void)world_->log();  // waits for the disk
    std::vector<json::Value> out;
    const Status read =
        recorder::read_log(world_->folder() + "/state/log", {}, [&](const recorder::StoredEntry& entry) {
          json::Value leaf = *json::parse(entry.leaf);
          if (entry.opening) leaf.as_object()["opening"] = *json::parse(*entry.opening);
          out.push_back(std::move(leaf));
          return true;
        });
    EXPECT_TRUE(read.has_value());
    return out;
  }
  World& world() { return *world_; }
  Caller& by_operator() { return *operator_; }

 private:
  std::unique_ptr<World> world_;
  std::unique_ptr<Caller> operator_;
};

}  // namespace agentos::test
