// agentos-signer, which holds a log's keys in a confined process of its own: what a writer of the log asks it.
//
// A signer that died or hangs is an error of one call; it is started again when the pause has passed, which doubles up
// to kSignerPauseMax while it fails. Questions: "sign\n" or "seal\n" and the body; answers: "ok\n" and the note, or
// "error\n", the code's number, the message and the hint, a line each. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>

#include "base/io/worker_process.h"
#include "lib/recorder/checkpoint_signer.h"

namespace agentos::recorder {

inline constexpr std::string_view kSignerLockName = "signer.lock";  // held by the one process that uses the keys
inline constexpr std::string_view kSignerGreeting = "agentos-signer 1\n";
inline constexpr std::size_t kSignerAnswerSizeMax = 16 * 1024;
inline constexpr std::chrono::milliseconds kSignerDeadline{1000};
inline constexpr std::chrono::milliseconds kSignerStartDeadline{10'000};
inline constexpr std::chrono::milliseconds kSignerPauseMin{100};
inline constexpr std::chrono::milliseconds kSignerPauseMax{30'000};

class SignerProcess final : public CheckpointSigner {
 public:
  // Starts it; an error is that of the keys in `directory` as the signer found them.
  static Result<std::unique_ptr<SignerProcess>> start(const std::string& program, const std::string& directory,
                                                      const std::string& origin);

  Result<std::string> sign(std::string_view body) override { return ask("sign\n", body); }
  Status seal(std::string_view body) override;
  SignerState state() const override;

 private:
  SignerProcess(const std::string& program, const std::string& directory, const std::string& origin);
  Result<std::string> ask(std::string_view verb, std::string_view body);

  mutable std::mutex mutex_;
  io::WorkerProcess worker_;
  Error error_;
  bool up_ = true;
  std::chrono::milliseconds pause_ = kSignerPauseMin;
  std::chrono::steady_clock::time_point not_before_;
};

// What the signer's process sends.
std::string signer_answer(const Result<std::string>& result);
Result<std::string> parse_signer_answer(std::string_view answer);

}  // namespace agentos::recorder
