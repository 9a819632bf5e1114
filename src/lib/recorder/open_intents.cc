// Linear probing; an erased slot is closed by moving later ones back, so that no tombstones pile up.
#include "lib/recorder/open_intents.h"

#include <algorithm>

namespace agentos::recorder {

namespace {
constexpr unsigned kFirstBits = 8;
}

OpenIntents::OpenIntents() : slots_(std::size_t{1} << kFirstBits, kNoIndex), shift_(64 - kFirstBits) {}

std::size_t OpenIntents::find(Index intent) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = home(intent);
  while (slots_[slot] != kNoIndex && slots_[slot] != intent) slot = (slot + 1) & mask;
  return slot;
}

void OpenIntents::insert(Index intent) {
  std::size_t slot = find(intent);
  if (slots_[slot] == intent) return;
  if (size_ >= kOpenIntentsMax) {
    overflowed_ = true;
    return;
  }
  if ((size_ + 1) * 2 > slots_.size()) {
    grow();
    slot = find(intent);
  }
  slots_[slot] = intent;
  ++size_;
}

bool OpenIntents::erase(Index intent) {
  if (size_ == 0) return false;
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = find(intent);
  if (slots_[hole] == kNoIndex) return false;
  --size_;
  for (std::size_t slot = (hole + 1) & mask; slots_[slot] != kNoIndex; slot = (slot + 1) & mask) {
    // The entry at `slot` may fill the hole when the hole lies between its home and its place.
    if (((slot - home(slots_[slot])) & mask) >= ((slot - hole) & mask)) {
      slots_[hole] = slots_[slot];
      hole = slot;
    }
  }
  slots_[hole] = kNoIndex;
  return true;
}

void OpenIntents::clear() { *this = OpenIntents(); }

std::vector<Index> OpenIntents::sorted() const {
  std::vector<Index> all;
  all.reserve(size_);
  std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(all), [](Index index) { return index != kNoIndex; });
  std::sort(all.begin(), all.end());
  return all;
}

void OpenIntents::grow() {
  std::vector<Index> old(slots_.size() * 2, kNoIndex);
  old.swap(slots_);
  --shift_;
  for (Index intent : old)
    if (intent != kNoIndex) slots_[find(intent)] = intent;
}

}  // namespace agentos::recorder
