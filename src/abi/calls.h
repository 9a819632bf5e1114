// Every request and reply struct, and which row each request belongs to.
#pragma once

#include "abi/calls_checkpoint.h"
#include "abi/calls_external.h"
#include "abi/calls_files.h"
#include "abi/calls_mcp.h"
#include "abi/calls_memory.h"
#include "abi/calls_operator.h"
#include "abi/calls_process.h"
#include "abi/calls_self.h"
#include "abi/table.h"

namespace agentos::abi {

#define ERRORS(...)
#define CALL(number, name, structure, subject, right, effect, waits, support, errors, summary) \
  template <>                                                                                  \
  struct CallOf<structure##Request> {                                                          \
    static constexpr Call kCall = Call::k##structure;                                          \
  };
#include "abi/syscalls.def"
#undef CALL
#undef ERRORS

template <class Request>
inline constexpr Call kCallOf = CallOf<Request>::kCall;

}  // namespace agentos::abi
