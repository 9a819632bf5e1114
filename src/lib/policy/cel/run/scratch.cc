// Scratch: blocks, budget, and values for hosts.
#include "lib/policy/cel/scratch.h"

#include <algorithm>
#include <cstring>

#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

constexpr std::size_t kBlockBytes = 64 << 10;
const EvaluationError kOutOfMemory{"memory limit exceeded"};

}  // namespace

Scratch::Scratch(EvaluationLimits limits) : steps_left_(limits.steps_max), limits_(limits) {}

void Scratch::set_limits(EvaluationLimits limits) { limits_ = limits; }

void Scratch::reset() {
  steps_left_ = limits_.steps_max;
  exhausted_ = Limit::kNone;
  used_ = 0;
  block_ = 0;
  free_ = end_ = nullptr;
  if (blocks_.empty()) return;
  free_ = blocks_[0].bytes.get();
  end_ = free_ + blocks_[0].size;
  block_ = 1;
}

std::string_view Scratch::exhausted_limit() const {
  return exhausted_ == Limit::kMemory ? kOutOfMemory.message : "cost limit exceeded";
}

void Scratch::exhaust(Limit limit) {
  if (exhausted_ == Limit::kNone) exhausted_ = limit;
  steps_left_ = 0;
}

// Goes on in the next block that is large enough; makes one where there is none.
void* Scratch::allocate_in_next_block(std::size_t size) {
  if (block_ > 0) used_ += blocks_[block_ - 1].size;
  while (block_ < blocks_.size() && blocks_[block_].size < size) used_ += blocks_[block_++].size;
  if (size > limits_.scratch_bytes_max || used_ > limits_.scratch_bytes_max - size) {
    free_ = end_ = nullptr;
    exhaust(Limit::kMemory);
    return nullptr;
  }
  if (block_ == blocks_.size()) {
    const std::size_t bytes =
        std::max(size, std::min(kBlockBytes << std::min<std::size_t>(block_, 8), limits_.scratch_bytes_max));
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(bytes), bytes});
  }
  free_ = blocks_[block_].bytes.get();
  end_ = free_ + blocks_[block_].size;
  ++block_;
  void* place = free_;
  free_ += size;
  return place;
}

Value Scratch::string(std::string_view utf8) {
  char* copy = static_cast<char*>(allocate(utf8.size()));
  if (copy == nullptr) return Value::error(kOutOfMemory);
  std::ranges::copy(utf8, copy);
  return Value::string({copy, utf8.size()});
}

Value Scratch::bytes(std::string_view octets) {
  const Value copy = string(octets);
  return copy.is_error() ? copy : Value::bytes(copy.text());
}

Value Scratch::list(std::span<const Value> elements) {
  const std::span<Value> copy = make_array<Value>(elements.size());
  if (copy.size() != elements.size()) return Value::error(kOutOfMemory);
  std::ranges::copy(elements, copy.begin());
  return Value::list(copy);
}

Value Scratch::map(std::span<const MapEntry> entries) {
  const std::span<MapEntry> copy = make_array<MapEntry>(entries.size());
  if (copy.size() != entries.size()) return Value::error(kOutOfMemory);
  std::ranges::copy(entries, copy.begin());
  return make_map(*this, copy);
}

Value Scratch::optional(const Value& value) {
  const Value* copy = make(value);
  return copy == nullptr ? Value::error(kOutOfMemory) : Value::optional(copy);
}

Value Scratch::ip(const Address& address) {
  const Address* copy = make(address);
  return copy == nullptr ? Value::error(kOutOfMemory) : Value::ip(*copy);
}

Value Scratch::cidr(const Network& network) {
  const Network* copy = make(network);
  return copy == nullptr ? Value::error(kOutOfMemory) : Value::cidr(*copy);
}

Value Scratch::error(std::string_view message, std::uint32_t line, std::uint32_t column) {
  const Value text = string(message);
  if (text.is_error()) return text;
  const EvaluationError* made = make(EvaluationError{text.text(), line, column});
  return made == nullptr ? Value::error(kOutOfMemory) : Value::error(*made);
}

}  // namespace agentos::cel
