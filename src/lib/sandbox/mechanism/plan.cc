// Bounds-checked reading of the plan's bytes.
#include "lib/sandbox/mechanism/plan.h"

#include <cstring>

namespace agentos::sandbox {
namespace {

class Cursor {
 public:
  Cursor(char* bytes, std::size_t size) : at_(bytes), left_(size) {}
  char* take(std::size_t size) {
    if (size > left_) return nullptr;
    char* result = at_;
    at_ += size;
    left_ -= size;
    return result;
  }
  bool take_number(std::uint32_t& number) {
    const char* from = take(sizeof number);
    if (from == nullptr) return false;
    std::memcpy(&number, from, sizeof number);
    return true;
  }
  char* take_string() {
    std::uint32_t length = 0;
    if (!take_number(length) || length > kPlanBytesMax) return nullptr;
    char* text = take(std::size_t{length} + 1);
    return text != nullptr && text[length] == 0 && std::strlen(text) == length ? text : nullptr;
  }
  std::size_t left() const { return left_; }

 private:
  char* at_;
  std::size_t left_;
};

bool counts_fit(const PlanHeader& header, std::size_t size) {
  return header.magic == kPlanMagic && header.bytes == size && header.rules <= kRulesMax && header.arguments >= 1 &&
         header.arguments <= kArgumentsMax && header.environment <= kEnvironmentMax &&
         header.candidates <= kCandidatesMax && header.filter_instructions >= 1 &&
         header.filter_instructions <= kFilterInstructionsMax;
}

bool read_strings(Cursor& cursor, std::uint32_t count, char** into) {
  for (std::uint32_t i = 0; i < count; ++i) {
    into[i] = cursor.take_string();
    if (into[i] == nullptr) return false;
  }
  into[count] = nullptr;
  return true;
}

}  // namespace

bool read_plan(char* bytes, std::size_t size, Plan& plan) {
  Cursor cursor(bytes, size);
  const char* head = cursor.take(sizeof(PlanHeader));
  if (head == nullptr) return false;
  std::memcpy(&plan.header, head, sizeof(PlanHeader));
  if (!counts_fit(plan.header, size)) return false;
  const char* filter = cursor.take(plan.header.filter_instructions * sizeof(sock_filter));
  if (filter == nullptr) return false;
  plan.filter = reinterpret_cast<const sock_filter*>(filter);
  for (std::uint32_t i = 0; i < plan.header.rules; ++i) {
    PlanRule& rule = plan.rules[i];
    if (!cursor.take_number(rule.access) || !cursor.take_number(rule.flags)) return false;
    rule.path = cursor.take_string();
    rule.from = cursor.take_string();
    if (rule.path == nullptr || rule.from == nullptr) return false;
  }
  plan.tree_directory = cursor.take_string();
  plan.working_directory = cursor.take_string();
  if (plan.tree_directory == nullptr || plan.working_directory == nullptr) return false;
  if (!read_strings(cursor, plan.header.arguments, plan.arguments)) return false;
  if (!read_strings(cursor, plan.header.environment, plan.environment)) return false;
  for (std::uint32_t i = 0; i < plan.header.candidates; ++i) {
    plan.candidates[i] = cursor.take_string();
    if (plan.candidates[i] == nullptr) return false;
  }
  return cursor.left() == 0;
}

}  // namespace agentos::sandbox
