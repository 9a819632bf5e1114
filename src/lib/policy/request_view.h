// A request while it is decided: what expressions have asked for so far, so that nothing is computed twice and nothing
// that no candidate rule needs. Lives on the stack of one decision; one thread.
#pragma once

#include <string>
#include <string_view>

#include "lib/policy/policy.h"

namespace agentos::policy {

class ExpressionState;  // expression.cc: activation and scratch, made when the first expression is evaluated

// What is known of the call: it is being made, or it is only being listed, and then clauses about its arguments are
// taken to be such that it is allowed.
enum class Known : std::uint8_t { kCall, kListing };

class RequestView {
 public:
  explicit RequestView(const Request& request, Known known = Known::kCall) : request_(request), known_(known) {}
  RequestView(const RequestView&) = delete;
  RequestView& operator=(const RequestView&) = delete;
  ~RequestView();

  const Request& request() const { return request_; }
  Known known() const { return known_; }
  // The first failure's sentence; empty when none failed.
  std::string_view failure() const { return failure_; }
  void fail_with(std::string_view sentence) {
    if (failure_.empty()) failure_ = json::to_valid_utf8(sentence);  // it may quote, or cut, what it is about
  }
  ExpressionState& state();

 private:
  const Request& request_;
  const Known known_;
  std::string failure_;  // allocates on failure only
  ExpressionState* state_ = nullptr;
};

}  // namespace agentos::policy
