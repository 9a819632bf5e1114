// The intents that wait for their outcome: a small open-addressing table, since every call goes in and out of it.
//
// One thread at a time. Beyond kOpenIntentsMax a further intent is not remembered and overflowed() stays true.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/recorder/entry.h"

namespace agentos::recorder {

inline constexpr std::size_t kOpenIntentsMax = std::size_t{1} << 20;

class OpenIntents {
 public:
  OpenIntents();

  void insert(Index intent);  // once more is the same
  bool erase(Index intent);   // false when it is not there
  bool contains(Index intent) const { return slots_[find(intent)] != kNoIndex; }
  std::size_t size() const { return size_; }
  bool overflowed() const { return overflowed_; }
  void clear();
  std::vector<Index> sorted() const;

 private:
  std::size_t home(Index intent) const { return (intent * 0x9E3779B97F4A7C15ULL) >> shift_; }
  std::size_t find(Index intent) const;  // its slot, or the free one where it belongs
  void grow();

  std::vector<Index> slots_;  // kNoIndex: free; never more than half used
  unsigned shift_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

}  // namespace agentos::recorder
