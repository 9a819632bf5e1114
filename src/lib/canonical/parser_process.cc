// Starts agentos-parser with nothing but its socket, and asks it within deadlines. Whatever goes wrong ends it.
#include "lib/canonical/parser_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/json/value.h"

namespace agentos::canonical {
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

// The process has its socket as standard input and output, /dev/null as standard error, and an empty environment.
Result<pid_t> spawn(const std::string& program, int socket) {
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
  std::string name = "agentos-parser";
  std::array<char*, 2> arguments = {name.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail_errno(error, "cannot start " + program);
  return pid;
}

}  // namespace

int ParserProcess::starts() const {
  const std::scoped_lock lock(mutex_);
  return starts_;
}

void ParserProcess::stop() {
  socket_.reset();
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Status ParserProcess::start() {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return fail_errno(errno, "cannot make a socket for the SQL parser");
  }
  socket_ = io::Fd(pair[0]);
  const io::Fd theirs(pair[1]);
  pid_ = TRY(spawn(options_.program, theirs.get()));
  ++starts_;
  return {};
}

Status ParserProcess::transfer(short events, Deadline deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      return fail(ErrorCode::kTimedOut, "the SQL parser did not answer in time", "write a shorter statement");
    }
    pollfd poll{.fd = socket_.get(), .events = events, .revents = 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for the SQL parser");
  }
}

Status ParserProcess::send(std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    TRY(transfer(POLLOUT, deadline));
    const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(ErrorCode::kClosed, "the SQL parser ended");
    if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> ParserProcess::receive(Deadline deadline) {
  std::string text;
  std::size_t wanted = kHeaderBytes;
  for (bool header = true;;) {
    if (text.size() == wanted) {
      if (!header) return text;
      header = false;
      wanted = size_of(text);
      text.clear();
      if (wanted > kSqlFactsBytesMax) return fail(ErrorCode::kClosed, "the SQL parser sent too much");
      continue;
    }
    TRY(transfer(POLLIN, deadline));
    std::array<char, 4096> octets{};
    const std::size_t ask = std::min(octets.size(), wanted - text.size());
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): MSG_DONTWAIT
    const ssize_t got = ::recv(socket_.get(), octets.data(), ask, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
      return fail(ErrorCode::kClosed, "the SQL parser ended");
    if (got > 0) text.append(octets.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> ParserProcess::exchange(std::string_view sql) {
  if (pid_ < 0) {
    TRY(start());
    const std::string greeting = TRY(receive(std::chrono::steady_clock::now() + options_.start_deadline));
    if (greeting != kSqlParserGreeting) return fail(ErrorCode::kClosed, "the SQL parser is another version");
  }
  const Deadline deadline = std::chrono::steady_clock::now() + options_.deadline;
  std::string frame;
  frame.reserve(kHeaderBytes + sql.size());
  frame.append(header_of(sql.size()).data(), kHeaderBytes);
  frame += sql;
  TRY(send(frame, deadline));
  return receive(deadline);
}

Result<SqlFacts> ParserProcess::parse(std::string_view sql) {
  if (sql.size() > kSqlBytesMax) return fail(ErrorCode::kTooLarge, "the SQL text is too long", "send fewer statements");
  if (sql.find('\0') != std::string_view::npos || !json::valid_utf8(sql)) {
    return fail(ErrorCode::kMalformed, "the SQL text is not valid UTF-8 without NUL", "encode it as UTF-8");
  }
  const std::scoped_lock lock(mutex_);
  const auto answer = exchange(sql);
  if (!answer) {
    stop();
    return std::unexpected(answer.error());
  }
  auto facts = read_sql_facts(*answer);
  // A refusal of the text is an answer; anything else it cannot have said.
  if (!facts && facts.error().hint.empty()) stop();
  return facts;
}

}  // namespace agentos::canonical
