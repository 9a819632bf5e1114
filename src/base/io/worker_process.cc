// Whatever goes wrong ends the process: an answer that comes late would otherwise be taken for the next one.
#include "base/io/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace agentos::io {
namespace {

constexpr std::size_t kHeaderBytes = 4;

std::array<char, kHeaderBytes> header_of(std::size_t size) {
  std::array<char, kHeaderBytes> header{};
  for (std::size_t i = 0; i < header.size(); ++i) header[i] = static_cast<char>(size >> (8 * i) & 0xff);
  return header;
}

std::size_t size_of(std::string_view header) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kHeaderBytes; ++i) size |= std::size_t{static_cast<unsigned char>(header[i])} << (8 * i);
  return size;
}

Result<pid_t> spawn_worker(const WorkerOptions& options, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, socket, 0);
  posix_spawn_file_actions_adddup2(&actions, socket, 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  sigset_t all;
  sigfillset(&all);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> words = {options.program.substr(options.program.rfind('/') + 1)};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, options.program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail_errno(error, "cannot start " + options.program);
  return pid;
}

bool read_exactly(char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(STDIN_FILENO, into, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

void WorkerProcess::stop() {
  socket_.reset();
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Status WorkerProcess::spawn_one() {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return fail_errno(errno, "cannot make a socket for " + options_.name);
  socket_ = Fd(pair[0]);
  const Fd theirs(pair[1]);
  pid_ = TRY(spawn_worker(options_, theirs.get()));
  ++starts_;
  return {};
}

Status WorkerProcess::start() {
  if (pid_ >= 0) return {};
  Status started = spawn_one();
  if (started) {
    const auto greeting = receive(std::chrono::steady_clock::now() + options_.start_deadline);
    started = greeting ? options_.check_greeting(*greeting) : std::unexpected(greeting.error());
  }
  if (!started) stop();
  return started;
}

Status WorkerProcess::transfer(short events, Deadline deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return fail(ErrorCode::kTimedOut, options_.name + " did not answer in time", options_.slow_hint);
    pollfd poll{.fd = socket_.get(), .events = events, .revents = 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for " + options_.name);
  }
}

Status WorkerProcess::send(std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    TRY(transfer(POLLOUT, deadline));
    const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(ErrorCode::kClosed, options_.name + " ended");
    if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> WorkerProcess::receive(Deadline deadline) {
  std::string text;
  std::size_t wanted = kHeaderBytes;
  for (bool header = true;;) {
    if (text.size() == wanted) {
      if (!header) return text;
      header = false;
      wanted = size_of(text);
      text.clear();
      if (wanted > options_.answer_bytes_max) return fail(ErrorCode::kClosed, options_.name + " sent too much");
      continue;
    }
    TRY(transfer(POLLIN, deadline));
    std::array<char, 4096> octets{};
    const std::size_t ask = std::min(octets.size(), wanted - text.size());
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): MSG_DONTWAIT
    const ssize_t got = ::recv(socket_.get(), octets.data(), ask, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
      return fail(ErrorCode::kClosed, options_.name + " ended");
    if (got > 0) text.append(octets.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> WorkerProcess::exchange(std::string_view question, std::chrono::milliseconds deadline) {
  TRY(start());
  const Deadline end = std::chrono::steady_clock::now() + deadline;
  std::string frame;
  frame.reserve(kHeaderBytes + question.size());
  frame.append(header_of(question.size()).data(), kHeaderBytes);
  frame += question;
  TRY(send(frame, end));
  return receive(end);
}

Result<std::string> WorkerProcess::ask(std::string_view question, std::chrono::milliseconds deadline) {
  auto answer = exchange(question, deadline);
  if (!answer) stop();
  return answer;
}

bool read_worker_frame(std::string& text, std::size_t size_max) {
  std::array<char, kHeaderBytes> header{};
  if (!read_exactly(header.data(), header.size())) return false;
  const std::size_t size = size_of({header.data(), header.size()});
  if (size > size_max) return false;
  text.resize(size);
  return read_exactly(text.data(), size);
}

bool write_worker_frame(std::string_view text) {
  std::string frame(header_of(text.size()).data(), kHeaderBytes);
  frame += text;
  for (std::string_view rest = frame; !rest.empty();) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace agentos::io
