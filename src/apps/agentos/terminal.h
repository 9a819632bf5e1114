// A terminal relayed through a pty: the agent gets a terminal of its own, and ours is put back on every way out.
//
// RawTerminal restores the settings it found when it is destroyed or left. Relay moves octets both ways without
// blocking, with at most kBufferBytes waiting in each direction.
#pragma once

#include <poll.h>
#include <termios.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::cli {

class RawTerminal {
 public:
  explicit RawTerminal(int descriptor) : descriptor_(descriptor) {}
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() { leave(); }
  Status enter();
  void leave();

 private:
  const int descriptor_;
  bool entered_ = false;
  termios before_{};
};

struct Pty {
  io::Fd ours;    // the master
  io::Fd theirs;  // the slave, for the agent
};
// With the size and, when it is one, the settings of the terminal `like`.
Result<Pty> open_pty(int like);
void copy_window_size(int from, int to);

class Relay {
 public:
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  // `input` -1: nothing of ours goes to the pty.
  Relay(io::Fd pty, int input, int output);
  void add_polls(std::vector<pollfd>& polls);
  // Moves what can be moved, after poll.
  void move();
  // Writes out what the pty still holds, once its programs have ended.
  void drain();
  int pty() const { return pty_.get(); }

 private:
  bool read_pty();
  io::Fd pty_;
  int input_;
  int output_;
  std::string to_pty_;
  bool pty_open_ = true;
};

}  // namespace agentos::cli
