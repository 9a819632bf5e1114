// Memory that is locked, and left out of core dumps and of children.
#include <string.h>
#include <sys/mman.h>

#include <utility>

#include "lib/egress/secret_store.h"

namespace agentos::egress {
namespace {

constexpr std::size_t kPageBytes = 4096;

}  // namespace

Result<SecretBytes> SecretBytes::take(std::string& from) {
  const std::size_t mapped = (from.size() / kPageBytes + 1) * kPageBytes;
  void* memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(ErrorCode::kNoSpace, "there is no memory for a secret");
  if (::mlock(memory, mapped) != 0 || ::madvise(memory, mapped, MADV_DONTDUMP) != 0 ||
      ::madvise(memory, mapped, MADV_DONTFORK) != 0) {
    ::munmap(memory, mapped);
    return fail(ErrorCode::kNoSpace, "a secret cannot be locked in memory", "raise the limit: ulimit -l");
  }
  ::memcpy(memory, from.data(), from.size());
  SecretBytes out(static_cast<char*>(memory), from.size(), mapped);
  ::explicit_bzero(from.data(), from.size());
  from.clear();
  return out;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)), mapped_(other.mapped_) {}

SecretBytes::~SecretBytes() {
  if (memory_ == nullptr) return;
  ::explicit_bzero(memory_, mapped_);
  ::munmap(memory_, mapped_);
}

}  // namespace agentos::egress
