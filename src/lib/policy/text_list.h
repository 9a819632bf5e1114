// Texts that lie elsewhere, as a list of expressions.
#pragma once

#include <span>
#include <string>

#include "lib/policy/cel/value.h"

namespace agentos::policy {

class TextList final : public cel::List {
 public:
  void over(std::span<const std::string> texts) { texts_ = texts; }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(texts_.size()); }
  cel::Value at(std::uint32_t index, cel::Scratch&) const override { return cel::Value::string(texts_[index]); }

 private:
  std::span<const std::string> texts_;
};

}  // namespace agentos::policy
