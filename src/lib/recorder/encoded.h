// An entry as its producer encodes it, on its own thread, before it takes its place in the queue.
#pragma once

#include <string>
#include <string_view>

#include "lib/recorder/entry.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/slot_buffer.h"

namespace agentos::recorder {

struct Encoded {
  Slot slot;
  std::string leaf;
  std::string scratch;
  std::string_view opening;  // into the entry or scratch
};

// `out` is used again and again, so that nothing is allocated; it lives as long as `entry`'s views.
void encode(const Entry& entry, Kept kept, Encoded& out);

}  // namespace agentos::recorder
