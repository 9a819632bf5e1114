// tool_register: tools from a manifest document, all of them or none.
#include "kernel/syscalls/handlers.h"
#include "lib/tool/executors/process/process_executor.h"

namespace agentos::kernel::syscalls {

Acted tool_register_call(CallContext& context, const abi::ToolRegisterRequest& request, abi::ToolRegisterReply& reply) {
  Monitor& monitor = context.monitor;
  if (monitor.options.launcher == nullptr)
    return fail(abi::error::unsupported, "this kernel starts no processes, so it runs no tool processes");
  const std::string folder = request.manifest.file.substr(0, request.manifest.file.rfind('/'));
  auto manifests = tool::parse_manifests(request.manifest.text, request.manifest.file, folder.empty() ? "/" : folder);
  if (!manifests) return fail(abi::error::invalid_argument, manifests.error().message, manifests.error().hint);
  for (const tool::Manifest& manifest : *manifests) {
    if (!request.replace && monitor.tools.find(manifest.name) != nullptr) {
      return fail(abi::error::already_exists, "a tool \"" + manifest.name + "\" is registered already",
                  "pass \"replace\": true");
    }
  }
  auto executor = tool::make_process_executor(*monitor.options.launcher, monitor.clock);
  for (tool::Manifest& manifest : *manifests) {
    const std::string name = manifest.name;
    if (request.replace) (void)monitor.tools.remove(name);
    TRY(monitor.tools.add(std::move(manifest), executor));
    json::Object detail;
    detail["digest"] = monitor.tools.find(name)->manifest.digest;
    detail["name"] = name;
    detail["what"] = "registered";
    TRY(monitor.record_event("tool", nullptr, detail));
    reply.tools.push_back(name);
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
