// Where the kernel of this user is found: the socket's path, the state directory, and starting one when there is none.
//
// One kernel per user and machine. A directory that is not ours alone is never trusted with a socket.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "client/client.h"

namespace agentos::client {

// Reads a variable of the environment; empty when unset.
using Environment = std::function<std::string(std::string_view name)>;
Environment process_environment();

// AGENTOS_SOCKET, else $XDG_RUNTIME_DIR/agentos/kernel.sock, else /run/user/<uid>/agentos/kernel.sock when that
// directory exists, else /tmp/agentos-<uid>/kernel.sock, whose directory is made 0700 or checked to be ours.
Result<std::string> socket_path(const Environment& environment);
// $XDG_STATE_HOME/agentos, else ~/.local/state/agentos, else (no home) /var/tmp/agentos-<uid>.
std::string state_directory(const Environment& environment);
// Creates `path` 0700 when absent. An existing one must be a directory of this user that nobody else may enter.
Status own_directory(const std::string& path);

struct StartOptions {
  std::string socket;
  std::vector<std::string> command;  // the program that becomes the kernel, and its arguments
  std::string log_file;              // its standard output and error are appended here
  int timeout_ms = 15'000;
  std::function<void(std::string_view)> note;  // told once when starting takes longer than a second
};
// A connection to the kernel at options.socket; starts it when nobody answers. Among clients that start at once one
// starts it and the others wait. An error names the log file and its last line.
Result<std::unique_ptr<Client>> ensure_kernel(const StartOptions& options);

}  // namespace agentos::client
