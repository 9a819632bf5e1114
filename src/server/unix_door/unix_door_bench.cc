// What the door itself costs: a call and its answer against a bare echo of the same octets, and calls a second from
// eight pipelining clients. The session answers at once, so no kernel is measured. Prints one JSON object.
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "server/unix_door/scripted_session.h"
#include "server/unix_door/unix_door.h"

namespace agentos::unix_door {
namespace {

constexpr int kRoundTrips = 100'000;
constexpr int kClients = 8;
constexpr int kDepth = 32;
constexpr int kCallsEach = 100'000;

class QuickSession final : public abi::Session {
 public:
  Status call(abi::Call, const void*, void*, std::vector<io::Fd>*) override { return {}; }
  void submit(std::uint64_t, std::string, json::Value, std::vector<io::Fd>, abi::CallDone done) override {
    abi::CallOutput output;
    output.reply_json = "{\"size\":5}";
    done(std::move(output));
  }
  void cancel(std::uint64_t) override {}
  void reject(const Error&) override {}
  void on_notification(std::function<void(abi::Notification)>) override {}
  void on_close(std::function<void()>) override {}
  std::string agent() const override { return "agent-1"; }
};

std::pair<io::Fd, io::Fd> socket_pair() {
  int ends[2];
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {io::Fd(ends[0]), io::Fd(ends[1])};
}

std::string request(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
         R"(,"method":"write","params":{"path":"/state/notes.txt","data":"hello"}})"
         "\n";
}

double median_us(int socket) {
  std::vector<std::int64_t> ns;
  ns.reserve(kRoundTrips);
  std::array<char, 4096> buffer;
  for (int i = 0; i < kRoundTrips; ++i) {
    const std::string line = request(i);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(::send(socket, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size()));
    CHECK(::recv(socket, buffer.data(), buffer.size(), 0) > 0);
    ns.push_back((std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(ns.begin(), ns.begin() + kRoundTrips / 2, ns.end());
  return static_cast<double>(ns[kRoundTrips / 2]) / 1e3;
}

double bare_echo_us() {
  auto [ours, theirs] = socket_pair();
  std::thread echo([socket = theirs.get()] {
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (size <= 0) return;
      CHECK(::send(socket, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size);
    }
  });
  const double us = median_us(ours.get());
  ours.reset();
  echo.join();
  return us;
}

void pipeline(int socket) {
  std::string batch;
  for (int i = 0; i < kDepth; ++i) batch += request(i);
  std::array<char, 65536> buffer;
  for (int done = 0; done < kCallsEach; done += kDepth) {
    CHECK(::send(socket, batch.data(), batch.size(), 0) == static_cast<ssize_t>(batch.size()));
    for (std::ptrdiff_t lines = 0; lines < kDepth;) {
      const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
      CHECK(size > 0);
      lines += std::count(buffer.begin(), buffer.begin() + size, '\n');
    }
  }
}

}  // namespace
}  // namespace agentos::unix_door

int main() {
  using namespace agentos::unix_door;
  ScriptedKernel kernel;
  auto door = UnixDoor::open({}, kernel).value();
  const double echo_us = bare_echo_us();
  auto [ours, theirs] = socket_pair();
  CHECK(door->adopt(std::move(theirs), std::make_shared<QuickSession>()).has_value());
  const double call_us = median_us(ours.get());
  std::vector<agentos::io::Fd> clients;
  for (int i = 0; i < kClients; ++i) {
    auto [client, served] = socket_pair();
    CHECK(door->adopt(std::move(served), std::make_shared<QuickSession>()).has_value());
    clients.push_back(std::move(client));
  }
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (const agentos::io::Fd& client : clients) threads.emplace_back(pipeline, client.get());
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"echo_p50_us\":{:.2f},\"call_p50_us\":{:.2f},\"pipelined_calls_per_second\":{:.0f}}}\n", echo_us,
             call_us, kClients * kCallsEach / seconds);
  return 0;
}
