// Shared memory regions: sealed memfds that processes really map. Thread-safe.
//
// The maker gets a descriptor it may write through; a region's size is sealed at once. When the first other agent
// joins, F_SEAL_FUTURE_WRITE is added: mappings the maker already has keep working, and no descriptor anyone holds can
// be made writable again. So: map first, then tell others the id.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"
#include "base/random.h"

namespace agentos::kernel {

inline constexpr std::int64_t kRegionBytesMax = 1LL << 30;   // one region
inline constexpr std::int64_t kRegionsBytesMax = 4LL << 30;  // all regions of the kernel
inline constexpr std::size_t kRegionsCountMax = 4096;
// Of an agent and its relatives, so that none takes all there is.
inline constexpr std::int64_t kFamilyRegionsBytesMax = kRegionsBytesMax / 4;
inline constexpr std::size_t kFamilyRegionsCountMax = kRegionsCountMax / 4;

class Regions {
 public:
  explicit Regions(Random& random) : random_(random) {}
  struct Joined {
    std::string region;
    std::int64_t size = 0;
    std::string access;  // "write" or "read"
    io::Fd descriptor;
  };
  // `family`: whose share it is taken from.
  Result<Joined> make(std::string_view owner, std::string_view family, std::int64_t size,
                      std::vector<std::string> share_with);
  Result<Joined> join(std::string_view agent, std::string_view region, std::string_view access);
  // Gives up the agent's hold; the region goes with its last holder.
  Status leave(std::string_view agent, std::string_view region);

 private:
  struct Region {
    std::string owner, family;
    std::int64_t size = 0;
    io::Fd descriptor;
    std::vector<std::string> share_with;
    std::vector<std::string> holders;
    bool shared = false;
  };
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, Region, std::less<>> regions_;
  std::int64_t bytes_ = 0;
};

}  // namespace agentos::kernel
