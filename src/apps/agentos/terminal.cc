// termios, ptys and a small pump.
#include "apps/agentos/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

constexpr int kDrainStepMs = 30;  // a pty hands octets over a moment after they were written
constexpr int kDrainStepsMax = 100;

bool ready(int descriptor, short what, int timeout_ms) {
  pollfd one{.fd = descriptor, .events = what, .revents = 0};
  return ::poll(&one, 1, timeout_ms) > 0 && (one.revents & (what | POLLHUP)) != 0;
}

void write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      ready(descriptor, POLLOUT, -1);
    } else if (errno != EINTR) {
      return;  // our own output is gone; the agent learns it when its terminal closes
    }
  }
}

}  // namespace

Status RawTerminal::enter() {
  if (!entered_ && ::tcgetattr(descriptor_, &before_) != 0) return fail_errno(errno, "cannot read the terminal's mode");
  termios raw = before_;
  ::cfmakeraw(&raw);
  if (::tcsetattr(descriptor_, TCSADRAIN, &raw) != 0) return fail_errno(errno, "cannot set the terminal's mode");
  entered_ = true;
  return {};
}

void RawTerminal::leave() {
  if (entered_) ::tcsetattr(descriptor_, TCSADRAIN, &before_);
  entered_ = false;
}

Result<Pty> open_pty(int like) {
  Pty pty;
  pty.ours = io::Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.ours.valid()) return fail_errno(errno, "cannot open a pty");
  std::array<char, 128> name;
  if (::grantpt(pty.ours.get()) != 0 || ::unlockpt(pty.ours.get()) != 0 ||
      ::ptsname_r(pty.ours.get(), name.data(), name.size()) != 0) {
    return fail_errno(errno, "cannot unlock the pty");
  }
  pty.theirs = io::Fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.theirs.valid()) return fail_errno(errno, std::string("cannot open ") + name.data());
  termios settings{};
  if (::tcgetattr(like, &settings) == 0) ::tcsetattr(pty.theirs.get(), TCSANOW, &settings);
  copy_window_size(like, pty.ours.get());
  ::fcntl(pty.ours.get(), F_SETFL, ::fcntl(pty.ours.get(), F_GETFL) | O_NONBLOCK);
  return pty;
}

void copy_window_size(int from, int to) {
  winsize size{};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

Relay::Relay(io::Fd pty, int input, int output) : pty_(std::move(pty)), input_(input), output_(output) {}

void Relay::add_polls(std::vector<pollfd>& polls) {
  if (input_ >= 0 && to_pty_.size() < kBufferBytes) polls.push_back({.fd = input_, .events = POLLIN, .revents = 0});
  if (!pty_open_) return;
  const short out = to_pty_.empty() ? 0 : POLLOUT;
  polls.push_back({.fd = pty_.get(), .events = static_cast<short>(POLLIN | out), .revents = 0});
}

bool Relay::read_pty() {
  std::array<char, kBufferBytes> buffer;
  const ssize_t size = ::read(pty_.get(), buffer.data(), buffer.size());
  if (size > 0) {
    write_whole(output_, {buffer.data(), static_cast<std::size_t>(size)});
    return true;
  }
  if (size == 0 || (errno != EAGAIN && errno != EINTR)) pty_open_ = false;  // EIO: nobody holds the other side
  return false;
}

void Relay::move() {
  if (pty_open_ && ready(pty_.get(), POLLIN, 0)) read_pty();
  if (input_ >= 0 && to_pty_.size() < kBufferBytes && ready(input_, POLLIN, 0)) {
    std::array<char, 4096> buffer;
    const ssize_t size = ::read(input_, buffer.data(), buffer.size());
    if (size > 0) {
      to_pty_.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || errno != EINTR) {
      input_ = -1;
    }
  }
  if (to_pty_.empty() || !pty_open_) return;
  const ssize_t written = ::write(pty_.get(), to_pty_.data(), to_pty_.size());
  if (written > 0) to_pty_.erase(0, static_cast<std::size_t>(written));
}

void Relay::drain() {
  for (int i = 0; i < kDrainStepsMax && pty_open_ && ready(pty_.get(), POLLIN, kDrainStepMs); ++i) {
    while (read_pty()) {
    }
  }
}

}  // namespace agentos::cli
