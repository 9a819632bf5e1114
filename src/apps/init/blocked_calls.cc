// A table of what was seen; the control socket never blocks: what does not fit is told the next time.
#include "apps/init/blocked_calls.h"

#include <sys/socket.h>

#include <cstdio>
#include <cstring>

namespace agentos::sandbox {
namespace {

constexpr const char* kInitName = "agentos-init";

class Locked {  // nothing under it waits
 public:
  explicit Locked(pthread_mutex_t& mutex) : mutex_(mutex) { ::pthread_mutex_lock(&mutex); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t& mutex_;
};

bool worth_telling(std::uint64_t count, std::uint64_t told) {
  if (told == 0) return true;
  for (std::uint64_t step = 10; step <= count && step != 0; step *= 10) {
    if (told < step) return true;
  }
  return false;
}

struct Entry {
  Attempt attempt;
  std::uint32_t access;
  bool granted;
  int pid;
  std::uint64_t count, told;
  char program[kBlockedProgramMax + 1];
  char target[kBlockedTargetMax + 1];

  bool is(Attempt other, const char* where, const char* who) const {
    return attempt == other && std::strcmp(target, where) == 0 && std::strcmp(program, who) == 0;
  }
};
constinit Entry entries[kTracedKindsMax] = {};  // one tree a process
constinit Entry others = {};

void tell(Entry& entry) {
  BlockedReport report;
  report.attempt = &entry == &others ? Attempt::kOthers : entry.attempt;
  report.access = entry.access;
  report.granted = entry.granted ? 1 : 0;
  report.pid = entry.pid;
  report.count = entry.count;
  std::memcpy(report.program, entry.program, sizeof report.program);
  std::memcpy(report.target, entry.target, sizeof report.target);
  const bool sent = ::send(kControlFd, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
  if (sent) entry.told = entry.count;
}

}  // namespace

void BlockedCalls::begin() {
  const Locked locked(mutex_);
  running_ = true;
  tell_all();
}

bool BlockedCalls::is_of_program(const Caller& caller) {
  {
    const Locked locked(mutex_);
    if (running_) return true;
  }
  char program[kBlockedProgramMax + 1];
  caller.read_name(program, sizeof program);  // it bears init's name until it is executed
  return std::strcmp(program, kInitName) != 0;
}

void BlockedCalls::add(Attempt attempt, const char* target, const Caller& caller, std::uint32_t access, bool granted) {
  if (!is_of_program(caller)) return;
  char program[kBlockedProgramMax + 1];
  char cut[kBlockedTargetMax + 1];
  caller.read_name(program, sizeof program);
  std::snprintf(cut, sizeof cut, "%s", target);
  const int pid = caller.process();
  const std::size_t kinds_max = (plan_.header.flags & kTraced) != 0 ? kTracedKindsMax : kBlockedKindsMax;
  const Locked locked(mutex_);
  Entry* entry = nullptr;
  for (std::size_t i = 0; i < used_ && entry == nullptr; ++i) {
    if (entries[i].is(attempt, cut, program) && entries[i].access == access) entry = &entries[i];
  }
  if (entry == nullptr && used_ < kinds_max) {
    entry = &entries[used_++];
    entry->attempt = attempt;
    entry->access = access;
    entry->granted = granted;
    entry->pid = pid;
    std::memcpy(entry->program, program, sizeof program);
    std::memcpy(entry->target, cut, sizeof cut);
  }
  if (entry == nullptr) entry = &others;
  ++entry->count;
  if (running_ && worth_telling(entry->count, entry->told)) tell(*entry);
}

void BlockedCalls::finish() {
  const Locked locked(mutex_);
  tell_all();
}

// Precondition: mutex_ is held.
void BlockedCalls::tell_all() {
  for (std::size_t i = 0; i < used_; ++i) {
    if (entries[i].told < entries[i].count) tell(entries[i]);
  }
  if (others.told < others.count) tell(others);
}

}  // namespace agentos::sandbox
