// sdk/c/agentos_calls.h: every published number for C programs.
#include <fmt/format.h>

#include <bit>

#include "abi/codes.h"
#include "abi/rpc.h"
#include "abi/table.h"
#include "apps/abigen/generators.h"
#include "apps/abigen/words.h"

namespace agentos::abigen {

void add_c_header(Files& files) {
  std::string out = fmt::format("/* {} */\n", kNotice);
  out +=
      "/* Numbers of calls, errors, signals and rights. They are append-only: a program built with this header keeps\n"
      "   its meaning with every later kernel. */\n"
      "#ifndef AGENTOS_CALLS_H\n#define AGENTOS_CALLS_H\n\n";
  out += fmt::format("#define AGENTOS_ABI_REVISION {}\n", abi::kAbiRevision);
  out += fmt::format("#define AGENTOS_LINE_BYTES_MAX {}\n", abi::rpc::kLineBytesMax);
  out += fmt::format("#define AGENTOS_CALLS_IN_FLIGHT_MAX {}\n", abi::rpc::kInFlightMax);
  out += "\n/* Calls. */\nenum agentos_call {\n";
  std::string_view separator;
  for (const abi::Row& row : abi::rows()) {
    out += fmt::format("{}  AGENTOS_CALL_{} = {}", separator, upper_case(row.name), row.number);
    separator = ",\n";
  }
  out += "\n};\n\n/* Errors; 0 is success. */\nenum agentos_error {\n  AGENTOS_OK = 0";
  for (const abi::ErrorInfo& error : abi::errors()) {
    out += fmt::format(",\n  AGENTOS_ERROR_{} = {} /* {} */", upper_case(error.name), error.code, error.sentence);
  }
  out += "\n};\n\n/* Signals; not Linux's numbers. */\nenum agentos_signal {\n";
  separator = "";
  for (const abi::SignalInfo& signal : abi::signals()) {
    out += fmt::format("{}  AGENTOS_{} = {}", separator, signal.name, static_cast<int>(signal.number));
    separator = ",\n";
  }
  out += "\n};\n\n/* Rights, one bit each. */\n";
  for (const abi::RightInfo& right : abi::rights()) {
    out += fmt::format("#define AGENTOS_RIGHT_{} (1u << {}) /* {} */\n", upper_case(right.name),
                       std::countr_zero(right.bit), right.summary);
  }
  out += "\n#endif /* AGENTOS_CALLS_H */\n";
  files["sdk/c/agentos_calls.h"] = std::move(out);
}

}  // namespace agentos::abigen
