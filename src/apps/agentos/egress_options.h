// How the kernel that is about to serve lets agents reach hosts: the proxy's program, who knows names, which secrets.
#pragma once

#include <string>

#include "base/error.h"
#include "kernel/kernel.h"

namespace agentos::cli {

// `secrets_file`: a document of secrets and routes; empty: none. Without the proxy's program agents have no network,
// which is no reason not to serve; a secrets document that cannot be used is.
Result<kernel::EgressOptions> egress_options(const std::string& secrets_file);

}  // namespace agentos::cli
