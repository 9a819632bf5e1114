// The boundary of the C interface: what goes in is checked, and nothing comes out but a code and a filled-in failure.
//
// Every exported function runs its body through guarded(), so that neither an exception nor an Error passes it.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "abi/codes.h"
#include "base/error.h"
#include "base/json/value.h"
#include "sdk/c/agentos.h"

namespace agentos::c {

inline constexpr std::size_t kCallNameBytesMax = 128;

// The code, after filling `failure` (which may be null). `denial` may name the rule and the step that refused.
int report(agentos_failure* failure, const Error& error, const json::Object& denial) noexcept;
int report_out_of_memory(agentos_failure* failure) noexcept;
int report_exception(agentos_failure* failure, const char* what) noexcept;
void clear(agentos_failure* failure) noexcept;

// kInvalidArgument "<name> is NULL" for a null pointer.
Status need(const void* pointer, std::string_view name);
// The text behind a pointer that may not be null, when it is UTF-8.
Result<std::string> text_of(const char* text, std::string_view name);
// A copy for the caller, to be freed with agentos_free(); throws std::bad_alloc, which guarded() knows.
char* copy_out(std::string_view text);

// Runs `body`, a Status(json::Object& denial), as the body of an exported function.
template <class Body>
int guarded(agentos_failure* failure, Body&& body) noexcept {
  try {
    json::Object denial;
    if (Status status = body(denial); !status) return report(failure, status.error(), denial);
    clear(failure);
    return 0;
  } catch (const std::bad_alloc&) {
    return report_out_of_memory(failure);
  } catch (const std::exception& exception) {
    return report_exception(failure, exception.what());
  } catch (...) {
    return report_exception(failure, "something that is no std::exception");
  }
}

}  // namespace agentos::c
