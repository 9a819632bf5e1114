// The handler table: the only declaration of "row number -> code that acts". Made in dispatch.cc from the table.
#pragma once

#include "kernel/call_context.h"

namespace agentos::kernel {

using HandlerFunction = Acted (*)(CallContext& context);
HandlerFunction handler_of(const abi::Row& row);

}  // namespace agentos::kernel
