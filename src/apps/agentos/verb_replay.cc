// agentos replay: a program started in its sandbox with a record in the kernel's place. Nothing it asks for is carried
// out; the first call that the record does not answer ends it.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <iostream>
#include <mutex>

#include "abi/codes.h"
#include "abi/rpc.h"
#include "abi/table.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/spawn_request.h"
#include "apps/agentos/tape.h"
#include "base/io/socket.h"
#include "client/place.h"
#include "lib/sandbox/launcher.h"

extern char** environ;

namespace agentos::cli {
namespace {

constexpr int kPollMs = 50;
constexpr std::size_t kShownBytesMax = 600;

struct Divergence {
  std::string why;
  std::string now;  // the call that was made; empty: none
  const TapeCall* recorded = nullptr;
};

std::string shown_call(std::string_view call, std::string_view arguments) {
  std::string out = fmt::format("{} {}", call, arguments.substr(0, kShownBytesMax));
  if (arguments.size() > kShownBytesMax) out += "…";
  return json::to_valid_utf8(out);
}

std::string shown_call(const TapeCall& call) {
  if (!call.arguments.empty()) return shown_call(call.call, call.arguments);
  return shown_call(call.call, call.digest.empty() ? "(arguments were not recorded)"
                                                   : "(arguments with the digest " + call.digest + ")");
}

// How the tree ended; told by the launcher's thread.
struct End {
  std::mutex mutex;
  std::condition_variable changed;
  bool started = false, failed = false, ended = false;
  Error error;
  sandbox::ExitStatus status;
};

class Playing {
 public:
  Playing(Tape& tape, const ReplayOptions& options, io::Fd socket)
      : tape_(tape), options_(options), socket_(std::move(socket)) {}

  // Answers until the agent hangs up, ends, or does something else.
  Status run(End& end) {
    for (;;) {
      pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&waiting, 1, kPollMs);
      if (ready < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for the agent");
      if (ready <= 0) {
        const std::lock_guard lock(end.mutex);
        if (end.ended) return {};
        continue;
      }
      char octets[65536];
      const ssize_t size = ::recv(socket_.get(), octets, sizeof octets, 0);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return {};
      buffer_.append(octets, static_cast<std::size_t>(size));
      if (buffer_.size() > abi::rpc::kLineBytesMax + 1 && buffer_.find('\n') == buffer_.npos) {
        divergence = Divergence{"a line is longer than the wire allows", "", tape_.next()};
        return {};
      }
      for (std::size_t at = buffer_.find('\n'); at != buffer_.npos && !divergence; at = buffer_.find('\n')) {
        const std::string line = buffer_.substr(0, at);
        buffer_.erase(0, at + 1);
        TRY(answer(line));
      }
      if (divergence) return {};
    }
  }

  std::optional<Divergence> divergence;
  std::uint64_t answered = 0;

 private:
  Status send(const std::string& text) {
    for (std::string_view left = text; !left.empty();) {
      const ssize_t sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return {};  // it hung up, which is not an error of the replay
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Status answer(const std::string& line) {
    auto message = abi::rpc::parse(line);
    if (!message) {
      divergence = Divergence{"a line is no message: " + message.error().error.message, line.substr(0, kShownBytesMax),
                              tape_.next()};
      return {};
    }
    if (message->kind != abi::rpc::Message::Kind::kRequest) return {};
    // As the kernel writes them into the record.
    std::string arguments;
    const abi::Row* row = abi::find_row(message->method);
    if (row != nullptr) {
      auto request = row->request.make();
      if (row->request.decode(message->params, request.get())) row->request.encode(request.get(), arguments);
    }
    const std::string_view name = row != nullptr ? row->name : std::string_view(message->method);
    const TapeCall* expected = tape_.next();
    const TapeCall* taken = tape_.take(name, arguments, options_.strict ? Tape::Order::kStrict : Tape::Order::kAny);
    if (taken == nullptr) {
      divergence = Divergence{expected == nullptr ? "it makes a call after the last that was recorded"
                              : options_.strict   ? "it makes another call than the one recorded next"
                                                  : "it makes a call that the record has not (any more)",
                              shown_call(name, arguments.empty() ? json::write(message->params) : arguments), expected};
      return {};
    }
    if (options_.step && !step(*taken)) {
      divergence = Divergence{"the replay was stopped here", shown_call(*taken), taken};
      return {};
    }
    std::string text;
    TRY(write_answer(*taken, message->id, text));
    ++answered;
    return send(text);
  }

  static Status write_answer(const TapeCall& call, const abi::rpc::Id& id, std::string& text) {
    if (call.answer == TapeCall::Answer::kNone)
      return fail(ErrorCode::kUnsupported,
                  fmt::format("entry {} ({}) has no outcome to answer with", call.index, call.call),
                  "the run ended before it, or the kernel did");
    if (call.answer == TapeCall::Answer::kResult) {
      if (!call.recorded)
        return fail(
            ErrorCode::kUnsupported,
            fmt::format("entry {} ({}): its result was recorded as a digest only", call.index, call.call),
            "record the run in full: agentos serve --record-content, or agentos run --private --record-content");
      if (call.call == "mmap" || call.call == "attach")
        return fail(ErrorCode::kUnsupported,
                    fmt::format("entry {}: {} hands over a descriptor, which no record has", call.index, call.call));
      abi::rpc::write_result(text, id, call.result.empty() ? "{}" : call.result);
      return {};
    }
    const auto code = static_cast<ErrorCode>(call.code);
    Error error{code, call.result, {}};
    if (error.message.empty()) error.message = std::string(abi::error_info(code).sentence);
    json::Object extra;
    if (!call.step.empty()) extra["step"] = call.step;
    if (!call.rule.empty()) extra["rule"] = call.rule;
    abi::rpc::write_error(text, id, error, extra);
    return {};
  }

  static bool step(const TapeCall& call) {
    print(fmt::format("entry {}: {}\n", call.index, printable(shown_call(call))));
    const std::string answer = call.answer == TapeCall::Answer::kResult
                                   ? call.result.substr(0, kShownBytesMax)
                                   : fmt::format("error {} {}", call.code, call.result);
    print(fmt::format("  answered with {}\n  Enter: go on; q: stop ", printable(json::to_valid_utf8(answer))));
    std::string line;
    return std::getline(std::cin, line) && line != "q";
  }

  Tape& tape_;
  const ReplayOptions& options_;
  io::Fd socket_;
  std::string buffer_;
};

Result<sandbox::LaunchRequest> launch_request(const Globals& globals, const ReplayOptions& options, const Tape& tape) {
  RunOptions run;
  run.command = options.command.empty() ? tape.command : options.command;
  run.profile = options.profile;
  if (run.command.empty())
    return fail(ErrorCode::kInvalidArgument, tape.agent + " was no program, so there is none to start",
                "name one: agentos replay " + tape.agent + " -- PROGRAM ARGUMENTS...");
  const abi::SpawnRequest spawn = TRY(spawn_request(run, environ));
  sandbox::LaunchRequest launch;
  launch.command = spawn.command;
  launch.working_directory = spawn.working_directory;
  for (const auto& [name, value] : spawn.environment.as_object())
    launch.environment.emplace_back(name, value.as_string());
  launch.environment_set = {{"AGENTOS_SOCKET_FD", "3"}, {"AGENTOS_AGENT", tape.agent}};
  launch.profile = TRY(spawn.profile ? sandbox::parse_profile(spawn.profile->text, spawn.profile->file)
                                     : sandbox::preset_profile(spawn.profile_preset));
  launch.profile.limits.wall_ms = TRY(parse_duration_ms(options.timeout));
  launch.closed_paths = {state_directory_of(globals)};
  launch.stdin_fd = io::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // What the program prints is kept apart from the report.
  launch.stdout_fd = io::Fd(::fcntl(globals.format == Format::kTable ? 1 : 2, F_DUPFD_CLOEXEC, 3));
  launch.stderr_fd = io::Fd(::fcntl(2, F_DUPFD_CLOEXEC, 3));
  return launch;
}

void report(const Globals& globals, const Tape& tape, const Playing& playing, std::optional<int> exit_code, bool same) {
  const Divergence* divergence = playing.divergence ? &*playing.divergence : nullptr;
  const TapeCall* recorded = divergence != nullptr ? divergence->recorded : nullptr;
  if (globals.format != Format::kTable) {
    json::Object out{{"agent", tape.agent},
                     {"run", tape.run},
                     {"same", same},
                     {"calls_recorded", tape.calls()},
                     {"calls_answered", playing.answered}};
    if (exit_code) out.append("exit_code", *exit_code);
    if (tape.exit_code) out.append("exit_code_recorded", *tape.exit_code);
    if (divergence != nullptr) {
      json::Object where{{"why", divergence->why}, {"now", divergence->now}};
      if (recorded != nullptr) {
        where.append("index", recorded->index);
        where.append("recorded", shown_call(*recorded));
      }
      out.append("divergence", std::move(where));
    }
    print_json(json::Value(std::move(out)));
    return;
  }
  const Screen screen = screen_of(1);
  print(fmt::format("{}: {} calls recorded, {} answered\n", printable(tape.agent), tape.calls(), playing.answered));
  if (same) return print(styled(screen, Style::kGood, "the same") + "\n");
  print(styled(screen, Style::kBad, "first divergence") + ": " +
        printable(divergence != nullptr ? divergence->why : "") + "\n");
  if (recorded != nullptr)
    print(fmt::format("  recorded  entry {}: {}\n", recorded->index, printable(shown_call(*recorded))));
  if (divergence != nullptr && !divergence->now.empty())
    print(fmt::format("  now       {}\n", printable(divergence->now)));
}

// Waits for `done`, at most as long as the tree may run and be killed.
template <class Done>
bool wait_for(End& end, Done done) {
  constexpr auto kLongest = std::chrono::minutes(10);
  std::unique_lock lock(end.mutex);
  return end.changed.wait_for(lock, kLongest, done);
}

}  // namespace

Result<int> verb_replay(const Globals& globals, const ReplayOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Tape tape = TRY(Tape::read(directory, options.run));
  sandbox::LaunchRequest launch = TRY(launch_request(globals, options, tape));
  auto sockets = TRY(io::socket_pair());
  launch.agent_socket = std::move(sockets.first);
  ::signal(SIGPIPE, SIG_IGN);
  auto end = std::make_shared<End>();
  const auto launcher = TRY(sandbox::make_launcher(TRY(find_init_program())));
  auto tree = TRY(launcher->launch(
      std::move(launch),
      [end](Result<sandbox::Started> started) {
        const std::lock_guard lock(end->mutex);
        end->started = true;
        if (!started) {
          end->failed = true;
          end->error = started.error();
        }
        end->changed.notify_all();
      },
      [end](sandbox::ExitStatus status) {
        const std::lock_guard lock(end->mutex);
        end->ended = true;
        end->status = status;
        end->changed.notify_all();
      }));
  wait_for(*end, [&] { return end->started; });
  if (end->failed || !end->started)
    return std::unexpected(end->started ? end->error : Error{ErrorCode::kTimedOut, "the program did not start", {}});
  Playing playing(tape, options, std::move(sockets.second));
  const Status played = playing.run(*end);
  if (!played || playing.divergence) (void)tree->kill();
  wait_for(*end, [&] { return end->ended; });
  TRY(played);
  std::optional<int> exit_code;
  if (!playing.divergence) {
    exit_code = end->status.shell_code();
    if (tape.next() != nullptr) {
      playing.divergence = Divergence{"it ends without making this call", "", tape.next()};
    } else if (tape.exit_code && *tape.exit_code != *exit_code) {
      playing.divergence = Divergence{
          fmt::format("it ends with {}, and was recorded to end with {}", *exit_code, *tape.exit_code), "", nullptr};
    }
  }
  const bool same = !playing.divergence;
  report(globals, tape, playing, exit_code, same);
  return same ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
