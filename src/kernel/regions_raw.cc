// memfd_create, seals and read-only reopening; raw because it hands out memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "abi/codes.h"
#include "kernel/regions.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace agentos::kernel {
namespace {

Result<io::Fd> sealed_memory(std::int64_t size) {
  int number = memfd_create("agentos-region", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (number < 0 && errno == EINVAL) number = memfd_create("agentos-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  io::Fd memory(number);
  if (!memory.valid()) return fail_errno(errno, "cannot make shared memory");
  if (ftruncate(memory.get(), size) != 0) return fail_errno(errno, "cannot size shared memory");
  if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return fail_errno(errno, "cannot seal shared memory");
  return memory;
}

Result<io::Fd> reopen(const io::Fd& memory, int flags) {
  const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
  io::Fd again(open(path.c_str(), flags | O_CLOEXEC));
  if (!again.valid()) return fail_errno(errno, "cannot reopen shared memory");
  return again;
}

}  // namespace

Result<Regions::Joined> Regions::make(std::string_view owner, std::string_view family, std::int64_t size,
                                      std::vector<std::string> share_with) {
  if (size <= 0 || size > kRegionBytesMax) {
    return fail(abi::error::invalid_argument, "field \"size\" must lie between 1 and 1073741824");
  }
  std::lock_guard lock(mutex_);
  std::int64_t family_bytes = 0;
  std::size_t family_count = 0;
  for (const auto& [id, region] : regions_) {
    if (region.family != family) continue;
    family_bytes += region.size;
    ++family_count;
  }
  if (regions_.size() >= kRegionsCountMax || bytes_ + size > kRegionsBytesMax ||
      family_count >= kFamilyRegionsCountMax || family_bytes + size > kFamilyRegionsBytesMax) {
    return fail(abi::error::no_space, "there is no room for another shared region",
                "munmap regions that are not needed");
  }
  Region region;
  region.owner = owner;
  region.family = family;
  region.size = size;
  region.descriptor = TRY(sealed_memory(size));
  region.share_with = std::move(share_with);
  region.holders.emplace_back(owner);
  Joined joined{"region-" + random_hex(random_, 12), size, "write", TRY(reopen(region.descriptor, O_RDWR))};
  bytes_ += size;
  regions_.emplace(joined.region, std::move(region));
  return joined;
}

Result<Regions::Joined> Regions::join(std::string_view agent, std::string_view id, std::string_view access) {
  std::lock_guard lock(mutex_);
  const auto found = regions_.find(id);
  // A stranger learns nothing: not shared with it reads like not there.
  const bool owner = found != regions_.end() && found->second.owner == agent;
  if (found == regions_.end() || (!owner && std::find(found->second.share_with.begin(), found->second.share_with.end(),
                                                      agent) == found->second.share_with.end())) {
    return fail(abi::error::not_found, "no region " + std::string(id) + " is shared with this agent");
  }
  Region& region = found->second;
  if (access == "write" && (!owner || region.shared)) {
    return fail(abi::error::not_permitted, owner ? "the region is shared and can no longer be mapped for writing"
                                                 : "a region of another agent can only be read");
  }
  if (!owner && !region.shared) {
    if (fcntl(region.descriptor.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0) {
      return fail_errno(errno, "cannot seal the region against writing");
    }
    region.shared = true;
  }
  Joined joined{std::string(id), region.size, std::string(access),
                TRY(reopen(region.descriptor, access == "write" ? O_RDWR : O_RDONLY))};
  if (std::find(region.holders.begin(), region.holders.end(), agent) == region.holders.end()) {
    region.holders.emplace_back(agent);
  }
  return joined;
}

Status Regions::leave(std::string_view agent, std::string_view id) {
  std::lock_guard lock(mutex_);
  const auto found = regions_.find(id);
  if (found == regions_.end() || std::erase(found->second.holders, std::string(agent)) == 0) {
    return fail(abi::error::not_found, "this agent holds no region " + std::string(id));
  }
  if (found->second.holders.empty()) {
    bytes_ -= found->second.size;
    regions_.erase(found);
  }
  return {};
}

}  // namespace agentos::kernel
