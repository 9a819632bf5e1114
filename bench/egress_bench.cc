// A plain HTTP GET through the egress proxy against the same GET without it, both over loopback: p50, p99 and rate.
//
//   egress_bench            measures, in the recorder modes interval and effects
//   egress_bench client ... is the program that is measured; it runs once outside and once as an agent
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "kernel/kernel.h"
#include "lib/sandbox/launcher.h"

namespace {

using namespace agentos;
using Clock = std::chrono::steady_clock;

constexpr int kWarmUp = 200, kRequests = 5000, kConnectionsForRate = 16;
constexpr double kRateSeconds = 3;
constexpr std::uint32_t kPublic = 0x5db8d70e;  // 93.184.215.14, which leads to the server of this program
constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

int connected(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

bool get(int fd, const std::string& request) {
  char answer[1024];
  std::size_t size = 0;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  while (size < sizeof answer) {
    const ssize_t got = ::recv(fd, answer + size, sizeof answer - size, 0);
    if (got <= 0) return false;
    size += static_cast<std::size_t>(got);
    const std::string_view text(answer, size);
    if (text.ends_with("hello")) return text.starts_with("HTTP/1.1 200");
  }
  return false;
}

// Prints "p50 p99 rate" in microseconds and requests a second.
int client(std::uint16_t port, const std::string& request) {
  const int fd = connected(port);
  std::vector<double> times;
  for (int i = 0; i < kWarmUp + kRequests; ++i) {
    const auto start = Clock::now();
    if (fd < 0 || !get(fd, request)) return 1;
    if (i >= kWarmUp) times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::ranges::sort(times);
  std::atomic<std::int64_t> done{0};
  std::vector<std::thread> threads;
  const auto end = Clock::now() + std::chrono::duration<double>(kRateSeconds);
  for (int i = 0; i < kConnectionsForRate; ++i) {
    threads.emplace_back([&] {
      const int own = connected(port);
      while (Clock::now() < end && get(own, request)) ++done;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%.1f %.1f %.0f\n", times[times.size() / 2], times[times.size() * 99 / 100],
              static_cast<double>(done.load()) / kRateSeconds);
  return 0;
}

// Answers on every connection, from one thread with poll.
class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 64) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    stopping_ = true;
    thread_.join();
  }
  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    char input[4096];
    while (!stopping_) {
      if (::poll(watched.data(), watched.size(), 50) <= 0) continue;
      for (std::size_t i = 1; i < watched.size(); ++i) {
        if (watched[i].revents == 0) continue;
        const ssize_t got = ::recv(watched[i].fd, input, sizeof input, MSG_DONTWAIT);
        if (got > 0) {
          (void)!::send(watched[i].fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL);
        } else {
          ::close(watched[i].fd);
          watched[i].fd = -1;
        }
      }
      std::erase_if(watched, [](const pollfd& one) { return one.fd < 0; });
      if ((watched[0].revents & POLLIN) != 0) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int yes = 1;
        (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (fd >= 0) watched.push_back({fd, POLLIN, 0});
      }
    }
  }
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::string run_outside(std::uint16_t port, const std::string& request) {
  const std::string command = own_path() + " client " + std::to_string(port) + " '" + request + "'";
  FILE* pipe = ::popen(command.c_str(), "r");
  char line[256] = "";
  if (pipe != nullptr && ::fgets(line, sizeof line, pipe) == nullptr) line[0] = 0;
  if (pipe != nullptr) ::pclose(pipe);
  return line;
}

std::string run_as_agent(recorder::Mode mode, std::uint16_t server_port) {
  char folder[] = "/tmp/egress-bench-XXXXXX";
  CHECK(::mkdtemp(folder) != nullptr);
  const std::string programs = std::filesystem::path(own_path()).parent_path();
  std::string output;
  {
    auto launcher = sandbox::make_launcher(programs + "/agentos-init");
    CHECK(launcher.has_value());
    kernel::KernelOptions options;
    options.state_directory = folder;
    options.launcher = launcher->get();
    options.recorder.mode = mode;
    options.egress.program = programs + "/agentos-egress";
    options.egress.settings.hosts["api.example.com"] = {net::IpAddress::v4(kPublic)};
    options.egress.settings.rehearsal[{net::IpAddress::v4(kPublic), 80}] = {net::IpAddress::v4(INADDR_LOOPBACK),
                                                                            server_port};
    auto kernel = kernel::Kernel::open(std::move(options));
    CHECK(kernel.has_value());
    const auto session = (*kernel)->local_operator();
    abi::SpawnRequest spawn;
    spawn.command = {own_path(), "client", "3128", "http://api.example.com/x"};
    spawn.working_directory = "/usr/share";
    spawn.environment = json::Object{{"PATH", "/usr/bin:/bin"}};
    spawn.profile = abi::Document{.file = "bench.yaml",
                                  .text =
                                      "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: bench}\nextends: "
                                      "agent-default\nnetwork: proxy\nfiles: {execute: [\"" +
                                      programs + "\"]}\n"};
    spawn.policy = {abi::Document{
        .file = "bench-policy.yaml",
        .text = "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: bench}\nspec:\n  rules:\n"
                "    - {name: c, syscalls: [connect], arguments: {host: {host: [api.example.com]}}, action: allow}\n"
                "    - {name: r, syscalls: [http_request], arguments: {host: {host: [api.example.com]}, method: {in: "
                "[GET]}}, action: allow}\n"}};
    const auto started = session->call(spawn);
    if (!started) {
      std::fprintf(stderr, "%s\n", started.error().message.c_str());
    } else {
      (void)session->call(abi::WaitRequest{.agent = started->agent, .timeout_ms = 60'000});
      FILE* file = std::fopen(started->output.c_str(), "r");
      char line[256] = "";
      if (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) output = line;
      if (file != nullptr) std::fclose(file);
    }
  }
  std::filesystem::remove_all(folder);
  return output;
}

void report(const char* name, const std::string& line, double direct_p50_us) {
  double p50_us = 0, p99_us = 0, rate = 0;
  if (std::sscanf(line.c_str(), "%lf %lf %lf", &p50_us, &p99_us, &rate) != 3) {
    std::printf("{\"benchmark\":\"egress.%s\",\"failed\":true}\n", name);
    return;
  }
  std::printf(
      "{\"benchmark\":\"egress.%s\",\"p50_us\":%.1f,\"p99_us\":%.1f,\"requests_per_s\":%.0f,\"added_p50_us\":%.1f}\n",
      name, p50_us, p99_us, rate, p50_us - direct_p50_us);
}

std::string request_for(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
}

}  // namespace

int main(int count, char** words) {
  if (count == 4 && std::string_view(words[1]) == "client") {
    return client(static_cast<std::uint16_t>(std::atoi(words[2])), request_for(words[3]));
  }
  const Server server;
  const std::string direct = run_outside(server.port(), "/x");
  const double direct_p50_us = std::atof(direct.c_str());
  report("direct", direct, direct_p50_us);
  report("interval", run_as_agent(recorder::Mode::kInterval, server.port()), direct_p50_us);
  report("effects", run_as_agent(recorder::Mode::kEffects, server.port()), direct_p50_us);
  return 0;
}
