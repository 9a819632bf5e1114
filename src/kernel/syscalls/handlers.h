// One handler per row of the table, declared from it. A handler acts; it holds no policy and writes no record.
//
// Precondition of each: the call was admitted, decoded, decided and, when external, its intent is on disk. It answers
// in `reply`, or parks the call and answers later. Shapes, errors and meaning of each are those of its row.
#pragma once

#include "abi/calls.h"
#include "kernel/call_context.h"
#include "kernel/monitor.h"

namespace agentos::kernel::syscalls {

#define ERRORS(...)
#define CALL(number, name, structure, subject, right, effect, waits, support, errors, summary) \
  Acted name##_call(CallContext& context, const abi::structure##Request& request, abi::structure##Reply& reply);
#include "abi/syscalls.def"
#undef CALL
#undef ERRORS

inline Acted done() { return Progress::kDone; }
inline Acted later() { return Progress::kLater; }

}  // namespace agentos::kernel::syscalls
