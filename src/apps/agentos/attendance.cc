// One poll over the kernel's socket, signals, and the relay.
#include "apps/agentos/attendance.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

constexpr int kTimelineStepMs = 100;
constexpr auto kLastEntries = std::chrono::milliseconds(30);  // a group commit away, as a rule
constexpr auto kThaw = std::chrono::milliseconds(20);         // the kernel says "running" a moment before it is so
constexpr int kStopStepMs = 100;                              // how soon a stopped program is noticed
constexpr int kTaken[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGTSTP};

// Whether a process is stopped (state T of proc(5)).
bool is_stopped(int pid) {
  std::array<char, 512> text{};
  const io::Fd file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() || ::read(file.get(), text.data(), text.size() - 1) <= 0) return false;
  const std::string_view all(text.data());
  const std::size_t name_end = all.rfind(')');
  return name_end != std::string_view::npos && all.substr(name_end).starts_with(") T");
}

class Watch {
 public:
  explicit Watch(const Attended& attended) : attended_(attended) {}

  Result<abi::WaitReply> run() {
    abi::WaitRequest request;
    request.agent = attended_.agent;
    const auto ticket = TRY(attended_.client.begin(request));
    while (!attended_.client.ready(ticket)) {
      TRY(wait());
      TRY(attended_.client.pump(0));
      take_replies();
      if (attended_.relay != nullptr) attended_.relay->move();
      handle_signals();
      look_for_stop();
      draw();
    }
    if (attended_.relay != nullptr) attended_.relay->drain();
    if (attended_.timeline != nullptr) std::this_thread::sleep_for(kLastEntries);
    draw();
    return attended_.client.take<abi::WaitRequest>(ticket);
  }

 private:
  Status wait() {
    std::vector<pollfd> polls = {{.fd = attended_.client.descriptor(), .events = POLLIN, .revents = 0},
                                 {.fd = attended_.signals, .events = POLLIN, .revents = 0}};
    if (attended_.relay != nullptr) attended_.relay->add_polls(polls);
    const int timeout_ms = attended_.timeline != nullptr ? kTimelineStepMs : attended_.pid > 0 ? kStopStepMs : -1;
    if (::poll(polls.data(), polls.size(), timeout_ms) < 0 && errno != EINTR) return fail_errno(errno, "cannot wait");
    return {};
  }

  void draw() {
    if (attended_.timeline == nullptr) return;
    attended_.timeline->draw(attended_.raw != nullptr ? LiveTimeline::LineEnd::kRaw : LiveTimeline::LineEnd::kNormal);
  }

  void handle_signals() {
    signalfd_siginfo info{};
    while (::read(attended_.signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      handle(static_cast<int>(info.ssi_signo));
    }
  }

  void handle(int signal) {
    switch (signal) {
      case SIGWINCH:
        if (attended_.relay != nullptr) copy_window_size(attended_.window, attended_.relay->pty());
        return;
      case SIGTSTP:
        send("SIGSTOP");
        ::raise(SIGTSTP);
        stop_here();
        (void)attended_.client.call(signal_request("SIGCONT"));
        return;
      case SIGCONT:  // of a stop nobody here asked for
        return look_again();
      case SIGINT:
        // With a pty of the agent's, Ctrl-C is the agent's own business: its programs get it as from any terminal.
        if (attended_.relay != nullptr && ::ioctl(attended_.relay->pty(), TIOCSIG, SIGINT) == 0) return;
        [[fallthrough]];
      default:
        send(asked_to_end_ ? "SIGKILL" : "SIGTERM");
        asked_to_end_ = true;
    }
  }

  // The terminal signals a job as a whole; with ours in raw mode it is us who do.
  void look_for_stop() {
    if (attended_.pid <= 0 || attended_.relay == nullptr || !is_stopped(attended_.pid)) return;
    if (stopped_by_kernel()) return;  // agentos cont lets it go on, and nobody else
    std::this_thread::sleep_for(kThaw);
    if (!is_stopped(attended_.pid)) return;
    ::kill(0, SIGTSTP);
    stop_here();
    if (stopped_by_kernel()) return;
    const pid_t job = ::tcgetpgrp(attended_.relay->pty());
    if (job > 0 && job != attended_.pid) ::kill(-job, SIGCONT);
    ::kill(-attended_.pid, SIGCONT);
  }

  // Precondition: SIGTSTP is pending. It is taken as any program takes it: a job that no shell could continue goes on.
  void stop_here() {
    sigset_t stop;
    ::sigemptyset(&stop);
    ::sigaddset(&stop, SIGTSTP);
    if (attended_.raw != nullptr) attended_.raw->leave();
    ::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);  // returns when this program goes on
    ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
    look_again();
  }

  // In the background the terminal is another job's, and changing its mode would stop this one.
  void look_again() {
    if (attended_.raw != nullptr && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) (void)attended_.raw->enter();
    if (attended_.relay != nullptr) copy_window_size(attended_.window, attended_.relay->pty());
  }

  bool stopped_by_kernel() {
    const auto reply = attended_.client.call(abi::InspectRequest{.agent = attended_.agent});
    return !reply || reply->agent.string_or("state", "") != "running";
  }

  // Its answer is of no interest: how the agent ends is what is waited for.
  void send(const std::string& signal) {
    if (auto ticket = attended_.client.begin(signal_request(signal))) sent_.push_back(*ticket);
  }

  abi::SignalRequest signal_request(const std::string& signal) const {
    return {.target = attended_.agent, .signal = signal, .reason = "sent to the program agentos run"};
  }

  void take_replies() {
    std::erase_if(sent_, [this](client::Client::Ticket ticket) {
      if (!attended_.client.ready(ticket)) return false;
      (void)attended_.client.take<abi::SignalRequest>(ticket);
      return true;
    });
  }

  const Attended& attended_;
  std::vector<client::Client::Ticket> sent_;
  bool asked_to_end_ = false;
};

}  // namespace

Result<io::Fd> take_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kTaken) ::sigaddset(&set, signal);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno(errno, "cannot block signals");
  ::signal(SIGPIPE, SIG_IGN);
  io::Fd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) return fail_errno(errno, "cannot take signals");
  return signals;
}

void LiveTimeline::draw(LineEnd line_end) {
  std::string text;
  (void)recorder::read_log(directory_, {.first = next_}, [&](const recorder::StoredEntry& entry) {
    text += timeline_.add(entry);
    next_ = entry.index + 1;
    return true;
  });
  if (text.empty()) return;
  std::string out;
  for (const char octet : text) {
    if (octet == '\n' && line_end == LineEnd::kRaw) out += '\r';
    out += octet;
  }
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, out.data(), out.size());
}

Result<abi::WaitReply> attend(const Attended& attended) { return Watch(attended).run(); }

}  // namespace agentos::cli
