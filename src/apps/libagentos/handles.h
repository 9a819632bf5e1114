// What the opaque handles hold. A kernel lives as long as any handle that was made from it, so that closing the kernel
// first leaves agents valid: their calls then fail, and nothing dangles.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "abi/kernel_api.h"
#include "kernel/kernel.h"
#include "lib/sandbox/launcher.h"
#include "sdk/c/agentos.h"

namespace agentos::c {

// Destroyed from the last member to the first: sessions before the kernel, the kernel before its launcher.
struct OpenKernel {
  std::unique_ptr<sandbox::Launcher> launcher;
  std::unique_ptr<kernel::Kernel> kernel;
  std::shared_ptr<abi::Session> operator_session;
};

// Ends every agent, then the kernel; the log is complete and closed afterwards.
Status close_kernel(OpenKernel& opened);

// One wire call on `session`, waited for. `reply_json` and `descriptor` may be null.
Status call_and_wait(abi::Session& session, const char* call, const char* request_json, char** reply_json,
                     int* descriptor, json::Object& denial);

}  // namespace agentos::c

struct agentos_kernel {
  std::shared_ptr<agentos::c::OpenKernel> opened;
};

struct agentos_agent {
  std::shared_ptr<agentos::c::OpenKernel> opened;
  std::shared_ptr<agentos::abi::Session> session;
  std::string id;
};

struct agentos_invocation {
  const std::atomic<bool>* cancelled;
};
