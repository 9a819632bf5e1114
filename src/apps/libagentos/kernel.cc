// Opening and closing a kernel, and its operator's calls.
#include <condition_variable>
#include <mutex>
#include <optional>

#include "abi/calls.h"
#include "apps/libagentos/boundary.h"
#include "apps/libagentos/handles.h"
#include "apps/libagentos/options.h"
#include "base/io/file.h"

namespace agentos::c {
namespace {

constexpr std::uint64_t kToken = 1;  // nothing here cancels by token
constexpr const char* kClosing = "the program that embeds the kernel closed it";

// Where a call's answer arrives; the kernel's thread may still hold it when the caller has gone on.
struct Answer {
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<abi::CallOutput> output;
};

Result<json::Value> request_of(const char* request_json) {
  if (request_json == nullptr) return json::Value(json::Object{});
  // Text of the bounds' size, plus what base64 and escapes may add to a file's octets.
  constexpr json::ParseLimits kLimits{.bytes_max = 32 << 20};
  return json::parse(request_json, kLimits);
}

Result<std::shared_ptr<OpenKernel>> open_kernel(const char* options_json) {
  OpenOptions options = TRY(read_open_options(TRY(text_of(options_json, "options_json"))));
  auto opened = std::make_shared<OpenKernel>();
  if (!options.init.empty()) {
    opened->launcher = TRY(sandbox::make_launcher(options.init));
    options.kernel.launcher = opened->launcher.get();
  }
  TRY(io::make_directories(options.kernel.state_directory, 0700));
  opened->kernel = TRY(kernel::Kernel::open(std::move(options.kernel)));
  opened->operator_session = opened->kernel->local_operator();
  return opened;
}

// Agents of this program would not hear SIGTERM's notice any more, so they are ended at once; processes get their
// grace.
Status end_own_agents(OpenKernel& opened) {
  const abi::PsReply agents = TRY(opened.operator_session->call(abi::PsRequest{}));
  for (const abi::AgentEntry& entry : agents.agents) {
    if (entry.kind == "process") continue;
    abi::SignalRequest request;
    request.target = entry.agent;
    request.signal = "SIGKILL";
    request.reason = kClosing;
    (void)opened.operator_session->call(request);  // one that has ended meanwhile is as well
  }
  return {};
}

}  // namespace

Status close_kernel(OpenKernel& opened) {
  const Status ended = end_own_agents(opened);  // shutdown ends whom this did not
  opened.kernel->shutdown(kClosing);
  return ended;
}

Status call_and_wait(abi::Session& session, const char* call, const char* request_json, char** reply_json,
                     int* descriptor, json::Object& denial) {
  std::string name = TRY(text_of(call, "call"));
  if (name.size() > kCallNameBytesMax) return fail(abi::error::unknown_call, "no call has so long a name");
  auto request = request_of(request_json);
  if (!request) {
    session.reject(request.error());  // a request that cannot be read is recorded as refused, as at any door
    return std::unexpected(request.error());
  }
  auto answer = std::make_shared<Answer>();
  session.submit(kToken, std::move(name), std::move(*request), {}, [answer](abi::CallOutput output) {
    std::lock_guard lock(answer->mutex);
    answer->output = std::move(output);
    answer->arrived.notify_all();
  });
  std::unique_lock lock(answer->mutex);
  answer->arrived.wait(lock, [&] { return answer->output.has_value(); });
  abi::CallOutput& output = *answer->output;
  if (!output.status) {
    denial = std::move(output.denial);
    return output.status;
  }
  if (reply_json != nullptr) *reply_json = copy_out(output.reply_json);
  if (descriptor != nullptr && !output.descriptors.empty()) *descriptor = output.descriptors.front().release();
  return {};
}

}  // namespace agentos::c

using agentos::Status;
using agentos::c::guarded;
using agentos::c::need;
using agentos::json::Object;

int agentos_kernel_open(const char* options_json, agentos_kernel** kernel, agentos_failure* failure) {
  if (kernel != nullptr) *kernel = nullptr;
  return guarded(failure, [&](Object&) -> Status {
    TRY(need(static_cast<const void*>(kernel), "kernel"));
    auto opened = TRY(agentos::c::open_kernel(options_json));
    *kernel = new agentos_kernel{std::move(opened)};
    return {};
  });
}

void agentos_kernel_close(agentos_kernel* kernel) {
  if (kernel == nullptr) return;
  guarded(nullptr, [&](Object&) -> Status { return agentos::c::close_kernel(*kernel->opened); });
  guarded(nullptr, [&](Object&) -> Status {
    delete kernel;
    return {};
  });
}

int agentos_operator_call(agentos_kernel* kernel, const char* call, const char* request_json, char** reply_json,
                          agentos_failure* failure) {
  if (reply_json != nullptr) *reply_json = nullptr;
  return guarded(failure, [&](Object& denial) -> Status {
    TRY(need(kernel, "kernel"));
    return agentos::c::call_and_wait(*kernel->opened->operator_session, call, request_json, reply_json, nullptr,
                                     denial);
  });
}
