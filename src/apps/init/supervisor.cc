// One poll loop. The control socket's end, the program's exit and the wall-clock limit all mean the same: kill
// everything, until there is no child to wait for and the cgroup is empty.
#include "apps/init/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "apps/init/filter_questions.h"
#include "apps/init/first_process.h"
#include "lib/sandbox/mechanism/placeholder.h"
#include "lib/sandbox/mechanism/tree.h"
#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

constexpr int kKillPollMs = 2;
constexpr int kEventMsMax = 5000;  // a freeze, the longest, ends after kFreezeMsMax

template <class Report>
void send_report(const Report& report) {
  ::send(kControlFd, &report, sizeof report, MSG_NOSIGNAL);
}

// Ends init where handling one event does not end: then the tree ends as it does when init is killed, also when there
// is no launcher any more that would miss an answer.
class Deadman {
 public:
  Deadman() {
    sigevent how{};
    how.sigev_notify = SIGEV_SIGNAL;
    how.sigev_signo = SIGKILL;
    armed_ = ::timer_create(CLOCK_MONOTONIC, &how, &timer_) == 0;
    const itimerspec limit{{0, 0}, {kEventMsMax / 1000, kEventMsMax % 1000 * 1'000'000L}};
    if (armed_) ::timer_settime(timer_, 0, &limit, nullptr);
  }
  Deadman(const Deadman&) = delete;
  Deadman& operator=(const Deadman&) = delete;
  ~Deadman() {
    if (armed_) ::timer_delete(timer_);
  }

 private:
  timer_t timer_{};
  bool armed_ = false;
};

class Supervisor {
 public:
  Supervisor(const Plan& plan, int signals, NetworkNamespace network)
      : plan_(plan), signals_(signals), network_(network), questions_(plan) {
    for (int& held : placeholders_) held = -1;
  }

  int run(ProgramFds& fds);

 private:
  bool start(ProgramFds& fds);
  bool take_terminal(const ProgramFds& fds);
  bool make_cgroups();
  int fork_program(ProgramFds& fds);
  bool wait_for_exec();
  bool watch_mounts();
  void receive_greeting();
  bool read_command();
  void obey(const Command& command);
  int freeze();
  int thaw();
  bool reap();
  void kill_all();
  void clean();
  void watch();
  void report_exit();
  int milliseconds_left() const;
  TreeMark tree() const { return {plan_.header.mark, plan_.header.user}; }

  const Plan& plan_;
  const int signals_;
  const NetworkNamespace network_;
  Cgroup cgroup_;
  FilterQuestions questions_;
  StartReport* report_ = nullptr;
  int exec_done_ = -1;
  int program_ = -1;  // the child: the program, or the first process of its namespace
  int target_ = -1;   // the program, whose process group gets signals
  int wait_status_ = 0;
  bool program_exited_ = false;
  bool ending_ = false;
  Ending why_ = Ending::kOther;
  std::int64_t deadline_ms_ = 0;
  int mounts_ = -1;              // announces a change of the tree's mounts
  int placeholders_[kRulesMax];  // descriptors that hold their locks, or -1
};

int Supervisor::fork_program(ProgramFds& fds) {
  const int init_pid = ::getpid();
  const OwnIds ids{::getuid(), ::getgid()};
  const std::uint64_t flags = namespace_flags(plan_.header);
  report_->namespaces = static_cast<std::uint32_t>(flags);
  const std::uint64_t made = network_ == NetworkNamespace::kAhead ? flags & ~kNetworkNamespaceFlag : flags;
  int pid = fork_into(cgroup_.directory, made);
  if (pid < 0 && cgroup_.directory >= 0) {  // the leaf exists, but this user may not move into it
    give_up_leaf(cgroup_);
    pid = fork_into(-1, made);
  }
  if (pid != 0) return pid;
  if (flags != 0) become_first_process(plan_, fds, cgroup_, ids, *report_);
  if (!join_cgroups(cgroup_, *report_)) ::_exit(1);
  become_program(plan_, fds, init_pid, *report_);
}

// Init leads a session, which gets the terminal, and blocks all of its signals; the program is the job in front.
bool Supervisor::take_terminal(const ProgramFds& fds) {
  if ((plan_.header.flags & kNewTerminalSession) == 0) return true;
  if (::ioctl(fds.plan[kStandardInput], TIOCSCTTY, 0) == 0) return true;
  report_->stage = Stage::kSession;
  report_->error = errno;
  return false;
}

// Limits of the whole tree that only a cgroup holds are there, or there is no start.
bool Supervisor::make_cgroups() {
  const PlanHeader& header = plan_.header;
  const auto wants = [&](CgroupLimit limit) {
    return (header.cgroup_limits >> static_cast<unsigned>(limit) & 1U) != 0;
  };
  TreeLimits limits{wants(CgroupLimit::kProcesses) ? header.processes : 0, header.tree_memory_bytes,
                    header.tree_cpu_percent};
  if ((header.flags & kUseCgroups) != 0) cgroup_ = make_cgroup(header.mark, limits);
  report_->cgroup_limits = cgroup_.limits;
  const CgroupLimit required[] = {CgroupLimit::kMemory, CgroupLimit::kCpu};
  for (const CgroupLimit limit : required) {
    if (!wants(limit) || (cgroup_.limits >> static_cast<unsigned>(limit) & 1U) != 0) continue;
    report_->stage = Stage::kCgroupLimit;
    report_->error = EPERM;
    report_->index = static_cast<std::uint32_t>(limit);
    return false;
  }
  return true;
}

bool Supervisor::start(ProgramFds& fds) {
  report_ = static_cast<StartReport*>(shared_memory(sizeof(StartReport)));
  if (report_ == nullptr) return false;
  *report_ = StartReport{};
  report_->stage = Stage::kTreeDirectory;
  const TreeTmp tmp = (plan_.header.flags & kPrivateTmp) != 0 ? TreeTmp::kMake : TreeTmp::kNone;
  report_->error = make_tree_directory(plan_.tree_directory, tmp, plan_.header.user);
  if (report_->error != 0) return false;
  if ((plan_.header.flags & kBrokered) != 0) questions_.metadata().pin_grants(plan_);
  if (fds.egress_channel >= 0) questions_.connections().send_to(fds.egress_channel);
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    report_->error = make_placeholder(plan_.rules[i].path, plan_.rules[i].flags, placeholders_[i]);
    if (report_->error == 0) continue;
    report_->stage = Stage::kDenyRule;
    report_->index = i;
    return false;
  }
  if (!make_cgroups()) return false;
  int ends[2];
  report_->stage = Stage::kProcess;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    report_->error = errno;
    return false;
  }
  if (!take_terminal(fds) || !open_id_mapping(plan_, fds.id_mapping, *report_)) return false;
  const int yes = 1;
  ::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  fds.exec_done = ends[1];
  program_ = fork_program(fds);
  if (program_ < 0) {
    report_->error = errno;
    if (report_->namespaces != 0) report_->stage = Stage::kNamespaces;
  }
  ::close(ends[1]);
  if (fds.id_mapping >= 0) ::close(fds.id_mapping);
  exec_done_ = ends[0];
  // Only the program holds its descriptors now: pipes end when it ends.
  for (int& fd : fds.plan) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  return program_ >= 0 && wait_for_exec();
}

// What the program sends before exec: its number, stamped by the running kernel, the listener of its filter, and where
// its connections are met.
void Supervisor::receive_greeting() {
  int fds[2] = {-1, -1};
  ucred sender{};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds) + CMSG_SPACE(sizeof sender)] = {};
  char byte = 0;
  iovec payload{&byte, 1};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(exec_done_, &message, MSG_CMSG_CLOEXEC) != 1) {
    ::close(exec_done_);  // its end: the program was executed, or the child ended
    exec_done_ = -1;
    return;
  }
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    const std::size_t size = head->cmsg_len - CMSG_LEN(0);
    if (head->cmsg_type == SCM_RIGHTS && (size == sizeof(int) || size == sizeof fds)) {
      std::memcpy(fds, CMSG_DATA(head), size);
    } else if (head->cmsg_type == SCM_CREDENTIALS && size == sizeof sender) {
      std::memcpy(&sender, CMSG_DATA(head), sizeof sender);
    }
  }
  if (sender.pid > 0) target_ = sender.pid;
  if (!watch_mounts()) ending_ = true;
  questions_.connections().meet_at(fds[1]);
  const int error = fds[0] >= 0 ? questions_.answer_in_a_thread(fds[0]) : 0;
  if (error == 0) return;
  report_->stage = Stage::kProcess;
  report_->error = error;
  ending_ = true;
}

// Nobody inside may mount. When somebody outside removes or replaces what a mount stands on, Linux takes that mount
// away in all other namespaces, and with it what it protected. Whether the program used the moment cannot be known.
bool Supervisor::watch_mounts() {
  if (mounts_ >= 0 || report_->namespaces == 0) return true;
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/mountinfo", program_);
  mounts_ = ::open(path, O_RDONLY | O_CLOEXEC);
  if (mounts_ >= 0) return true;
  // It has ended already, and its namespaces with it.
  if (errno == EINVAL || errno == ENOENT || errno == ESRCH) return true;
  report_->stage = Stage::kRootFilesystem;
  report_->error = errno;
  return false;
}

// True when the program was executed; false when the child failed or the launcher went away.
bool Supervisor::wait_for_exec() {
  while (!ending_) {
    pollfd watched[] = {{exec_done_, POLLIN, 0}, {kControlFd, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) break;
    if (watched[0].revents != 0) {
      receive_greeting();
      if (exec_done_ < 0) return report_->stage == Stage::kExecute && report_->error == 0 && target_ > 0;
    }
    if (watched[1].revents != 0 && !read_command()) break;
  }
  report_->error = ECANCELED;
  return false;
}

// False when the launcher is gone.
bool Supervisor::read_command() {
  Command command;
  const ssize_t size = ::recv(kControlFd, &command, sizeof command, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (size != sizeof command) {
    ending_ = true;
    return false;
  }
  obey(command);
  return true;
}

void Supervisor::obey(const Command& command) {
  DoneReport done;
  done.sequence = command.sequence;
  switch (command.kind) {
    case CommandKind::kSignal:
      if (!program_exited_ && target_ > 0) ::kill(-target_, command.argument);
      return;
    case CommandKind::kKill:
      ending_ = true;
      return;
    case CommandKind::kFreeze:
      done.error = freeze();
      break;
    case CommandKind::kThaw:
      done.error = thaw();
      break;
  }
  send_report(done);
}

int Supervisor::freeze() {
  const int error = freeze_cgroup(cgroup_);
  return error == ENOENT ? freeze_marked(tree()) : error;
}

int Supervisor::thaw() {
  const int error = thaw_cgroup(cgroup_);
  if (error != ENOENT) return error;
  return continue_marked(tree()) >= 0 ? 0 : ENOENT;
}

// Collects every child that ended; false when there is no child left at all.
bool Supervisor::reap() {
  signalfd_siginfo ignored[8];
  while (::read(signals_, ignored, sizeof ignored) > 0) {
  }
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0) return errno != ECHILD;
    if (pid == program_) {
      program_exited_ = true;
      // The first process of a namespace ends in order only after the program; killed, it took the program with it.
      const bool told = report_->namespaces != 0 && WIFEXITED(status) && report_->wait_status >= 0;
      wait_status_ = report_->namespaces == 0 ? status : (told ? report_->wait_status : SIGKILL);
    }
  }
}

void Supervisor::kill_all() {
  send_report(DoneReport{ReportKind::kDone, kEndingSequence, 0});
  for (int round = 0;; ++round) {
    // Init is the subreaper: no child means no descendant.
    if (!reap() && !cgroup_populated(cgroup_)) return;
    if (round == 1) outrun_everything();
    kill_cgroup(cgroup_);
    // The end of its first process ends a pid namespace. The program itself may not carry the mark yet.
    if (!program_exited_ && program_ > 0) ::kill(program_, SIGKILL);
    // Without either, and for whatever left the cgroup: the mark.
    const bool held = cgroup_.path[0] != 0 || (report_ != nullptr && report_->namespaces != 0);
    if (!held || round > 1) {
      thaw_cgroup(cgroup_);
      end_marked(tree());
    }
    pollfd watched{signals_, POLLIN, 0};
    ::poll(&watched, 1, kKillPollMs);
  }
}

void Supervisor::clean() {
  remove_cgroup(cgroup_);
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    remove_placeholder(plan_.rules[i].path, plan_.rules[i].flags, placeholders_[i]);
  }
  if (plan_.tree_directory[0] != 0) remove_tree_directory(plan_.tree_directory);
}

int Supervisor::milliseconds_left() const {
  if (deadline_ms_ == 0) return -1;
  const std::int64_t left = deadline_ms_ - monotonic_ms();
  constexpr std::int64_t kPollMax = 1'000'000;
  return static_cast<int>(left < 0 ? 0 : (left < kPollMax ? left : kPollMax));
}

void Supervisor::watch() {
  while (!ending_ && !program_exited_) {
    pollfd watched[] = {{kControlFd, POLLIN, 0}, {signals_, POLLIN, 0}, {mounts_, POLLPRI, 0}};
    if (::poll(watched, 3, milliseconds_left()) < 0 && errno != EINTR) return;
    const Deadman deadman;
    if (watched[2].revents != 0 && !program_exited_) {
      why_ = Ending::kProtection;
      return;
    }
    if (watched[0].revents != 0) read_command();
    if (watched[1].revents != 0) reap();
    if (deadline_ms_ != 0 && monotonic_ms() >= deadline_ms_) {
      why_ = Ending::kWallLimit;
      return;
    }
  }
}

void Supervisor::report_exit() {
  ExitReport report;
  report.wait_status = wait_status_;
  report.ending = why_;
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  report.cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * std::int64_t{1'000'000} + usage.ru_utime.tv_usec +
                  usage.ru_stime.tv_usec;
  report.memory_peak_bytes = usage.ru_maxrss * std::int64_t{1024};
  send_report(report);
}

int Supervisor::run(ProgramFds& fds) {
  const bool started = start(fds);
  if (started) {
    report_->stage = Stage::kRunning;
    report_->pid = target_;
    std::memcpy(report_->cgroup_path, cgroup_.path, sizeof cgroup_.path);
    send_report(*report_);
    questions_.blocked().begin();
    if (plan_.header.wall_ms > 0) deadline_ms_ = monotonic_ms() + plan_.header.wall_ms;
    watch();
  }
  kill_all();
  clean();
  if (started) {
    questions_.blocked().finish();
    report_exit();
  } else {
    StartReport failure;
    if (report_ != nullptr) failure = *report_;
    send_report(failure);
  }
  return 0;
}

}  // namespace

int supervise(const Plan& plan, ProgramFds& fds, int signals, NetworkNamespace network) {
  static Supervisor supervisor(plan, signals, network);  // too large for the stack
  return supervisor.run(fds);
}

}  // namespace agentos::sandbox
