// Objects and values: lookup, equality and the reading conveniences.
#include "base/json/value.h"

#include <algorithm>

namespace agentos::json {

namespace {

constexpr std::size_t kLinearMax = 16;

// 2^63 is exact as a double; every int64 lies in [-2^63, 2^63).
bool equal_numbers(std::int64_t integer, double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (!(number >= -kTwoTo63 && number < kTwoTo63)) return false;
  const auto truncated = static_cast<std::int64_t>(number);
  return static_cast<double>(truncated) == number && truncated == integer;
}

std::vector<const Object::Member*> by_key(const Object& object) {
  std::vector<const Object::Member*> members;
  members.reserve(object.size());
  for (const Object::Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->first < b->first; });
  return members;
}

}  // namespace

Object::Object() = default;
Object::Object(std::initializer_list<Member> members) {
  members_.reserve(members.size());
  for (const Member& member : members) append(member.first, member.second);
}
Object::Object(std::vector<Member> members) : members_(std::move(members)) {}
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

const Value* Object::find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Value* Object::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

Value& Object::operator[](std::string_view key) {
  if (Value* found = find(key)) return *found;
  return members_.emplace_back(std::string(key), Value()).second;
}

void Object::append(std::string key, Value value) { members_.emplace_back(std::move(key), std::move(value)); }

bool Object::erase(std::string_view key) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.first == key; });
  if (found == members_.end()) return false;
  members_.erase(found);
  return true;
}

std::size_t Object::size() const { return members_.size(); }
const Object::Member* Object::begin() const { return members_.data(); }
const Object::Member* Object::end() const { return members_.data() + members_.size(); }
Object::Member* Object::begin() { return members_.data(); }
Object::Member* Object::end() { return members_.data() + members_.size(); }

bool Object::operator==(const Object& other) const {
  if (size() != other.size()) return false;
  if (size() <= kLinearMax) {
    return std::all_of(begin(), end(), [&](const Member& member) {
      const Value* found = other.find(member.first);
      return found != nullptr && *found == member.second;
    });
  }
  const auto ours = by_key(*this);
  const auto theirs = by_key(other);
  return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                    [](auto* a, auto* b) { return a->first == b->first && a->second == b->second; });
}

bool Value::operator==(const Value& other) const {
  if (is_int() && other.is_double()) return equal_numbers(as_int(), other.as_double());
  if (is_double() && other.is_int()) return equal_numbers(other.as_int(), as_double());
  return v_ == other.v_;
}

const char* Value::type_name() const {
  static constexpr const char* kNames[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
  return kNames[v_.index()];
}

const Value* Value::find(std::string_view key) const { return is_object() ? as_object().find(key) : nullptr; }

std::string_view Value::string_or(std::string_view key, std::string_view fallback) const {
  const Value* found = find(key);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : fallback;
}

std::int64_t Value::int_or(std::string_view key, std::int64_t fallback) const {
  const Value* found = find(key);
  return found != nullptr && found->is_int() ? found->as_int() : fallback;
}

bool Value::bool_or(std::string_view key, bool fallback) const {
  const Value* found = find(key);
  return found != nullptr && found->is_bool() ? found->as_bool() : fallback;
}

}  // namespace agentos::json
