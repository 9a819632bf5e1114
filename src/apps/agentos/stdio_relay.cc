// See stdio_relay.h.
#include "apps/agentos/stdio_relay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace agentos::cli {
namespace {

bool can_be_passed(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

void copy(int from, int to) {
  std::array<char, 16 << 10> buffer;
  for (;;) {
    const ssize_t size = ::read(from, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    for (ssize_t done = 0; done < size;) {
      const ssize_t written = ::write(to, buffer.data() + done, static_cast<std::size_t>(size - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      done += written;
    }
  }
}

}  // namespace

Result<std::unique_ptr<StdioRelay>> StdioRelay::open() {
  auto relay = std::make_unique<StdioRelay>();
  int ends[2];
  if (!can_be_passed(STDIN_FILENO)) {
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
    relay->input_ = io::Fd(ends[0]);
    // Ends with the program: a terminal's read cannot be called back.
    std::thread([to = ends[1]] {
      copy(STDIN_FILENO, to);
      ::close(to);
    }).detach();
  }
  if (!can_be_passed(STDOUT_FILENO)) {
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
    relay->output_ = io::Fd(ends[1]);
    relay->writer_ = std::thread([from = ends[0]] {
      copy(from, STDOUT_FILENO);
      ::close(from);
    });
  }
  return relay;
}

StdioRelay::~StdioRelay() {
  output_.reset();
  if (writer_.joinable()) writer_.join();
}

std::array<int, 3> StdioRelay::descriptors() const {
  return {input_.valid() ? input_.get() : STDIN_FILENO, output_.valid() ? output_.get() : STDOUT_FILENO, STDERR_FILENO};
}

void StdioRelay::passed_on() {
  input_.reset();
  output_.reset();
}

}  // namespace agentos::cli
