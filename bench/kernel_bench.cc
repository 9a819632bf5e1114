// What a governed call costs: in-process, over the socket beside a bare echo of the same octets, and with many agents.
//
//   kernel_bench write DIR [seconds]     one producer, writes of 64 octets, 100-rule policy, intent and outcome
//   recorded kernel_bench calls DIR [calls]       the same for a number of calls, to count instructions by kernel_bench
//   socket DIR [calls]      round trips from another process, and the echo of the same octets kernel_bench pipelined
//   DIR [seconds] eight agents in eight processes, up to 64 calls in flight each kernel_bench contexts DIR memory of
//   10,000 idle agents and the latency beside them kernel_bench disk DIR [seconds]      what the disk takes when octets
//   are appended durably, 1 MiB at a time
//
// DIR is on the disk that is meant to hold the log. Mode `effects`. Each line of output is one JSON object.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/io/socket.h"
#include "base/telemetry/histogram.h"
#include "bench/child_raw.h"
#include "kernel/kernel.h"
#include "server/unix_door/unix_door.h"

namespace agentos::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

// One hundred rules: what policy files of real agents look like, most of them about other calls, tools and paths.
std::string hundred_rules() {
  std::string text = "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: bench}\nspec:\n  rules:\n";
  for (int i = 0; i < 40; ++i) {
    text += fmt::format("    - {{name: tool-{0}, syscalls: [exec], tools: [\"team{0}.*\"], action: allow}}\n", i);
  }
  for (int i = 0; i < 39; ++i) {
    text += fmt::format(
        "    - {{name: locked-{0}, syscalls: [write, unlink], paths: [\"/state/locked{0}/**\"], action: deny}}\n", i);
  }
  for (int i = 0; i < 20; ++i) {
    text += fmt::format("    - {{name: signal-{0}, syscalls: [signal], targets: [\"worker{0}-*\"], action: ask}}\n", i);
  }
  return text + "    - {name: own-files, syscalls: [write, read, stat, hello, status], action: allow}\n";
}

struct World {
  std::unique_ptr<kernel::Kernel> kernel;
  std::unique_ptr<unix_door::UnixDoor> door;

  explicit World(const std::string& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    kernel::KernelOptions options;
    options.state_directory = folder;
    options.recorder.disk_bytes_max = 1ULL << 30;
    auto opened = kernel::Kernel::open(std::move(options));
    if (!opened) fail_with(opened.error());
    kernel = std::move(*opened);
    auto served = unix_door::UnixDoor::open({}, *kernel);
    if (!served) fail_with(served.error());
    door = std::move(*served);
  }
  ~World() {
    kernel->shutdown("measured");
    door.reset();
  }

  [[noreturn]] static void fail_with(const Error& error) {
    fmt::print(stderr, "kernel_bench: {}\n", error.message);
    std::exit(1);
  }

  std::shared_ptr<abi::Session> agent() {
    kernel::AgentOptions options;
    options.name = "bench";
    options.policy.push_back({hundred_rules(), "bench.yaml"});
    auto session = kernel->create_agent(std::move(options));
    if (!session) fail_with(session.error());
    return std::move(*session);
  }

  io::Fd connected() {  // the other end of an agent's socket
    auto pair = io::socket_pair();
    if (Status status = door->adopt(std::move(pair->first), agent()); !status) fail_with(status.error());
    return std::move(pair->second);
  }
};

abi::WriteRequest sixty_four_octets() {
  abi::WriteRequest request;
  request.path = "/mem/working/notes";
  request.data = Bytes(std::string(64, 'x'));
  return request;
}

void print_latencies(const char* what, const telemetry::Histogram& latencies, double per_second,
                     const std::string& more = {}) {
  fmt::print(
      "{{\"what\":\"{}\",\"calls_per_second\":{:.0f},\"p50_ns\":{},\"p99_ns\":{},\"p999_ns\":{},\"max_ns\":{}{}}}\n",
      what, per_second, latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(0.999), latencies.max(),
      more);
}

std::int64_t octets_written() {
  std::ifstream io("/proc/self/io");
  for (std::string line; std::getline(io, line);) {
    if (line.starts_with("wchar: ")) return std::atoll(line.c_str() + 7);
  }
  return 0;
}

int bench_write(const std::string& folder, double seconds) {
  World world(folder);
  auto session = world.agent();
  const abi::WriteRequest request = sixty_four_octets();
  telemetry::Histogram latencies;
  const std::int64_t written = octets_written(), start = now_ns();
  const auto end = start + static_cast<std::int64_t>(seconds * 1e9);
  std::int64_t calls = 0, now = start;
  while (now < end) {
    auto reply = session->call(request);
    if (!reply) World::fail_with(reply.error());
    const std::int64_t after = now_ns();
    latencies.record(static_cast<std::uint64_t>(after - now));
    now = after;
    ++calls;
  }
  print_latencies("in-process governed write, mode effects", latencies,
                  static_cast<double>(calls) * 1e9 / static_cast<double>(now - start),
                  fmt::format(",\"written_bytes_per_call\":{:.0f}",
                              static_cast<double>(octets_written() - written) / static_cast<double>(calls)));
  return 0;
}

int bench_calls(const std::string& folder, int calls) {
  World world(folder);
  auto session = world.agent();
  const abi::WriteRequest request = sixty_four_octets();
  for (int i = 0; i < calls; ++i) {
    if (auto reply = session->call(request); !reply) World::fail_with(reply.error());
  }
  fmt::print("{{\"what\":\"in-process governed writes, not timed\",\"count\":{}}}\n", calls);
  return 0;
}

// Octets a second when 1 MiB at a time is appended to reserved files with `flags` and is durable before the next.
double appended(const std::string& folder, int flags, double seconds) {
  constexpr std::size_t kChunk = 1 << 20, kAlignment = 4096;
  constexpr int kChunksPerFile = 64;  // then the file is left behind and a new one begun, as a log does
  const std::string name = folder + "/raw";
  const std::unique_ptr<char, decltype(&std::free)> chunk(static_cast<char*>(std::aligned_alloc(kAlignment, kChunk)),
                                                          &std::free);
  std::memset(chunk.get(), 'x', kChunk);
  const std::int64_t start = now_ns();
  const auto end = start + static_cast<std::int64_t>(seconds * 1e9);
  double octets = 0;
  while (now_ns() < end) {
    io::Fd file(open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_DSYNC | flags, 0600));
    if (!file.valid() || fallocate(file.get(), 0, 0, kChunk * kChunksPerFile) != 0) return 0;
    for (int i = 0; i < kChunksPerFile && now_ns() < end; ++i) {
      if (write(file.get(), chunk.get(), kChunk) != static_cast<ssize_t>(kChunk)) return 0;
      octets += kChunk;
    }
  }
  return octets * 1e9 / static_cast<double>(now_ns() - start);
}

// The best durable append there is: through the page cache or past it.
int bench_disk(const std::string& folder, double seconds) {
  std::filesystem::create_directories(folder);
  const double best = std::max(appended(folder, 0, seconds / 2), appended(folder, O_DIRECT, seconds / 2));
  fmt::print("{{\"what\":\"octets appended durably, 1 MiB at a time\",\"bytes_per_second\":{:.0f}}}\n", best);
  return best > 0 ? 0 : 1;
}

const std::string& request_line() {
  static const std::string kLine = R"({"jsonrpc":"2.0","id":1,"method":"write","params":{"data":")" +
                                   std::string(64, 'x') + R"(","path":"/mem/working/notes"}})" + "\n";
  return kLine;
}

// Sends a line and reads one back, `count` times.
bool round_trips(int socket, telemetry::Histogram& latencies, int count) {
  char buffer[4096];
  const std::string& line = request_line();
  for (int i = 0; i < count; ++i) {
    const std::int64_t before = now_ns();
    if (send(socket, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) return false;
    ssize_t got = 0;
    do {
      got = recv(socket, buffer, sizeof buffer, 0);
      if (got <= 0) return false;
    } while (buffer[got - 1] != '\n');
    latencies.record(static_cast<std::uint64_t>(now_ns() - before));
  }
  return true;
}

// The same in a child process, which prints the latencies.
int round_trips(int socket, const char* what, int count) {
  telemetry::Histogram latencies;
  const std::int64_t start = now_ns();
  if (!round_trips(socket, latencies, count)) return 1;
  print_latencies(what, latencies, count * 1e9 / static_cast<double>(now_ns() - start));
  std::fflush(stdout);
  return 0;
}

int bench_socket(const std::string& folder, int calls) {
  World world(folder);
  for (int round = 0; round < 3; ++round) {
    auto echo = io::socket_pair();
    std::thread server([socket = echo->first.get()] {
      char buffer[4096];
      for (ssize_t got = recv(socket, buffer, sizeof buffer, 0); got > 0;
           got = recv(socket, buffer, sizeof buffer, 0)) {
        if (send(socket, buffer, static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) break;
      }
    });
    run_in_child([&] { return round_trips(echo->second.get(), "bare echo over a socket pair", calls); });
    shutdown(echo->first.get(), SHUT_RDWR);
    server.join();
    const io::Fd socket = world.connected();
    run_in_child([&] { return round_trips(socket.get(), "governed write over the socket, mode effects", calls); });
  }
  return 0;
}

// Keeps up to 64 calls in flight for `seconds` and prints how many were answered.
int pipeline(int socket, double seconds) {
  constexpr int kInFlight = 64;
  std::string batch;
  for (int i = 0; i < kInFlight; ++i) batch += request_line();
  std::vector<char> buffer(256 * 1024);
  const auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  std::int64_t answered = 0;
  while (now_ns() < end) {
    if (send(socket, batch.data(), batch.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(batch.size())) return 1;
    for (std::int64_t expected = answered + kInFlight; answered < expected;) {
      const ssize_t got = recv(socket, buffer.data(), buffer.size(), 0);
      if (got <= 0) return 1;
      answered += std::count(buffer.begin(), buffer.begin() + got, '\n');
    }
  }
  fmt::print("{{\"what\":\"answered\",\"count\":{}}}\n", answered);
  std::fflush(stdout);
  return 0;
}

int bench_pipelined(const std::string& folder, double seconds) {
  World world(folder);
  std::vector<io::Fd> sockets;
  for (int i = 0; i < 8; ++i) sockets.push_back(world.connected());
  const std::int64_t start = now_ns();
  std::vector<pid_t> children;
  for (io::Fd& socket : sockets) {
    children.push_back(start_child([&] { return pipeline(socket.get(), seconds); }));
  }
  for (pid_t child : children) waitpid(child, nullptr, 0);
  auto operators = world.kernel->local_operator();
  auto metrics = operators->call(abi::MetricsRequest{});
  const std::int64_t calls = metrics ? metrics->metrics.find("latency")->find("write")->int_or("count", 0) : 0;
  fmt::print("{{\"what\":\"pipelined writes from 8 agents, mode effects\",\"calls_per_second\":{:.0f}}}\n",
             static_cast<double>(calls) * 1e9 / static_cast<double>(now_ns() - start));
  return 0;
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// Calls of two kernels in turn, so that what else the machine does meets both alike.
int alternate(int few, int many, int start) {
  constexpr int kTurns = 20, kCalls = 1'000;
  char go = 0;
  if (read(start, &go, 1) != 1) return 1;
  telemetry::Histogram beside_few, beside_many;
  for (int turn = 0; turn < kTurns; ++turn) {
    if (!round_trips(few, beside_few, kCalls) || !round_trips(many, beside_many, kCalls)) return 1;
  }
  print_latencies("write over the socket beside 10 agents", beside_few, 0);
  print_latencies("write over the socket beside 10000 agents", beside_many, 0);
  std::fflush(stdout);
  return 0;
}

int bench_contexts(const std::string& folder) {
  constexpr int kMany = 10'000, kFew = 10;
  World small(folder + "/few"), large(folder + "/many");
  const io::Fd to_few = small.connected(), to_many = large.connected();
  int start[2];
  if (pipe2(start, O_CLOEXEC) != 0) return 1;
  const io::Fd started(start[0]), starter(start[1]);
  // Begun before there is much to copy, so that the kernel's pages are its own.
  const pid_t child = start_child([&] { return alternate(to_few.get(), to_many.get(), started.get()); });
  std::vector<std::shared_ptr<abi::Session>> idle;
  for (World* world : {&small, &large}) {
    for (int i = 0; i < kFew; ++i) idle.push_back(world->agent());
  }
  const std::int64_t before = resident_bytes();
  for (int i = kFew; i < kMany; ++i) idle.push_back(large.agent());
  const std::int64_t each = (resident_bytes() - before) / (kMany - kFew);
  fmt::print("{{\"what\":\"memory of an idle agent context\",\"bytes\":{}}}\n", each);
  std::fflush(stdout);
  int status = 0;
  if (write(starter.get(), "g", 1) != 1) return 1;
  waitpid(child, &status, 0);
  return status == 0 ? 0 : 1;
}

}  // namespace
}  // namespace agentos::bench

int main(int argc, char** argv) {
  using namespace agentos::bench;
  const std::string what = argc > 2 ? argv[1] : "";
  const double number = argc > 3 ? std::atof(argv[3]) : 0;
  if (what == "write") return bench_write(argv[2], number > 0 ? number : 10);
  if (what == "calls") return bench_calls(argv[2], number > 0 ? static_cast<int>(number) : 10'000);
  if (what == "socket") return bench_socket(argv[2], number > 0 ? static_cast<int>(number) : 50'000);
  if (what == "pipelined") return bench_pipelined(argv[2], number > 0 ? number : 5);
  if (what == "contexts") return bench_contexts(argv[2]);
  if (what == "disk") return bench_disk(argv[2], number > 0 ? number : 5);
  fmt::print(stderr, "usage: kernel_bench write|calls|socket|pipelined|contexts|disk DIR [number]\n");
  return 64;
}
