// The file `erasing`: frames whose content is being erased, as they will be. FORMAT.md ("Erased").
//
// Whoever writes the log finishes what it says; who only reads sees these frames in place of what lies in the segments,
// where the old ones may be torn and what they name may be gone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/recorder/disk.h"
#include "lib/recorder/recorder.h"

namespace agentos::recorder {

inline constexpr std::string_view kErasingName = "erasing";

struct ErasedFrame {
  std::string segment;
  std::uint64_t offset = 0;
  std::string octets;  // the whole frame
};

std::string erasing_text(const std::vector<ErasedFrame>& frames);
// Empty when there is no such file; kCorrupt when it is damaged.
Result<std::vector<ErasedFrame>> read_erasing(Disk& disk, const std::string& directory);
// `file` of a segment as it will be; `file` itself when nothing of it is being erased.
std::unique_ptr<DiskFile> with_erased(std::unique_ptr<DiskFile> file, const std::string& segment,
                                      std::vector<ErasedFrame> frames);

}  // namespace agentos::recorder
