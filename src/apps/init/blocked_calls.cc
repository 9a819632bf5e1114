// A table of what was seen; the control socket never blocks: what does not fit is told the next time.
#include "apps/init/blocked_calls.h"

#include <sys/socket.h>

#include <cstdio>
#include <cstring>

namespace agentos::sandbox {
namespace {

bool worth_telling(std::uint64_t count, std::uint64_t told) {
  if (told == 0) return true;
  for (std::uint64_t step = 10; step <= count && step != 0; step *= 10) {
    if (told < step) return true;
  }
  return false;
}

}  // namespace

bool BlockedCalls::tell(Entry& entry) {
  if (::send(kControlFd, &entry.report, sizeof entry.report, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return false;
  entry.told = entry.report.count;
  return true;
}

void BlockedCalls::add(Attempt attempt, const char* target, const Caller& caller) {
  if (!running_) return;
  BlockedReport seen;
  caller.read_name(seen.program, sizeof seen.program);
  std::snprintf(seen.target, sizeof seen.target, "%s", target);
  Entry* entry = nullptr;
  for (std::size_t i = 0; i < used_ && entry == nullptr; ++i) {
    const BlockedReport& known = entries_[i].report;
    const bool same = known.attempt == attempt && std::strcmp(known.target, seen.target) == 0 &&
                      std::strcmp(known.program, seen.program) == 0;
    if (same) entry = &entries_[i];
  }
  if (entry == nullptr && used_ < kBlockedKindsMax) {
    entry = &entries_[used_++];
    entry->report = seen;
    entry->report.attempt = attempt;
    entry->report.pid = caller.process();
  }
  if (entry == nullptr) {
    entry = &others_;
    entry->report.attempt = Attempt::kOthers;
  }
  ++entry->report.count;
  if (worth_telling(entry->report.count, entry->told)) tell(*entry);
}

void BlockedCalls::finish() {
  for (std::size_t i = 0; i < used_; ++i) {
    if (entries_[i].told < entries_[i].report.count) tell(entries_[i]);
  }
  if (others_.told < others_.report.count) tell(others_);
}

}  // namespace agentos::sandbox
