// Words for a report, and the line of PROFILE.md that answers it.
#include "lib/sandbox/blocked.h"

#include <cstring>

#include "base/json/value.h"

namespace agentos::sandbox {
namespace {

std::string_view word_for(Attempt attempt) {
  switch (attempt) {
    case Attempt::kConnect:
      return "connect";
    case Attempt::kListen:
      return "listen";
    case Attempt::kSocket:
      return "socket";
    case Attempt::kExecute:
      return "execute";
    case Attempt::kMetadata:
      return "change";
    case Attempt::kOpen:
      return "open";
    case Attempt::kOthers:
      break;
  }
  return "others";
}

std::string grant_line(const char* access, const std::string& path) {
  return std::string("files: {") + access + ": [" + json::write(json::Value(path)) + "]}";
}

std::string allowing_line(const Blocked& blocked, Attempt attempt, Network network) {
  switch (attempt) {
    case Attempt::kConnect:
      // TCP goes to the proxy, where policy decides; everything else only the host's own network has.
      return blocked.target.starts_with("tcp ") && network == Network::kNone ? "network: proxy" : "network: host";
    case Attempt::kListen:
      return "network: host";
    case Attempt::kExecute:
      return grant_line("execute", blocked.target);
    case Attempt::kMetadata:
      return grant_line("write", blocked.target);
    case Attempt::kOpen:
      return grant_line(blocked.access == "read" ? "read" : "write", blocked.target);
    case Attempt::kSocket:
    case Attempt::kOthers:
      break;
  }
  return {};
}

}  // namespace

Blocked describe_blocked(const BlockedReport& report, Network network) {
  Blocked blocked;
  blocked.what = word_for(report.attempt);
  blocked.target = json::to_valid_utf8({report.target, ::strnlen(report.target, sizeof report.target)});
  blocked.program = json::to_valid_utf8({report.program, ::strnlen(report.program, sizeof report.program)});
  blocked.pid = report.pid;
  blocked.count = report.count;
  blocked.refused = report.granted == 0;
  constexpr std::uint8_t kRead = static_cast<std::uint8_t>(Access::kRead);
  constexpr std::uint8_t kWrite = static_cast<std::uint8_t>(Access::kWrite);
  if (report.attempt == Attempt::kOpen) {
    blocked.access = report.access == kWrite ? "write" : report.access == kRead ? "read" : "read and write";
  }
  if (blocked.refused) blocked.allow = allowing_line(blocked, report.attempt, network);
  return blocked;
}

}  // namespace agentos::sandbox
