// Gives up everything a proxy does not need: files, programs, other processes, and every socket but TCP and UDP.
#pragma once

#include "base/error.h"

namespace agentos::egress {

// Keeps descriptor 0. Fails when a mechanism is missing, and then nothing may be served.
Status confine();

}  // namespace agentos::egress
