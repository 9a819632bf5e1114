// The error, right, signal and event tables as C++: enumerators, names and lookups, all from the .def files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"

namespace agentos::abi {

struct ErrorInfo {
  std::string_view name;  // "not_found"
  std::int32_t code;      // ABI code
  std::int32_t jsonrpc;
  std::int32_t http;
  std::int32_t exit;
  std::string_view sentence;
};
// As ErrorCode values: kErrorDenied, kErrorUnknownCall ... spelled error::denied, error::unknown_call.
namespace error {
#define ERROR(name, code, jsonrpc, http, exit, sentence) inline constexpr ErrorCode name = static_cast<ErrorCode>(code);
#include "abi/errors.def"
#undef ERROR
}  // namespace error

std::span<const ErrorInfo> errors();
// The row of a code; unknown codes map to `internal`.
const ErrorInfo& error_info(ErrorCode code);
const ErrorInfo* find_error(std::string_view name);

using Rights = std::uint32_t;
inline constexpr std::uint32_t RINGS_ALL = 0b1111;
inline constexpr std::uint32_t RINGS_0_TO_2 = 0b0111;
namespace right {
#define RIGHT(name, bit, rings, summary) inline constexpr Rights name = Rights{1} << (bit);
#include "abi/rights.def"
#undef RIGHT
}  // namespace right
struct RightInfo {
  std::string_view name;
  Rights bit;
  std::uint32_t rings;  // bit r: ring r has it by default
  std::string_view summary;
};
std::span<const RightInfo> rights();
Rights default_rights(int ring);  // precondition: 0 <= ring <= 3
const RightInfo* find_right(std::string_view name);

enum class SignalAction : std::uint8_t { stop, resume, pause, kill, terminate, diagnose, checkpoint, notify };
enum class Signal : std::uint8_t {
#define SIGNAL(name, number, action, catchable, maskable, summary) k##name = number,
#include "abi/signals.def"
#undef SIGNAL
};
struct SignalInfo {
  std::string_view name;  // "SIGTERM"
  Signal number;
  SignalAction action;
  bool catchable;
  bool maskable;
  std::string_view summary;
};
inline constexpr int kSignalMax = 12;
std::span<const SignalInfo> signals();
const SignalInfo& signal_info(Signal signal);
// "SIGTERM", "TERM", "sigterm" or "5"; null when there is none.
const SignalInfo* find_signal(std::string_view word);
std::string_view name_of(SignalAction action);

struct EventInfo {
  std::string_view name;
  std::string_view summary;
};
std::span<const EventInfo> events();

}  // namespace agentos::abi
