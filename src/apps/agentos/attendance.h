// Attendance: being there while an agent runs in front of somebody. Relays its terminal, passes signals on, draws the
// live timeline, and comes back with how it ended.
//
// SIGTERM, SIGHUP and SIGINT sent to this program ask the agent to end (SIGTERM of the table); the second one kills
// it. SIGTSTP stops both, SIGCONT lets both go on, SIGWINCH passes the window's size. An agent that its terminal's stop
// key stopped, or that stopped itself, stops this program and its job too, so that the shell says so and fg goes on.
#pragma once

#include <signal.h>

#include <optional>
#include <string>

#include "abi/calls.h"
#include "apps/agentos/terminal.h"
#include "apps/agentos/timeline.h"
#include "client/client.h"

namespace agentos::cli {

// The signals this program takes by itself from now on, as a descriptor. Before the first thread and the first call.
Result<io::Fd> take_signals();

// New entries of a log, drawn on standard error as they come.
class LiveTimeline {
 public:
  LiveTimeline(std::string directory, recorder::Index next, const std::string& agent)
      : directory_(std::move(directory)), next_(next), timeline_(screen_of(2), agent) {}
  enum class LineEnd : std::uint8_t { kNormal, kRaw };  // kRaw: the terminal does not add carriage returns
  void draw(LineEnd line_end);

 private:
  std::string directory_;
  recorder::Index next_;
  Timeline timeline_;
};

struct Attended {
  client::Client& client;
  std::string agent;
  int pid = 0;                 // of the agent's program; 0: nobody looks whether it stopped
  int signals = -1;            // from take_signals()
  Relay* relay = nullptr;      // null: the agent has our own descriptors
  RawTerminal* raw = nullptr;  // null: the terminal stays as it is
  int window = -1;             // the terminal whose size counts
  LiveTimeline* timeline = nullptr;
};
Result<abi::WaitReply> attend(const Attended& attended);

}  // namespace agentos::cli
