// Gives an expression's state back to its thread.
#include "lib/policy/request_view.h"

#include "lib/policy/expression_state.h"

namespace agentos::policy {

RequestView::~RequestView() {
  if (state_ != nullptr) ExpressionState::release(state_);
}

ExpressionState& RequestView::state() {
  if (state_ == nullptr) state_ = ExpressionState::acquire(request_);
  return *state_;
}

}  // namespace agentos::policy
