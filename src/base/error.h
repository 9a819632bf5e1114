// One way to fail: Result<T> is a value or an Error, and TRY passes an Error up.
//
// An Error carries a code from one table (src/abi/errors.def; the generic codes every layer may use are
// named here), a sentence a person reads and, when there is one, a hint that names the fix. A decision is a
// value and never an Error; a bug is a CHECK; no exception crosses a folder.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace agentos {

// The number is the ABI code of src/abi/errors.def, which lists every code; a test compares the two.
enum class ErrorCode : std::int32_t {
  kInvalidArgument = -100,
  kNotFound = -101,
  kAlreadyExists = -102,
  kNotPermitted = -103,
  kTimedOut = -107,
  kCancelled = -108,
  kTooLarge = -109,
  kNoSpace = -110,
  kBusy = -112,
  kClosed = -116,
  kUnsupported = -121,
  kIo = -123,
  kCorrupt = -124,
  kInternal = -125,
  kMalformed = -126,
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // what went wrong and where; one sentence, no trailing period, no secret
  std::string hint;     // how to mend it; may be empty
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return std::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

// fail() with the text of an errno value appended: "cannot open /x: No such file or directory".
std::unexpected<Error> fail_errno(int error_number, std::string_view what);

// The generic code an errno value stands for.
ErrorCode code_of_errno(int error_number);

}  // namespace agentos

#define AGENTOS_CONCAT_(a, b) a##b
#define AGENTOS_CONCAT(a, b) AGENTOS_CONCAT_(a, b)

// TRY(expr): the value of a Result, or return its Error from this function. (A GNU statement expression.)
#define TRY(...)                                                                \
  ({                                                                            \
    auto&& try_result_ = (__VA_ARGS__);                                         \
    if (!try_result_.has_value()) [[unlikely]]                                  \
      return std::unexpected<::agentos::Error>(std::move(try_result_).error()); \
    ::agentos::detail::take(std::forward<decltype(try_result_)>(try_result_));  \
  })

namespace agentos::detail {
template <class R>
auto take(R&& result) {
  if constexpr (!std::is_void_v<typename std::remove_cvref_t<R>::value_type>) return std::move(*result);
}
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace agentos::detail

// A condition that only a bug of ours can break; the process ends (exit code 70) with file and line.
#define CHECK(...)                                                       \
  do {                                                                   \
    if (!(__VA_ARGS__)) [[unlikely]]                                     \
      ::agentos::detail::check_failed(#__VA_ARGS__, __FILE__, __LINE__); \
  } while (false)
