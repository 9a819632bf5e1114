// Counting, and labels that only grow.
#include "kernel/family.h"

#include <algorithm>

namespace agentos::kernel {

Result<std::shared_ptr<Family>> Family::begin(Pasts pasts, std::string run) {
  for (std::size_t i = 0; i < pasts.size(); ++i) {
    if (Status status = pasts[i]->begin(run); !status) {
      while (i-- > 0) pasts[i]->forget(run);
      return std::unexpected(status.error());
    }
  }
  return std::shared_ptr<Family>(new Family(std::move(pasts), std::move(run)));
}

std::shared_ptr<void> Family::take_place() {
  if (alive_.fetch_add(1, std::memory_order_relaxed) >= kFamilyMax) {
    alive_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  return {this, [family = shared_from_this()](void*) { family->leave(); }};
}

std::shared_ptr<void> Family::take_ask(std::size_t most) {
  if (asks_.fetch_add(1, std::memory_order_relaxed) >= most) {
    asks_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  return {this, [family = shared_from_this()](void*) { family->asks_.fetch_sub(1, std::memory_order_relaxed); }};
}

void Family::leave() {
  if (alive_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  for (const auto& past : pasts_) past->forget(run_);
}

Family::Labels Family::labels() const {
  if (!labelled_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(mutex_);
  return labels_;
}

void Family::add_labels(const std::vector<std::string>& labels) {
  const std::lock_guard lock(mutex_);
  auto all = labels_ == nullptr ? std::vector<std::string>() : *labels_;
  const std::size_t before = all.size();
  for (const std::string& label : labels) {
    const auto place = std::ranges::lower_bound(all, label);
    if (place == all.end() || *place != label) all.insert(place, label);
  }
  if (all.size() == before) return;
  labels_ = std::make_shared<const std::vector<std::string>>(std::move(all));
  labelled_.store(true, std::memory_order_release);
}

}  // namespace agentos::kernel
