// Activation: gives an evaluation the variables its environment declared.
//
// A variable whose Value is at hand lies in the span given to the constructor and costs an array access; one that is
// costly to make is left absent there (or beyond the span) and is asked for by load(), only when the expression needs
// it.
#pragma once

#include <cstdint>
#include <span>

#include "lib/policy/cel/value.h"

namespace agentos::cel {

class Activation {
 public:
  Activation() = default;
  explicit Activation(std::span<const Value> ready) : ready_(ready) {}  // by slot; must outlive this
  virtual ~Activation() = default;

  Value variable(std::uint32_t slot, Scratch& scratch) const {
    if (slot < ready_.size() && !ready_[slot].is_absent()) return ready_[slot];
    return load(slot, scratch);
  }

 protected:
  // The variable of this slot, made in `scratch` where it must be made; absent when there is none, which is an error
  // value for the expression. May be called more than once for a slot in one evaluation.
  virtual Value load(std::uint32_t slot, Scratch& scratch) const;

 private:
  std::span<const Value> ready_;
};

}  // namespace agentos::cel
