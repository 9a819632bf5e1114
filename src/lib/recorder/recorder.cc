// Opening: the lock, what the last run left, the threads.
#include "lib/recorder/recorder.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/recorder/group_commit.h"
#include "lib/recorder/key_signer.h"
#include "lib/recorder/log_recorder.h"
#include "lib/recorder/redaction.h"
#include "lib/recorder/signer_process.h"

namespace agentos::recorder {

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::kEffects:
      return "effects";
    case Mode::kAlways:
      return "always";
    case Mode::kInterval:
      return "interval";
  }
  return "effects";
}

namespace {

// A recorder that owns its disk.
class RealRecorder final : public Recorder {
 public:
  RealRecorder(std::unique_ptr<Disk> disk, std::unique_ptr<Recorder> recorder)
      : disk_(std::move(disk)), recorder_(std::move(recorder)) {}
  Result<Index> append(const Entry& entry) override { return recorder_->append(entry); }
  void when_durable(Index index, std::function<void(Status)> done) override {
    recorder_->when_durable(index, std::move(done));
  }
  Status wait_durable(Index index) override { return recorder_->wait_durable(index); }
  void erase(std::set<Index> entries, std::function<void(Result<Redacted>)> done) override {
    recorder_->erase(std::move(entries), std::move(done));
  }
  Status health() const override { return recorder_->health(); }
  Stats stats() const override { return recorder_->stats(); }
  Mode mode() const override { return recorder_->mode(); }
  Status close() override { return recorder_->close(); }

 private:
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace

Result<std::unique_ptr<Recorder>> open_recorder(Options options, Clock& clock, Random& random, Disk& disk,
                                                Preparation preparation, const MakeSigner& make_signer) {
  if (options.directory.empty() || options.commit_interval_ms < 0)
    return fail(ErrorCode::kInvalidArgument, "a recorder needs a directory and a commit interval of 0 ms or more");
  const std::int64_t began_ns = clock.monotonic_ns();
  options.queue_bytes_max = std::max(options.queue_bytes_max, kQueueBytesMin);
  TRY(disk.make_directory(options.directory));
  auto lock = disk.lock(fmt::format("{}/{}", options.directory, kLockName));
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, fmt::format("another process writes the log in {}", options.directory),
                "stop it, or use another state directory");
  if (!lock) return std::unexpected(std::move(lock).error());
  TRY(finish_erasing(disk, options.directory));
  std::unique_ptr<CheckpointSigner> signer;
  if (make_signer) {
    signer = TRY(make_signer(options));
  } else {
    signer = TRY(KeySigner::open(disk, options.directory, options.origin, random));
  }
  auto writer = TRY(LogWriter::open(options, clock, random, disk, *signer, preparation));
  auto recorder =
      std::make_unique<LogRecorder>(std::move(options), clock, std::move(*lock), std::move(signer), std::move(writer));
  TRY(recorder->start(disk, preparation, began_ns));
  return recorder;
}

Result<std::unique_ptr<Recorder>> Recorder::open(Options options, Clock& clock, Random& random) {
  auto disk = make_real_disk();
  MakeSigner make_signer;
  if (!options.signer_program.empty())
    make_signer = [](const Options& of) -> Result<std::unique_ptr<CheckpointSigner>> {
      return SignerProcess::start(of.signer_program, of.directory, of.origin);
    };
  auto recorder = TRY(open_recorder(std::move(options), clock, random, *disk, Preparation::kAhead, make_signer));
  return std::make_unique<RealRecorder>(std::move(disk), std::move(recorder));
}

}  // namespace agentos::recorder
