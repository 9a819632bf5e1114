// Grows a string or a list in the scratch of an evaluation. Beyond the limits the result is an error value.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/operations.h"
#include "lib/policy/cel/scratch.h"

namespace agentos::cel {

inline Value index_fault(const CallContext& context, std::int64_t index) {
  return fault(context.scratch, "index out of range: {}", index);
}

// What looking at every character of a text costs; false beyond the budget.
inline bool charge_text(const CallContext& context, std::string_view text) {
  return context.scratch.take_steps(1 + text.size() / 16);
}

template <class T>
class ScratchArray {
 public:
  explicit ScratchArray(Scratch& scratch) : scratch_(scratch) {}

  // Room for `count` more, or nullptr beyond the limits.
  T* grow(std::size_t count) {
    if (count > capacity_ - size_ && !make_room(count)) return nullptr;
    T* place = data_ + size_;
    size_ += count;
    return place;
  }
  void push(const T& element) {
    if (T* place = grow(1)) *place = element;
  }
  std::span<T> span() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool failed() const { return failed_; }

 private:
  bool make_room(std::size_t count) {
    const std::size_t capacity = std::max({capacity_ * 2, size_ + count, std::size_t{64} / sizeof(T)});
    if (failed_ || size_ + count > UINT32_MAX || !scratch_.take_steps(1 + capacity * sizeof(T) / 16)) {
      failed_ = true;
      return false;
    }
    T* data = static_cast<T*>(scratch_.allocate(capacity * sizeof(T)));
    if (data == nullptr) {
      failed_ = true;
      return false;
    }
    if (size_ > 0) std::copy_n(data_, size_, data);
    data_ = data;
    capacity_ = capacity;
    return true;
  }

  Scratch& scratch_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool failed_ = false;
};

class ScratchText {
 public:
  explicit ScratchText(Scratch& scratch) : array_(scratch) {}
  void append(std::string_view text) {
    if (char* place = array_.grow(text.size()); place != nullptr && !text.empty())
      std::memcpy(place, text.data(), text.size());
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  std::string_view view() const { return {array_.span().data(), array_.size()}; }
  Value finish() const { return array_.failed() ? out_of_memory() : Value::string(view()); }

 private:
  ScratchArray<char> array_;
};

using ScratchList = ScratchArray<Value>;
inline Value finish(const ScratchList& list) { return list.failed() ? out_of_memory() : Value::list(list.span()); }

}  // namespace agentos::cel
