// Entries between their producer and the writer thread: leaf and opening, encoded, in the order of their indexes.
//
// A slot has room for what the writer thread adds: the salt before the opening, and the zero octet before the leaf, so
// that both are hashed where they lie. Bounded: put() is only called when fits() said so. One thread at a time.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include "lib/recorder/format.h"
#include "lib/recorder/leaf_reader.h"

namespace agentos::recorder {

struct Slot {
  std::uint32_t leaf_size = 0;
  std::uint32_t opening_size = 0;
  std::uint32_t commitment_at = 0;  // in the leaf; meaningless without an opening
  Kind kind = Kind::kEvent;
  bool external = false;    // an intent with verdict allow and effect external
  Index intent = kNoIndex;  // of an outcome

  std::size_t size() const {
    return (sizeof(Slot) + 1 + leaf_size + (opening_size == 0 ? 0 : kSaltSize + opening_size) + 7) & ~std::size_t{7};
  }
  char* leaf() { return reinterpret_cast<char*>(this + 1) + 1; }
  char* salt() { return leaf() + leaf_size; }  // and the opening behind it
};

class SlotBuffer {
 public:
  explicit SlotBuffer(std::size_t capacity)
      : octets_(std::make_unique_for_overwrite<char[]>(capacity)), capacity_(capacity) {}

  bool fits(const Slot& slot) const { return used_ + slot.size() <= capacity_; }
  void put(const Slot& slot, std::string_view leaf, std::string_view opening) {
    char* to = octets_.get() + used_;
    std::memcpy(to, &slot, sizeof(slot));
    to += sizeof(slot);
    *to++ = '\0';
    std::memcpy(to, leaf.data(), leaf.size());
    if (!opening.empty()) std::memcpy(to + leaf.size() + kSaltSize, opening.data(), opening.size());
    used_ += slot.size();
  }
  std::size_t size() const { return used_; }
  bool empty() const { return used_ == 0; }
  void clear() { used_ = taken_ = 0; }

  // The first taken() octets were dealt with for good.
  std::size_t taken() const { return taken_; }
  void take_to(std::size_t position) { taken_ = position; }
  Slot& at(std::size_t position) { return *reinterpret_cast<Slot*>(octets_.get() + position); }

 private:
  std::unique_ptr<char[]> octets_;
  std::size_t capacity_;
  std::size_t used_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace agentos::recorder
