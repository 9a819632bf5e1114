// Options and manifests of the C interface: JSON objects read strictly into what the kernel takes. An unknown member, a
// wrong type or a value out of range is refused by name.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "kernel/kernel.h"
#include "lib/tool/manifest.h"

namespace agentos::c {

struct OpenOptions {
  kernel::KernelOptions kernel;
  std::string init;  // path of agentos-init; empty: no processes
};

Result<OpenOptions> read_open_options(std::string_view json_text);
Result<kernel::AgentOptions> read_agent_options(std::string_view json_text);
Result<tool::Manifest> read_host_manifest(std::string_view json_text);

}  // namespace agentos::c
