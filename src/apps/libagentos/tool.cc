// Functions of this program as tools. What the caller's user_data stands for is released when its last user is gone.
#include <cstdlib>

#include "apps/libagentos/boundary.h"
#include "apps/libagentos/handles.h"
#include "apps/libagentos/options.h"

namespace agentos::c {
namespace {

// Shared by the registry and every run of the function.
struct Binding {
  agentos_tool_function function;
  void* user_data;
  agentos_release_function release = nullptr;

  ~Binding() {
    if (release != nullptr) release(user_data);
  }
};

struct Freed {
  void operator()(char* text) const { std::free(text); }
};

Result<json::Value> run(const Binding& binding, const json::Value& arguments, const std::atomic<bool>& cancelled) {
  const std::string text = json::write(arguments);
  const agentos_invocation invocation{&cancelled};
  char* raw = nullptr;
  const int code = binding.function(binding.user_data, text.c_str(), &invocation, &raw);
  const std::unique_ptr<char, Freed> result(raw);
  if (code != 0) {
    std::string why = result != nullptr ? json::to_valid_utf8(result.get()) : "it returned " + std::to_string(code);
    return fail(abi::error::tool_failed, std::move(why));
  }
  if (result == nullptr) return json::Value();
  auto value = json::parse(result.get());
  if (!value) return fail(abi::error::tool_failed, "the function's result is no JSON value: " + value.error().message);
  return value;
}

}  // namespace
}  // namespace agentos::c

using agentos::Status;
using agentos::c::guarded;
using agentos::c::need;
using agentos::json::Object;

int agentos_tool_register(agentos_kernel* kernel, const char* manifest_json, agentos_tool_function function,
                          void* user_data, agentos_release_function release, agentos_failure* failure) {
  return guarded(failure, [&](Object&) -> Status {
    TRY(need(kernel, "kernel"));
    TRY(need(reinterpret_cast<const void*>(function), "function"));
    auto manifest = TRY(agentos::c::read_host_manifest(TRY(agentos::c::text_of(manifest_json, "manifest_json"))));
    auto binding = std::make_shared<agentos::c::Binding>(function, user_data);
    auto executor = kernel->opened->kernel->host_executors().make(
        [binding](const agentos::json::Value& arguments, const std::atomic<bool>& cancelled) {
          return agentos::c::run(*binding, arguments, cancelled);
        });
    TRY(kernel->opened->kernel->tools().add(std::move(manifest), std::move(executor)));
    binding->release = release;  // from now on user_data is the library's to release
    return {};
  });
}

int agentos_cancelled(const agentos_invocation* invocation) {
  return invocation != nullptr && invocation->cancelled->load(std::memory_order_relaxed) ? 1 : 0;
}
