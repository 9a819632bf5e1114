// A table of what was seen; the control socket never blocks: what does not fit is told the next time.
#include "apps/init/blocked_calls.h"

#include <pthread.h>
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
bool telling = false;
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // of both

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

void BlockedCalls::add(Attempt attempt, const char* target, const Caller& caller, std::uint32_t access, bool granted) {
  if (!running_) return;
  char program[kBlockedProgramMax + 1];
  char cut[kBlockedTargetMax + 1];
  caller.read_name(program, sizeof program);
  std::snprintf(cut, sizeof cut, "%s", target);
  const int process = caller.process();  // before the lock: it may wait
  ::pthread_mutex_lock(&lock);
  Entry* entry = nullptr;
  for (std::size_t i = 0; i < used_ && entry == nullptr; ++i) {
    if (entries[i].is(attempt, cut, program) && entries[i].access == access) entry = &entries[i];
  }
  if (entry == nullptr && used_ < kinds_max_) {
    entry = &entries[used_++];
    entry->attempt = attempt;
    entry->access = access;
    entry->granted = granted;
    entry->pid = process;
    std::memcpy(entry->program, program, sizeof program);
    std::memcpy(entry->target, cut, sizeof cut);
  }
  if (entry == nullptr) entry = &others;
  ++entry->count;
  if (telling && worth_telling(entry->count, entry->told)) tell(*entry);
  ::pthread_mutex_unlock(&lock);
}

void BlockedCalls::tell_from_now_on() {
  ::pthread_mutex_lock(&lock);
  telling = true;
  for (std::size_t i = 0; i < used_; ++i) tell(entries[i]);
  if (others.count > 0) tell(others);
  ::pthread_mutex_unlock(&lock);
}

void BlockedCalls::finish() {
  ::pthread_mutex_lock(&lock);
  telling = false;
  for (std::size_t i = 0; i < used_; ++i) {
    if (entries[i].told < entries[i].count) tell(entries[i]);
  }
  if (others.told < others.count) tell(others);
  ::pthread_mutex_unlock(&lock);
}

}  // namespace agentos::sandbox
