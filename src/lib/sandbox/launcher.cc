// One thread starts every init and watches all of them: their control sockets for reports, their pidfds for the end.
//
// Init's program asks to be killed when init dies, and init ends when its socket closes; neither depends on this
// thread.
#include "lib/sandbox/launcher.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <map>
#include <thread>

#include "lib/sandbox/deadlines.h"
#include "lib/sandbox/host_namespaces.h"
#include "lib/sandbox/launcher_options.h"
#include "lib/sandbox/mechanism/cgroup.h"
#include "lib/sandbox/mechanism/rlimits.h"
#include "lib/sandbox/running_tree.h"
#include "lib/sandbox/seccomp_filter.h"

namespace agentos::sandbox {
namespace {

constexpr int kEventsMax = 64;
using Clock = std::chrono::steady_clock;
constexpr int kOrphanRetryMs = 5;
constexpr auto kQuiet = std::chrono::milliseconds(20);  // after a start, before the next init is made ahead
constexpr int kWaitMsMax = 1'000'000;
constexpr std::size_t kTreesMax = 4096;
enum Watched : std::uint64_t { kControl, kProcess };
constexpr std::uint64_t kWakeId = 0;  // trees count from 1
// Of a root launcher's programs: above what distributions and containers hand out (systemd's UIDS-GIDS page).
constexpr unsigned kUserMin = 0x70000000, kUserMax = 0x7FFE0000;

class TreeHandle : public Tree {
 public:
  explicit TreeHandle(std::shared_ptr<RunningTree> tree) : tree_(std::move(tree)) {}
  ~TreeHandle() override { (void)tree_->send(CommandKind::kKill, 0); }
  int pid() const override { return tree_->pid(); }
  Status signal(int linux_signal) override { return tree_->send(CommandKind::kSignal, linux_signal); }
  Status freeze() override { return tree_->ask(CommandKind::kFreeze); }
  Status thaw() override { return tree_->ask(CommandKind::kThaw); }
  Status kill() override { return tree_->send(CommandKind::kKill, 0); }

 private:
  std::shared_ptr<RunningTree> tree_;
};

class RealLauncher : public Launcher {
 public:
  RealLauncher(LauncherOptions options, HostNamespaces host, io::Fd epoll, io::Fd wake)
      : options_(std::move(options)),
        epoll_(std::move(epoll)),
        wake_(std::move(wake)),
        host_(std::move(host)),
        kind_ahead_(host_.given && host_.root ? Ahead::kNetwork : Ahead::kPlain) {
    watch(wake_.get(), kWakeId, kControl);
    thread_ = std::thread([this] { loop(); });
  }

  ~RealLauncher() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
    for (PreparedInit& waiting : ahead_) dismiss(waiting);
  }

  Result<std::shared_ptr<Tree>> launch(LaunchRequest request, std::function<void(Result<Started>)> on_start,
                                       std::function<void(ExitStatus)> on_exit) override {
    PlanOptions plan_options;
    plan_options.base_directory = options_.base_directory;
    plan_options.mark = random_mark();
    plan_options.why_no_namespaces = host_.reason;
    plan_options.cgroups = options_.cgroups;
    plan_options.user = next_user();
    HostOffer host;
    host.landlock_abi = options_.landlock_abi_max;
    host.namespaces = host_.given;
    host.root = host_.root;
    if (!request.profile.promises.empty() && options_.cgroups == Cgroups::kWhenPossible) {
      constexpr std::uint32_t kAll = 7;  // every CgroupLimit
      host.cgroup = probe_cgroup().limits == kAll;
    }
    plan_options.host = TRY(offer_for(request.profile, host, host_.reason));
    const std::shared_ptr<const Filter> filter = filter_for(filter_options(request.profile, plan_options.host));
    LaunchPlan plan = TRY(make_launch_plan(request, plan_options, *filter));
    TRY(take_place());
    auto prepared = prepare_init(plan, request, [&] { return take_ahead(plan); });
    if (!prepared) {
      give_place_back();
      return std::unexpected(prepared.error());
    }
    std::shared_ptr<RunningTree> tree;
    {
      const std::lock_guard lock(mutex_);
      tree = std::make_shared<RunningTree>(++last_id_, std::move(plan), std::move(*prepared), std::move(on_start),
                                           std::move(on_exit), std::move(request.on_blocked),
                                           [this](std::uint64_t id, Deadlines::Time when) { look_at(id, when); });
      pending_.push_back(tree);
    }
    wake();
    return std::make_shared<TreeHandle>(std::move(tree));
  }

 private:
  using Filter = std::vector<sock_filter>;

  // Compiled once for each combination a profile can have; there are few.
  std::shared_ptr<const Filter> filter_for(const FilterOptions& wanted) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const Filter>& filter = filters_[wanted];
    if (filter == nullptr) filter = std::make_shared<const Filter>(build_filter(wanted));
    return filter;
  }

  Status take_place() {
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(ErrorCode::kClosed, "the launcher is stopping");
    if (live_trees_ >= kTreesMax) {
      return fail(ErrorCode::kBusy, std::to_string(kTreesMax) + " process trees are running", "wait for one to end");
    }
    ++live_trees_;
    return {};
  }

  void give_place_back() {
    const std::lock_guard lock(mutex_);
    --live_trees_;
  }

  // An init that waits, when there is one that fits: one with a network namespace of its own fits only a tree that has
  // one, too.
  std::optional<PreparedInit> take_ahead(const LaunchPlan& plan) {
    const bool apart = plan.host.namespaces && plan.network != Network::kHost;
    const std::lock_guard lock(mutex_);
    if (ahead_.empty() || (kind_ahead_ == Ahead::kNetwork && !apart)) return {};
    PreparedInit taken = std::move(ahead_.front());
    ahead_.pop_front();
    return taken;
  }

  // On the thread. Not while a start is under way, which it would slow down.
  void fill_ahead() {
    fill_at_.reset();
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_ || ahead_.size() >= options_.ahead) return;
      }
      auto started = start_ahead(options_.init_path, kind_ahead_);
      if (!started) return;  // a start says why
      const std::lock_guard lock(mutex_);
      ahead_.push_back(std::move(*started));
    }
  }

  // Numbers no user has, one after the other: agents of a root kernel share none while they live.
  unsigned next_user() {
    const std::lock_guard lock(mutex_);
    next_user_ = next_user_ + 1 < kUserMax ? next_user_ + 1 : kUserMin;
    return next_user_;
  }

  static std::uint64_t random_mark() {
    std::uint64_t number = 0;
    while (::getrandom(&number, sizeof number, 0) != sizeof number) {
    }
    return kMarkMin + number % (kMarkMax - kMarkMin);
  }

  void wake() {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  void look_at(std::uint64_t id, Deadlines::Time when) {
    {
      const std::lock_guard lock(mutex_);
      deadlines_.set(id, when);
    }
    wake();
  }

  // What epoll_wait takes: until the next deadline, -1 when there is none.
  int wait_ms() {
    if (!orphaned_.empty()) return kOrphanRetryMs;
    const std::lock_guard lock(mutex_);
    std::optional<Deadlines::Time> next = deadlines_.next();
    if (fill_at_ && (!next.has_value() || *fill_at_ < *next)) next = fill_at_;
    if (!next.has_value()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Deadlines::Time::clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kWaitMsMax));
  }

  void end_overdue() {
    std::vector<std::uint64_t> due;
    {
      const std::lock_guard lock(mutex_);
      due = deadlines_.take_due(Deadlines::Time::clock::now());
    }
    for (const std::uint64_t id : due) {
      const auto found = trees_.find(id);
      if (found != trees_.end()) found->second->overdue();
    }
  }

  void watch(int fd, std::uint64_t id, Watched what) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id * 2 + what;
    CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  }

  void start_pending() {
    for (;;) {
      std::shared_ptr<RunningTree> tree;
      {
        const std::lock_guard lock(mutex_);
        if (pending_.empty()) return;
        tree = std::move(pending_.front());
        pending_.pop_front();
      }
      Status started = tree->start(options_.init_path);
      if (!started) {
        tree->fail_start(std::move(started).error());
        forget(tree->id());
        continue;
      }
      fill_at_ = Clock::now() + kQuiet;
      trees_[tree->id()] = tree;
      watch(tree->control_fd(), tree->id(), kControl);
      watch(tree->process_fd(), tree->id(), kProcess);
    }
  }

  void forget(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    deadlines_.forget(id);
    --live_trees_;
  }

  void finish(const std::shared_ptr<RunningTree>& tree) {
    if (!tree->finish()) {
      orphaned_[tree->id()] = tree;
      return;
    }
    orphaned_.erase(tree->id());
    trees_.erase(tree->id());
    forget(tree->id());
    fill_at_ = Clock::now();
  }

  void handle(std::uint64_t id, Watched what) {
    const auto found = trees_.find(id);
    if (found == trees_.end()) return;
    const std::shared_ptr<RunningTree> tree = found->second;
    if (what == kControl) {
      // At its end the socket stays readable; the pidfd tells the rest.
      if (!tree->read_reports()) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, tree->control_fd(), nullptr);
      return;
    }
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, tree->process_fd(), nullptr);
    tree->init_ended();
    finish(tree);
  }

  bool stop_all() {
    {
      const std::lock_guard lock(mutex_);
      if (!stopping_) return false;
    }
    if (!told_to_end_) {
      for (const auto& [id, tree] : trees_) (void)tree->send(CommandKind::kKill, 0);
      told_to_end_ = true;
    }
    return trees_.empty();
  }

  void loop() {
    epoll_event events[kEventsMax];
    for (;;) {
      start_pending();
      if (stop_all()) return;
      if (fill_at_ && Clock::now() >= *fill_at_) fill_ahead();
      const int count = ::epoll_wait(epoll_.get(), events, kEventsMax, wait_ms());
      for (int i = 0; i < count; ++i) {
        const std::uint64_t id = events[i].data.u64 / 2;
        if (id == kWakeId) {
          std::uint64_t ignored = 0;
          (void)!::read(wake_.get(), &ignored, sizeof ignored);
        } else {
          handle(id, static_cast<Watched>(events[i].data.u64 % 2));
        }
      }
      end_overdue();
      const auto waiting = orphaned_;
      for (const auto& [id, tree] : waiting) finish(tree);
    }
  }

  const LauncherOptions options_;
  const io::Fd epoll_;
  const io::Fd wake_;
  const HostNamespaces host_;
  const Ahead kind_ahead_;
  // The thread's own.
  std::optional<Clock::time_point> fill_at_ = Clock::now();
  std::map<std::uint64_t, std::shared_ptr<RunningTree>> trees_;
  std::map<std::uint64_t, std::shared_ptr<RunningTree>> orphaned_;
  bool told_to_end_ = false;

  std::mutex mutex_;
  std::deque<std::shared_ptr<RunningTree>> pending_;
  std::deque<PreparedInit> ahead_;
  std::size_t live_trees_ = 0;
  std::uint64_t last_id_ = 0;
  Deadlines deadlines_;  // of trees whose init may have to be killed
  std::map<FilterOptions, std::shared_ptr<const Filter>> filters_;
  unsigned next_user_ = kUserMin + static_cast<unsigned>(random_mark() % (kUserMax - kUserMin));
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Launcher>> make_launcher_with(LauncherOptions options) {
  if (::access(options.init_path.c_str(), X_OK) != 0) {
    auto error = fail_errno(errno, "cannot use agentos-init at " + options.init_path);
    error.error().hint = "it is installed beside agentos; set AGENTOS_INIT to where it is";
    return error;
  }
  const int abi = landlock_abi();
  if (abi < options.landlock_abi_max) options.landlock_abi_max = abi;
  if (options.base_directory.empty()) options.base_directory = default_base_directory();
  HostNamespaces host{false, ::geteuid() == 0, "the launcher was told not to use any"};
  if (options.namespaces != Namespaces::kNever) host = probe_host_namespaces(options.init_path, options.base_directory);
  if (options.namespaces == Namespaces::kRequired && !host.given) {
    return fail(ErrorCode::kUnsupported, "this host gives no namespaces: " + host.reason,
                "agentos doctor says how to get them");
  }
  io::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  io::Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !wake.valid()) return fail_errno(errno, "cannot make the launcher's event loop");
  return std::make_unique<RealLauncher>(std::move(options), std::move(host), std::move(epoll), std::move(wake));
}

Result<std::unique_ptr<Launcher>> make_launcher(std::string init_path) {
  LauncherOptions options;
  options.init_path = std::move(init_path);
  return make_launcher_with(std::move(options));
}

}  // namespace agentos::sandbox
