// The Executor of process tools: hands each call to the pool and owns the pool's end.
#include "lib/tool/executors/process/process_executor.h"

#include <utility>

#include "lib/tool/executors/process/process_pool.h"
#include "lib/tool/result.h"

namespace agentos::tool {
namespace {

class ProcessRunning final : public Running {
 public:
  ProcessRunning(std::weak_ptr<ProcessPool> pool, std::uint64_t id) : pool_(std::move(pool)), id_(id) {}
  void cancel() override {
    if (const auto pool = pool_.lock()) pool->cancel(id_);
  }

 private:
  std::weak_ptr<ProcessPool> pool_;
  std::uint64_t id_;
};

class ProcessExecutor final : public Executor {
 public:
  ProcessExecutor(sandbox::Launcher& launcher, const Clock& clock)
      : clock_(clock), pool_(std::make_shared<ProcessPool>(launcher, clock)) {}
  ~ProcessExecutor() override { pool_->stop(); }

  std::shared_ptr<Running> execute(const Manifest& manifest, Invocation invocation,
                                   std::function<void(ToolResult)> done) override {
    ProcessRun run;
    run.manifest = manifest;
    run.timeout_ms = timeout_ms_of(manifest, invocation);
    run.deadline_ns = clock_.monotonic_ns() + run.timeout_ms * 1'000'000;
    run.invocation = std::move(invocation);
    run.done = std::move(done);
    return std::make_shared<ProcessRunning>(pool_, pool_->submit(std::move(run)));
  }

 private:
  const Clock& clock_;
  std::shared_ptr<ProcessPool> pool_;
};

}  // namespace

std::shared_ptr<Executor> make_process_executor(sandbox::Launcher& launcher, const Clock& clock) {
  return std::make_shared<ProcessExecutor>(launcher, clock);
}

}  // namespace agentos::tool
