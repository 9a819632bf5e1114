// errno to Error, and the end of a process that found a bug in itself.
#include "base/error.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace agentos {

ErrorCode code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ESRCH:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case EPERM:
    case EACCES:
      return ErrorCode::kNotPermitted;
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
      return ErrorCode::kInvalidArgument;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kNoSpace;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
      return ErrorCode::kBusy;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return ErrorCode::kClosed;
    case ETIMEDOUT:
      return ErrorCode::kTimedOut;
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::kUnsupported;
    case EFBIG:
    case EMSGSIZE:
    case E2BIG:
      return ErrorCode::kTooLarge;
    default:
      return ErrorCode::kIo;
  }
}

std::unexpected<Error> fail_errno(int error_number, std::string_view what) {
  std::string message(what);
  message += ": ";
  message += std::generic_category().message(error_number);
  return fail(code_of_errno(error_number), std::move(message));
}

namespace detail {
void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "agentos: bug: CHECK(%s) failed at %s:%d\n", expression, file, line);
  std::fflush(stderr);
#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
  std::abort();
#endif
  std::_Exit(70);
}
}  // namespace detail

}  // namespace agentos
