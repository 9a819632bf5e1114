// See direct_append.h.
#include "lib/recorder/direct_append.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace agentos::recorder {

namespace {

constexpr std::uint64_t kBlock = 4096;        // a multiple of what disks ask for; they say so if not
constexpr std::size_t kRoomStep = 64 * 1024;  // by which the room for blocks grows

std::unexpected<Error> not_so() { return fail(ErrorCode::kUnsupported, "not past the page cache"); }

char* aligned(std::size_t size) {
  char* octets = static_cast<char*>(std::aligned_alloc(kBlock, size));
  CHECK(octets != nullptr);
  return octets;
}

}  // namespace

std::unique_ptr<DirectAppend> DirectAppend::of(const io::Fd& file) {
  io::Fd direct(::open(fmt::format("/proc/self/fd/{}", file.get()).c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  if (!direct.valid()) return nullptr;
  std::unique_ptr<DirectAppend> made(new DirectAppend(std::move(direct), file.get()));
  made->tail_.reset(aligned(kBlock));
  return made;
}

Status DirectAppend::take_block(std::uint64_t offset) {
  const std::size_t size = offset % kBlock;
  if (size == 0) return {};
  if (offset == end_) {
    std::memcpy(blocks_.get(), tail_.get(), size);
    return {};
  }
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(file_, blocks_.get() + done, size - done, static_cast<off_t>(offset - size + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno(n < 0 ? errno : EIO, "cannot read the block that is appended to");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Status DirectAppend::append(std::uint64_t offset, std::string_view octets) {
  if (refused_) return not_so();
  const std::uint64_t begin = offset - offset % kBlock;
  const std::uint64_t end = (offset + octets.size() + kBlock - 1) / kBlock * kBlock;
  struct stat status{};
  if (::fstat(file_, &status) != 0) return fail_errno(errno, "cannot examine the file that is appended to");
  if (end > static_cast<std::uint64_t>(status.st_size)) return not_so();
  const auto size = static_cast<std::size_t>(end - begin);
  if (size > room_) {
    room_ = (size + kRoomStep - 1) / kRoomStep * kRoomStep;
    blocks_.reset(aligned(room_));
  }
  TRY(take_block(offset));
  char* const to = blocks_.get() + offset % kBlock;
  std::memcpy(to, octets.data(), octets.size());
  std::memset(to + octets.size(), 0, size - offset % kBlock - octets.size());
  end_ = ~std::uint64_t{0};
  for (std::size_t done = 0; done < size;) {
    iovec part{blocks_.get() + done, size - done};
    const ssize_t n = ::pwritev2(direct_.get(), &part, 1, static_cast<off_t>(begin + done), RWF_DSYNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && done == 0 && (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) {
      refused_ = true;
      return not_so();
    }
    if (n < 0) return fail_errno(errno, "cannot append past the page cache");
    const std::size_t before = done;
    done += static_cast<std::size_t>(n);
    if (done < size) done -= done % kBlock;  // a part of a block is written again with the rest of it
    if (done == before) return fail_errno(EIO, "cannot append past the page cache");
  }
  end_ = offset + octets.size();
  std::memcpy(tail_.get(), blocks_.get() + (size - kBlock), kBlock);
  return {};
}

}  // namespace agentos::recorder
