// Reading a launch plan inside init: pointers into the received bytes, every length checked, nothing allocated.
#pragma once

#include <linux/filter.h>

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

constexpr std::uint32_t kAccessRead = 1, kAccessWrite = 2, kAccessExecute = 4;  // as Access in profile.h

struct PlanRule {
  const char* path = nullptr;
  const char* from = nullptr;  // what is mounted there; empty: what is there on the host
  std::uint32_t access = 0;    // kAccess bits
  std::uint32_t flags = 0;     // RuleFlag
};

struct Plan {
  PlanHeader header;
  const sock_filter* filter = nullptr;
  PlanRule rules[kRulesMax];
  const char* tree_directory = nullptr;     // empty: none
  const char* working_directory = nullptr;  // of the program
  char* arguments[kArgumentsMax + 1];       // null-terminated
  char* environment[kEnvironmentMax + 1];
  const char* candidates[kCandidatesMax];
};

// False when the bytes are no plan of this build. `bytes` must outlive the plan and be aligned to 8.
bool read_plan(char* bytes, std::size_t size, Plan& plan);

}  // namespace agentos::sandbox
