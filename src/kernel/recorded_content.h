// How much of arguments and results a kernel records.
#pragma once

#include <cstdint>

namespace agentos::kernel {

// kFull is opt-in: secrets in arguments and results are then in the record, too.
enum class RecordedContent : std::uint8_t { kPreview, kFull };

}  // namespace agentos::kernel
