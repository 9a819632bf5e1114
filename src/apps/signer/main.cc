// agentos-signer: reads what to sign from a socket and answers signed notes. It reads its keys first and is confined
// before it reads the first octet of a question.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/io/worker_process.h"
#include "lib/recorder/key_signer.h"
#include "lib/recorder/signer_process.h"
#include "lib/sandbox/worker_confinement.h"

namespace {

using namespace agentos;

// The socket (0, 1), /dev/null (2), the lock, `seal.key` and `seals`.
constexpr int kDescriptorsKept = 6;
constexpr int kLockAttemptsMax = 300;
constexpr useconds_t kLockPauseUs = 10'000;

// The signer before this one may not have noticed yet that its socket closed.
Result<std::unique_ptr<recorder::DiskLock>> lock_keys(recorder::Disk& disk, const std::string& directory) {
  TRY(disk.make_directory(directory));
  for (int attempt = 1;; ++attempt) {
    auto lock = disk.lock(directory + "/" + std::string(recorder::kSignerLockName));
    if (lock || lock.error().code != ErrorCode::kBusy || attempt == kLockAttemptsMax) return lock;
    ::usleep(kLockPauseUs);
  }
}

Result<std::string> answer_to(recorder::KeySigner& signer, std::string_view question) {
  const auto end = question.find('\n');
  const std::string_view verb = question.substr(0, end);
  const std::string_view body = end == std::string_view::npos ? std::string_view() : question.substr(end + 1);
  if (verb == "sign") return signer.sign(body);
  if (verb == "seal") {
    TRY(signer.seal(body));
    return std::string();
  }
  return fail(ErrorCode::kMalformed, "the signer signs and seals");
}

int refuse(const Error& error) {
  (void)io::write_worker_frame(recorder::signer_answer(std::unexpected(error)));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || ::isatty(STDIN_FILENO) != 0) {
    constexpr std::string_view kUsage = "agentos-signer is started by AgentOS; there is nothing to run by hand\n";
    (void)!::write(STDERR_FILENO, kUsage.data(), kUsage.size());
    return 64;
  }
  ::umask(0077);
  // What is opened from here on has the numbers that are kept.
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  const auto disk = recorder::make_real_disk();
  const auto lock = lock_keys(*disk, argv[1]);
  if (!lock) return refuse(lock.error());
  SystemRandom random;
  const auto signer = recorder::KeySigner::open(*disk, argv[1], argv[2], random);
  if (!signer) return refuse(signer.error());
  // What is set up lazily is set up before the filter.
  const auto key = crypto::signing_key_from_seed(std::array<std::byte, 32>{});
  (void)crypto::sign(key, crypto::view(crypto::hmac_sha256("", "")));
  if (const auto confined = sandbox::confine_worker({.descriptors = kDescriptorsKept, .writing_files = true});
      !confined)
    return refuse(confined.error());
  if (!io::write_worker_frame(recorder::kSignerGreeting)) ::_exit(1);
  std::string question;
  while (io::read_worker_frame(question, recorder::kSignedBodySizeMax + 16))
    if (!io::write_worker_frame(recorder::signer_answer(answer_to(**signer, question)))) ::_exit(1);
  ::_exit(0);
}
