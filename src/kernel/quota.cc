// Reservation up the chain with roll-back.
#include "kernel/quota.h"

#include <algorithm>
#include <string>

#include "abi/codes.h"

namespace agentos::kernel {
namespace {

constexpr const char* kNames[] = {"calls", "bytes", "tokens", "money_micros", "time_ms", "concurrency"};

std::optional<std::int64_t> as_budget(std::int64_t limit) {
  return limit == Quota::kUnlimited ? std::nullopt : std::optional(limit);
}

}  // namespace

Quota::Quota(const abi::Budget& budget, std::shared_ptr<Quota> parent) : parent_(std::move(parent)) {
  limit_[kCalls] = budget.calls.value_or(kUnlimited);
  limit_[kBytes] = budget.bytes.value_or(kUnlimited);
  limit_[kTokens] = budget.tokens.value_or(kUnlimited);
  limit_[kMoney] = budget.money_micros.value_or(kUnlimited);
  limit_[kTime] = budget.time_ms.value_or(kUnlimited);
  limit_[kConcurrency] = budget.concurrency.value_or(kConcurrencyDefault);
  // Each agent has its own, and none a wider one than who made it.
  if (parent_ != nullptr) limit_[kConcurrency] = std::min(limit_[kConcurrency], parent_->limit_[kConcurrency]);
}

bool Quota::add(Resource resource, std::int64_t amount) {
  auto& used = used_[resource];
  std::int64_t before = used.load(std::memory_order_relaxed);
  do {
    if (amount > limit_[resource] - before) return false;
  } while (!used.compare_exchange_weak(before, before + amount, std::memory_order_relaxed));
  return true;
}

Status Quota::take(Resource resource, std::int64_t amount) {
  for (Quota* node = this; node != nullptr; node = node->parent_.get()) {
    if (resource == kConcurrency && node != this) break;  // each agent has its own
    if (node->add(resource, amount)) continue;
    for (Quota* undo = this; undo != node; undo = undo->parent_.get()) {
      undo->used_[resource].fetch_sub(amount, std::memory_order_relaxed);
    }
    const ErrorCode code = resource == kConcurrency ? abi::error::busy : abi::error::quota_exceeded;
    return fail(code,
                std::string("the budget of ") + kNames[resource] + (node == this ? "" : " of an agent above this one") +
                    " is used up: " + std::to_string(node->used(resource)) + " of " +
                    std::to_string(node->limit_[resource]),
                resource == kConcurrency ? "wait for calls under way to end" : "start the agent with a larger budget");
  }
  return {};
}

void Quota::give(Resource resource, std::int64_t amount) {
  for (Quota* node = this; node != nullptr; node = node->parent_.get()) {
    node->used_[resource].fetch_sub(amount, std::memory_order_relaxed);
    if (resource == kConcurrency) break;
  }
}

Status Quota::reserve(std::int64_t bytes) {
  TRY(take(kConcurrency, 1));
  if (Status status = take(kCalls, 1); !status) {
    give(kConcurrency, 1);
    return status;
  }
  if (bytes > 0) {
    if (Status status = take(kBytes, bytes); !status) {
      give(kCalls, 1);
      give(kConcurrency, 1);
      return status;
    }
  }
  return {};
}

void Quota::release(std::int64_t bytes) {
  if (bytes > 0) give(kBytes, bytes);
  give(kCalls, 1);
  give(kConcurrency, 1);
}

void Quota::settle(std::int64_t extra_bytes) {
  give(kConcurrency, 1);
  for (Quota* node = this; extra_bytes != 0 && node != nullptr; node = node->parent_.get()) {
    node->used_[kBytes].fetch_add(extra_bytes, std::memory_order_relaxed);
  }
}

std::int64_t Quota::available(Resource resource) const {
  std::int64_t least = kUnlimited;
  for (const Quota* node = this; node != nullptr; node = node->parent_.get()) {
    if (node->limit_[resource] != kUnlimited) least = std::min(least, node->limit_[resource] - node->used(resource));
  }
  return std::max<std::int64_t>(least, 0);
}

abi::Budget Quota::limits() const {
  return {.calls = as_budget(limit_[kCalls]),
          .bytes = as_budget(limit_[kBytes]),
          .tokens = as_budget(limit_[kTokens]),
          .money_micros = as_budget(limit_[kMoney]),
          .time_ms = as_budget(limit_[kTime]),
          .concurrency = as_budget(limit_[kConcurrency])};
}

abi::Usage Quota::usage() const {
  return {.calls = used(kCalls),
          .bytes = used(kBytes),
          .tokens = used(kTokens),
          .money_micros = used(kMoney),
          .time_ms = used(kTime),
          .concurrency = used(kConcurrency)};
}

}  // namespace agentos::kernel
