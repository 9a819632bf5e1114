// An answer "error" comes from a signer that works; anything else it cannot say ends the process.
#include "lib/recorder/signer_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace agentos::recorder {

namespace {

constexpr std::string_view kOkPrefix = "ok\n", kErrorPrefix = "error\n";

io::WorkerOptions worker_options(const std::string& program, const std::string& directory, const std::string& origin) {
  return {.program = program,
          .arguments = {directory, origin},
          .name = "the signer",
          .slow_hint = "it is started again by itself",
          .answer_bytes_max = kSignerAnswerSizeMax,
          .start_deadline = kSignerStartDeadline,
          .check_greeting = [](std::string_view greeting) -> Status {
            if (greeting == kSignerGreeting) return {};
            const auto answer = parse_signer_answer(greeting);
            if (!answer) return std::unexpected(answer.error());
            return fail(ErrorCode::kClosed, "the signer is another version", "install AgentOS as a whole");
          }};
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string signer_answer(const Result<std::string>& result) {
  if (result) return std::string(kOkPrefix) + *result;
  const Error& error = result.error();
  return fmt::format("{}{}\n{}\n{}\n", kErrorPrefix, static_cast<int>(error.code), one_line(error.message),
                     one_line(error.hint));
}

Result<std::string> parse_signer_answer(std::string_view answer) {
  if (answer.starts_with(kOkPrefix)) return std::string(answer.substr(kOkPrefix.size()));
  const auto nonsense = [] { return fail(ErrorCode::kClosed, "the signer answered nonsense"); };
  if (!answer.starts_with(kErrorPrefix)) return nonsense();
  std::string_view lines[3];
  std::string_view rest = answer.substr(kErrorPrefix.size());
  for (std::string_view& line : lines) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return nonsense();
    line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  int code = 0;
  std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), code);
  if (code >= 0) return nonsense();
  return fail(static_cast<ErrorCode>(code), std::string(lines[1]), std::string(lines[2]));
}

SignerProcess::SignerProcess(const std::string& program, const std::string& directory, const std::string& origin)
    : worker_(worker_options(program, directory, origin)) {}

Result<std::unique_ptr<SignerProcess>> SignerProcess::start(const std::string& program, const std::string& directory,
                                                            const std::string& origin) {
  std::unique_ptr<SignerProcess> signer(new SignerProcess(program, directory, origin));
  TRY(signer->worker_.start());
  return signer;
}

Result<std::string> SignerProcess::ask(std::string_view verb, std::string_view body) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!worker_.running() && now < not_before_) return std::unexpected(error_);
  auto answer = worker_.ask(std::string(verb) + std::string(body), kSignerDeadline);
  if (answer) {
    auto said = parse_signer_answer(*answer);
    if (said || said.error().code != ErrorCode::kClosed) {
      up_ = true;
      pause_ = kSignerPauseMin;
      return said;
    }
    worker_.stop();
    answer = std::move(said);
  }
  up_ = false;
  error_ = answer.error();
  not_before_ = std::chrono::steady_clock::now() + pause_;
  pause_ = std::min(pause_ * 2, kSignerPauseMax);
  return answer;
}

Status SignerProcess::seal(std::string_view body) {
  TRY(ask("seal\n", body));
  return {};
}

SignerState SignerProcess::state() const {
  const std::lock_guard lock(mutex_);
  return {up_, up_ ? std::string() : error_.message, static_cast<std::uint64_t>(worker_.starts())};
}

}  // namespace agentos::recorder
