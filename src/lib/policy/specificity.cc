// Digits of one number, the most important first, each at most its base minus one.
#include "lib/policy/specificity.h"

#include <algorithm>

namespace agentos::policy {
namespace {

// 0: anything, 1: a pattern, 2: names.
std::int64_t of_names(const std::vector<Glob>& globs) {
  if (globs.empty()) return 0;
  return std::ranges::all_of(globs, &Glob::is_literal) ? 2 : 1;
}

// Components of the shortest folder, 0 to 63; a literal path counts one more.
std::int64_t of_paths(const std::vector<Glob>& globs) {
  std::int64_t least = globs.empty() ? 0 : 63;
  for (const Glob& glob : globs) {
    const std::string_view folder = glob.folder();
    std::int64_t depth = std::ranges::count(folder, '/') + (glob.is_literal() ? 1 : 0) + 1;
    least = std::min(least, depth);
  }
  return least;
}

}  // namespace

std::int64_t specificity(const Selector& selector) {
  std::int64_t score = of_names(selector.agents);
  score = score * 3 + of_names(selector.tools);
  score = score * 64 + of_paths(selector.paths);
  const std::int64_t clauses =
      static_cast<std::int64_t>(selector.conditions.size()) + (selector.when != nullptr ? 1 : 0) +
      (selector.targets.empty() ? 0 : 1) + (selector.rings != 0x0f ? 1 : 0) + (selector.during.empty() ? 0 : 1) +
      (selector.outside.empty() ? 0 : 1) + (selector.after.empty() ? 0 : 1) + (selector.not_after.empty() ? 0 : 1);
  score = score * 32 + std::min<std::int64_t>(clauses, 31);
  return score * 2 + (selector.any_call ? 0 : 1);
}

}  // namespace agentos::policy
