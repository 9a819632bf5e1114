// A confined child process that answers questions over its socket: started when first needed, kept, ended when it
// fails.
//
// It gets its socket as standard input and output, /dev/null as standard error, an empty environment and no other
// descriptor. Frames both ways: 4 octets of length, little-endian, then octets. A process that crashes, hangs beyond a
// deadline or speaks another language is killed, and the next question finds a fresh one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::io {

struct WorkerOptions {
  std::string program;                 // its path
  std::vector<std::string> arguments;  // behind its name; no secrets
  std::string name;                    // for errors: "the SQL parser"
  std::string slow_hint;               // how to mend an answer that came too late
  std::size_t answer_bytes_max = 0;
  std::chrono::milliseconds start_deadline{2000};
  std::function<Status(std::string_view)> check_greeting;  // of the first frame it sends
};

// One thread at a time; the caller's lock decides who.
class WorkerProcess {
 public:
  explicit WorkerProcess(WorkerOptions options) : options_(std::move(options)) {}
  ~WorkerProcess() { stop(); }
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Its answer. After an error (kClosed, kTimedOut, or that of check_greeting) the process is gone.
  Result<std::string> ask(std::string_view question, std::chrono::milliseconds deadline);
  Status start();  // when it does not run: so that it does
  void stop();
  int starts() const { return starts_; }
  bool running() const { return pid_ >= 0; }
  pid_t pid() const { return pid_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  Status spawn_one();
  Status send(std::string_view text, Deadline deadline);
  Result<std::string> receive(Deadline deadline);
  Status transfer(short events, Deadline deadline) const;
  Result<std::string> exchange(std::string_view question, std::chrono::milliseconds deadline);

  const WorkerOptions options_;
  Fd socket_;
  pid_t pid_ = -1;
  int starts_ = 0;
};

// The child's side of a frame; false when the socket closed or `size_max` is exceeded. Only read(2) and write(2).
bool read_worker_frame(std::string& text, std::size_t size_max);
bool write_worker_frame(std::string_view text);

}  // namespace agentos::io
