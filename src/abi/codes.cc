// Lookups over errors.def, rights.def, signals.def and events.def.
#include "abi/codes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace agentos::abi {
namespace {

constexpr ErrorInfo kErrors[] = {
#define ERROR(name, code, jsonrpc, http, exit, sentence) {#name, code, jsonrpc, http, exit, sentence},
#include "abi/errors.def"
#undef ERROR
};

constexpr RightInfo kRights[] = {
#define RIGHT(name, bit, rings, summary) {#name, Rights{1} << (bit), rings, summary},
#include "abi/rights.def"
#undef RIGHT
};

constexpr SignalInfo kSignals[] = {
#define SIGNAL(name, number, action, catchable, maskable, summary) \
  {#name, Signal::k##name, SignalAction::action, catchable, maskable, summary},
#include "abi/signals.def"
#undef SIGNAL
};

constexpr EventInfo kEvents[] = {
#define EVENT(name, summary) {#name, summary},
#include "abi/events.def"
#undef EVENT
};

static_assert(static_cast<int>(ErrorCode::kNotFound) == static_cast<int>(error::not_found));
static_assert(static_cast<int>(ErrorCode::kInternal) == static_cast<int>(error::internal));

}  // namespace

std::span<const ErrorInfo> errors() { return kErrors; }

const ErrorInfo& error_info(ErrorCode code) {
  const ErrorInfo* internal = nullptr;
  for (const ErrorInfo& info : kErrors) {
    if (info.code == static_cast<std::int32_t>(code)) return info;
    if (info.code == static_cast<std::int32_t>(error::internal)) internal = &info;
  }
  return *internal;
}

const ErrorInfo* find_error(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kErrors), std::end(kErrors), [&](const auto& e) { return e.name == name; });
  return found == std::end(kErrors) ? nullptr : found;
}

std::span<const RightInfo> rights() { return kRights; }

Rights default_rights(int ring) {
  Rights mask = 0;
  for (const RightInfo& info : kRights) {
    if ((info.rings >> ring) & 1u) mask |= info.bit;
  }
  return mask;
}

const RightInfo* find_right(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kRights), std::end(kRights), [&](const auto& r) { return r.name == name; });
  return found == std::end(kRights) ? nullptr : found;
}

std::span<const SignalInfo> signals() { return kSignals; }

const SignalInfo& signal_info(Signal signal) { return kSignals[static_cast<int>(signal) - 1]; }

const SignalInfo* find_signal(std::string_view word) {
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool numeric = error == std::errc() && end == word.data() + word.size();
  std::string upper;
  for (char c : word) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const SignalInfo& info : kSignals) {
    if (numeric ? static_cast<int>(info.number) == number : (info.name == upper || info.name.substr(3) == upper))
      return &info;
  }
  return nullptr;
}

std::string_view name_of(SignalAction action) {
  static constexpr std::string_view kNames[] = {"stop",      "resume",   "pause",      "kill",
                                                "terminate", "diagnose", "checkpoint", "notify"};
  return kNames[static_cast<std::size_t>(action)];
}

std::span<const EventInfo> events() { return kEvents; }

}  // namespace agentos::abi
