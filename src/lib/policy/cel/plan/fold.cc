// Folding: an op whose operands are constant is evaluated when the plan is made.
//
// What fails, or takes or makes much, is left to evaluation. Values made are copied into the plan's storage.
#include <algorithm>
#include <vector>

#include "lib/policy/cel/plan/planner.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

constexpr std::size_t kFoldedValuesMax = 20'000;

}  // namespace

const Op* Planner::fold(NodeId id, const Op* op, std::span<const Op* const> operands) {
  if (!std::ranges::all_of(operands, [](const Op* operand) { return operand->is_constant; })) return op;
  folding_.reset();
  const Activation nothing;
  Frame frame{nothing, folding_, nullptr};
  Value value = evaluate(op, frame);
  std::size_t budget = kFoldedValuesMax;
  if (value.is_error() || folding_.is_exhausted() || !copy(value, budget)) return op;
  return constant(id, value);
}

bool Planner::copy(Value& value, std::size_t& budget) {
  if (budget == 0) return false;
  --budget;
  switch (value.kind()) {
    case ValueKind::kString:
      value = plan_.storage.string(value.text());
      return true;
    case ValueKind::kBytes:
      value = plan_.storage.bytes(value.text());
      return true;
    case ValueKind::kType:
      value = Value::type_name(plan_.storage.string(value.text()).text());
      return true;
    case ValueKind::kIp:
      value = plan_.storage.ip(value.address());
      return true;
    case ValueKind::kCidr:
      value = plan_.storage.cidr(value.network());
      return true;
    case ValueKind::kMap:
      return copy_map(value, budget);
    case ValueKind::kOptional: {
      if (value.optional_value() == nullptr) return true;
      Value inside = *value.optional_value();
      if (!copy(inside, budget)) return false;
      value = plan_.storage.optional(inside);
      return true;
    }
    case ValueKind::kList: {
      std::vector<Value> elements;
      for (std::uint32_t i = 0; i < list_size(value); ++i) {
        elements.push_back(list_element(value, i, folding_));
        if (!copy(elements.back(), budget)) return false;
      }
      value = plan_.storage.list(elements);
      return !value.is_error();
    }
    case ValueKind::kRecord:
    case ValueKind::kAbsent:
    case ValueKind::kError:
      return false;
    default:
      return true;
  }
}

bool Planner::copy_map(Value& value, std::size_t& budget) {
  std::vector<MapEntry> entries;
  for (std::uint32_t i = 0; i < map_size(value); ++i) {
    entries.push_back(map_entry(value, i, folding_));
    if (!copy(entries.back().key, budget) || !copy(entries.back().value, budget)) return false;
  }
  value = plan_.storage.map(entries);
  return !value.is_error();
}

// The elements of a constant list as keys of a table, when all can be keys and they are many enough to gain from it.
const MapTable* Planner::literal_set(Value list) {
  std::vector<MapEntry> entries;
  for (std::uint32_t i = 0; i < list_size(list); ++i) {
    const Value element = list_element(list, i, plan_.storage);
    if (!can_be_key(element)) return nullptr;
    const bool known =
        std::ranges::any_of(entries, [&](const MapEntry& entry) { return equal(entry.key, element, plan_.storage); });
    if (!known) entries.push_back({element, Value::boolean(true)});
  }
  const Value map = plan_.storage.map(entries);
  return map.is_error() ? nullptr : &map.table();
}

}  // namespace agentos::cel
