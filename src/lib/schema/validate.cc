// Runs a program on a value. Recursion follows the value and the schema, both bounded; every visit costs a step, and
// when the steps are used up the answer is a violation, never "valid".
#include <algorithm>

#include "lib/schema/number.h"
#include "lib/schema/program.h"
#include "lib/schema/reference.h"

namespace agentos::schema {

namespace {

constexpr std::size_t kPairwiseMax = 8;
constexpr std::size_t kBytesPerStep = 64;
constexpr std::size_t kShownBytesMax = 80;

// Where in the instance; frames live on the stack of the recursion.
struct Path {
  const Path* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool is_index = false;
};

std::string pointer_of(const Path& path) {
  if (path.parent == nullptr) return {};
  return child_pointer(pointer_of(*path.parent), path.is_index ? std::to_string(path.index) : std::string(path.key));
}

// The members or items of one value that some keyword has looked at.
struct Evaluated {
  std::vector<bool> places;
  void mark(std::size_t place) {
    if (place >= places.size()) places.resize(place + 1);
    places[place] = true;
  }
  bool has(std::size_t place) const { return place < places.size() && places[place]; }
  void merge(const Evaluated& other) {
    for (std::size_t i = 0; i < other.places.size(); ++i) {
      if (other.places[i]) mark(i);
    }
  }
};

std::string shown(std::string_view text) {
  std::string out;
  const bool cut = text.size() > kShownBytesMax;
  json::write_string(json::to_valid_utf8(text.substr(0, kShownBytesMax)), out);
  return cut ? out + "..." : out;
}

std::uint32_t type_bits(const json::Value& value) {
  if (value.is_null()) return kNullType;
  if (value.is_bool()) return kBooleanType;
  if (value.is_string()) return kStringType;
  if (value.is_array()) return kArrayType;
  if (value.is_object()) return kObjectType;
  return kNumberType | (is_integral(value) ? kIntegerType : 0U);
}

std::string type_names(std::uint32_t bits) {
  static constexpr const char* kNames[] = {"null",     "a boolean", "an integer", "a number",
                                           "a string", "an array",  "an object"};
  std::string out;
  for (unsigned i = 0; i < std::size(kNames); ++i) {
    if ((bits >> i & 1) != 0) out += (out.empty() ? "" : " or ") + std::string(kNames[i]);
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class Evaluation {
 public:
  Evaluation(const CompiledSchema& program, std::size_t violations_max)
      : program_(program), violations_max_(std::max<std::size_t>(violations_max, 1)) {}

  std::vector<Violation> run(const json::Value& instance) {
    const Path root;
    const bool valid = apply(0, instance, root, nullptr);
    if (!exhausted_.empty()) {
      if (violations_.size() == violations_max_) violations_.pop_back();
      violations_.push_back({"", "", exhausted_});
    } else if (!valid && violations_.empty()) {
      violations_.push_back({"", "", "is not valid"});
    }
    return std::move(violations_);
  }

 private:
  struct Site {  // what an instruction works on
    const Subschema& schema;
    const Instruction& at;
    const json::Value& value;
    const Path& path;
    Evaluated* evaluated;  // null when nobody asks
  };

  bool apply(std::uint32_t number, const json::Value& value, const Path& path, Evaluated* out);
  bool execute(const Site& site);
  bool check_number(const Site& site);
  bool check_count(const Site& site);
  bool check_unique(const Site& site);
  bool check_required(const Site& site);
  bool check_properties(const Site& site);
  bool check_property(const Site& site, std::size_t place);
  bool check_names(const Site& site);
  bool check_items(const Site& site);
  bool check_contains(const Site& site);
  bool check_all(const Site& site);
  bool check_any(const Site& site);
  bool check_one(const Site& site);
  bool check_if(const Site& site);
  bool check_unevaluated(const Site& site);

  bool apply_item(std::uint32_t number, const Site& site, std::size_t index) {
    return apply(number, site.value.as_array()[index], Path{&site.path, {}, index, true}, nullptr);
  }
  bool apply_member(std::uint32_t number, const Site& site, std::size_t place) {
    const json::Object::Member& member = site.value.as_object().begin()[place];
    return apply(number, member.second, Path{&site.path, member.first, 0, false}, nullptr);
  }
  // As apply(), but a failure is not reported.
  bool holds(std::uint32_t number, const json::Value& value, const Path& path, Evaluated* out) {
    ++quiet_;
    const bool valid = apply(number, value, path, out);
    --quiet_;
    return valid;
  }

  bool refuse(const Site& site, std::string message) {
    report(site.schema.pointer + "/" + site.at.keyword, site.path, std::move(message));
    return false;
  }
  void report(std::string keyword, const Path& path, std::string message) {
    if (quiet_ > 0 || violations_.size() >= violations_max_) return;
    violations_.push_back({pointer_of(path), std::move(keyword), std::move(message)});
  }
  // Nothing more can be learned that would be reported.
  bool enough() const { return quiet_ > 0 || violations_.size() >= violations_max_ || !exhausted_.empty(); }
  void spend(std::size_t steps) {
    steps_ += steps;
    if (steps_ > kStepsMax && exhausted_.empty()) {
      exhausted_ = "cannot be decided within " + std::to_string(kStepsMax) + " steps";
    }
  }

  const CompiledSchema& program_;
  std::size_t violations_max_;
  std::vector<Violation> violations_;
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::size_t quiet_ = 0;
  std::string exhausted_;  // why no answer can be given; empty while one can
};

bool Evaluation::apply(std::uint32_t number, const json::Value& value, const Path& path, Evaluated* out) {
  const Subschema& schema = program_.subschemas[number];
  if (schema.kind == Subschema::Kind::kTrue) return true;
  spend(1);
  if (schema.kind == Subschema::Kind::kFalse) {
    report(schema.pointer, path, "is not allowed");
    return false;
  }
  if (depth_ == kEvaluationDepthMax && exhausted_.empty()) {
    exhausted_ = "is nested too deeply to be decided";
  }
  if (!exhausted_.empty()) return false;
  ++depth_;
  Evaluated local;
  Evaluated* const evaluated = out != nullptr || schema.tracks ? &local : nullptr;
  bool valid = true;
  for (std::uint32_t i = schema.first; i < schema.first + schema.count; ++i) {
    const Instruction& at = program_.instructions[i];
    const bool asks_rest = at.op == Op::kUnevaluatedItems || at.op == Op::kUnevaluatedProperties;
    if (asks_rest && !valid) break;  // it would only repeat what is wrong already
    spend(1);
    if (execute({schema, at, value, path, evaluated})) continue;
    valid = false;
    if (enough()) break;
  }
  --depth_;
  if (!exhausted_.empty()) return false;
  if (valid && out != nullptr) out->merge(local);
  return valid;
}

bool Evaluation::execute(const Site& site) {
  const Instruction& at = site.at;
  const json::Value& value = site.value;
  switch (at.op) {
    case Op::kType:
      return (type_bits(value) & at.first) != 0 || refuse(site, "must be " + type_names(at.first));
    case Op::kConst:
      return program_.values[at.first] == value || refuse(site, "must be " + json::write(program_.values[at.first]));
    case Op::kEnum: {
      spend(at.count);
      const auto first = program_.values.begin() + at.first;
      return std::find(first, first + at.count, value) != first + at.count ||
             refuse(site, "is none of the values allowed");
    }
    case Op::kMultipleOf:
    case Op::kMaximum:
    case Op::kExclusiveMaximum:
    case Op::kMinimum:
    case Op::kExclusiveMinimum:
      return !value.is_number() || check_number(site);
    case Op::kMaxLength:
    case Op::kMinLength:
    case Op::kMaxItems:
    case Op::kMinItems:
    case Op::kMaxProperties:
    case Op::kMinProperties:
      return check_count(site);
    case Op::kPattern:
      if (!value.is_string()) return true;
      spend(value.as_string().size() / kBytesPerStep);
      return program_.patterns[at.first].matches(value.as_string()) || refuse(site, "does not match the pattern");
    case Op::kUniqueItems:
      return !value.is_array() || check_unique(site);
    case Op::kRequired:
      return !value.is_object() || check_required(site);
    case Op::kDependentRequired:
      return value.find(program_.strings[at.other]) == nullptr || check_required(site);
    case Op::kRef:
      return apply(at.first, value, site.path, site.evaluated);
    case Op::kAllOf:
      return check_all(site);
    case Op::kAnyOf:
      return check_any(site);
    case Op::kOneOf:
      return check_one(site);
    case Op::kNot:
      return !holds(at.first, value, site.path, nullptr) || refuse(site, "must not be what \"not\" describes");
    case Op::kIf:
      return check_if(site);
    case Op::kDependentSchema:
      return value.find(program_.strings[at.other]) == nullptr || apply(at.first, value, site.path, site.evaluated);
    case Op::kPropertyNames:
      return !value.is_object() || check_names(site);
    case Op::kProperties:
      return !value.is_object() || check_properties(site);
    case Op::kItems:
      return !value.is_array() || check_items(site);
    case Op::kContains:
      return !value.is_array() || check_contains(site);
    case Op::kUnevaluatedItems:
    case Op::kUnevaluatedProperties:
      return check_unevaluated(site);
  }
  return refuse(site, "is a keyword without a check");
}

bool Evaluation::check_number(const Site& site) {
  const json::Value& bound = program_.values[site.at.first];
  if (site.at.op == Op::kMultipleOf) {
    return is_multiple_of(site.value, bound) || refuse(site, "must be a multiple of " + json::write(bound));
  }
  const int order = compare_numbers(site.value, bound);
  switch (site.at.op) {
    case Op::kMaximum:
      return order <= 0 || refuse(site, "must be at most " + json::write(bound));
    case Op::kExclusiveMaximum:
      return order < 0 || refuse(site, "must be less than " + json::write(bound));
    case Op::kMinimum:
      return order >= 0 || refuse(site, "must be at least " + json::write(bound));
    default:
      return order > 0 || refuse(site, "must be more than " + json::write(bound));
  }
}

bool Evaluation::check_count(const Site& site) {
  const Op op = site.at.op;
  const std::uint64_t bound = site.at.number;
  const bool at_most = op == Op::kMaxLength || op == Op::kMaxItems || op == Op::kMaxProperties;
  std::uint64_t size = 0;
  const char* what = nullptr;
  if (op == Op::kMaxLength || op == Op::kMinLength) {
    if (!site.value.is_string()) return true;
    spend(site.value.as_string().size() / kBytesPerStep);
    size = code_points(site.value.as_string());
    what = " characters";
  } else if (op == Op::kMaxItems || op == Op::kMinItems) {
    if (!site.value.is_array()) return true;
    size = site.value.as_array().size();
    what = " items";
  } else {
    if (!site.value.is_object()) return true;
    size = site.value.as_object().size();
    what = " properties";
  }
  if (at_most ? size <= bound : size >= bound) return true;
  return refuse(site, std::string("must have at ") + (at_most ? "most " : "least ") + std::to_string(bound) + what +
                          ", has " + std::to_string(size));
}

bool Evaluation::check_unique(const Site& site) {
  const json::Array& items = site.value.as_array();
  const auto refuse_pair = [&](std::size_t a, std::size_t b) {
    return refuse(site, "must not have equal items: " + std::to_string(std::min(a, b)) + " and " +
                            std::to_string(std::max(a, b)) + " are");
  };
  if (items.size() <= kPairwiseMax) {
    spend(items.size() * items.size());
    for (std::size_t i = 1; i < items.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (items[i] == items[j]) return refuse_pair(i, j);
      }
    }
    return true;
  }
  // Equal values have equal canonical text; the few unequal ones that share it (beyond 2^53) are told apart by ==.
  std::vector<std::pair<std::string, std::size_t>> texts;
  texts.reserve(items.size());
  for (std::size_t i = 0; i < items.size() && exhausted_.empty(); ++i) {
    texts.emplace_back(json::write_canonical(items[i]), i);
    spend(1 + texts.back().first.size() / kBytesPerStep);
  }
  std::sort(texts.begin(), texts.end());
  for (std::size_t i = 1; i < texts.size(); ++i) {
    for (std::size_t j = i; j > 0 && texts[j - 1].first == texts[i].first && exhausted_.empty(); --j) {
      spend(1);
      if (items[texts[i].second] == items[texts[j - 1].second])
        return refuse_pair(texts[i].second, texts[j - 1].second);
    }
  }
  return true;
}

bool Evaluation::check_required(const Site& site) {
  bool valid = true;
  for (std::uint32_t i = site.at.first; i < site.at.first + site.at.count; ++i) {
    spend(1 + site.value.as_object().size() / kBytesPerStep);
    if (site.value.find(program_.strings[i]) != nullptr) continue;
    valid = refuse(site, "must have the property " + shown(program_.strings[i]));
    if (enough()) break;
  }
  return valid;
}

bool Evaluation::check_properties(const Site& site) {
  bool valid = true;
  for (std::size_t place = 0; place < site.value.as_object().size(); ++place) {
    spend(1);
    if (!check_property(site, place)) valid = false;
    if (!valid && enough()) break;
  }
  return valid;
}

bool Evaluation::check_property(const Site& site, std::size_t place) {
  const Instruction& at = site.at;
  const std::string& name = site.value.as_object().begin()[place].first;
  bool valid = true;
  bool known = false;
  const auto first = program_.named.begin() + at.first;
  const auto found =
      std::lower_bound(first, first + at.count, name,
                       [](const NamedTarget& target, const std::string& key) { return target.name < key; });
  if (found != first + at.count && found->name == name) {
    known = true;
    valid = apply_member(found->target, site, place);
  }
  for (std::size_t i = at.other; i < at.other + at.number; ++i) {
    spend(1 + name.size() / kBytesPerStep);
    if (!program_.matched[i].pattern.matches(name)) continue;
    known = true;
    if (!apply_member(program_.matched[i].target, site, place)) valid = false;
  }
  if (!known && at.third != kNone) {
    known = true;
    valid = apply_member(at.third, site, place);
  }
  if (known && site.evaluated != nullptr) site.evaluated->mark(place);
  return valid;
}

bool Evaluation::check_names(const Site& site) {
  for (const auto& [name, member] : site.value.as_object()) {
    spend(1);
    if (!holds(site.at.first, json::Value(name), site.path, nullptr)) {
      return refuse(site, "must not have a property named " + shown(name));
    }
  }
  return true;
}

bool Evaluation::check_items(const Site& site) {
  const Instruction& at = site.at;
  bool valid = true;
  for (std::size_t i = 0; i < site.value.as_array().size(); ++i) {
    const std::uint32_t target = i < at.count ? program_.targets[at.first + i] : at.other;
    if (target == kNone) break;
    spend(1);
    if (!apply_item(target, site, i)) valid = false;
    if (!valid && enough()) break;
    if (site.evaluated != nullptr) site.evaluated->mark(i);
  }
  return valid;
}

bool Evaluation::check_contains(const Site& site) {
  std::uint64_t matching = 0;
  for (std::size_t i = 0; i < site.value.as_array().size(); ++i) {
    spend(1);
    ++quiet_;
    const bool matches = apply_item(site.at.first, site, i);
    --quiet_;
    if (!matches) continue;
    ++matching;
    if (site.evaluated != nullptr) site.evaluated->mark(i);
  }
  if (matching < site.at.other) {
    return refuse(site, "must contain at least " + std::to_string(site.at.other) + " matching items, has " +
                            std::to_string(matching));
  }
  return matching <= site.at.number || refuse(site, "must contain at most " + std::to_string(site.at.number) +
                                                        " matching items, has " + std::to_string(matching));
}

bool Evaluation::check_all(const Site& site) {
  bool valid = true;
  for (std::uint32_t i = site.at.first; i < site.at.first + site.at.count; ++i) {
    if (!apply(program_.targets[i], site.value, site.path, site.evaluated)) valid = false;
    if (!valid && enough()) break;
  }
  return valid;
}

bool Evaluation::check_any(const Site& site) {
  bool any = false;
  for (std::uint32_t i = site.at.first; i < site.at.first + site.at.count; ++i) {
    any = holds(program_.targets[i], site.value, site.path, site.evaluated) || any;
    if (any && site.evaluated == nullptr) break;  // else every alternative that holds counts as having looked
  }
  return any || refuse(site, "matches none of the " + std::to_string(site.at.count) + " alternatives");
}

bool Evaluation::check_one(const Site& site) {
  std::uint32_t matching = 0;
  for (std::uint32_t i = site.at.first; i < site.at.first + site.at.count && matching < 2; ++i) {
    if (holds(program_.targets[i], site.value, site.path, site.evaluated)) ++matching;
  }
  if (matching == 1) return true;
  const std::string count = std::to_string(site.at.count);
  return refuse(site, matching == 0 ? "matches none of the " + count + " alternatives"
                                    : "matches more than one of the " + count + " alternatives");
}

bool Evaluation::check_if(const Site& site) {
  const bool condition = holds(site.at.first, site.value, site.path, site.evaluated);
  const std::uint32_t branch = condition ? site.at.other : site.at.third;
  return branch == kNone || apply(branch, site.value, site.path, site.evaluated);
}

bool Evaluation::check_unevaluated(const Site& site) {
  const bool of_items = site.at.op == Op::kUnevaluatedItems;
  if (of_items ? !site.value.is_array() : !site.value.is_object()) return true;
  const std::size_t size = of_items ? site.value.as_array().size() : site.value.as_object().size();
  bool valid = true;
  for (std::size_t i = 0; i < size; ++i) {
    spend(1);
    if (site.evaluated->has(i)) continue;
    const bool fits = of_items ? apply_item(site.at.first, site, i) : apply_member(site.at.first, site, i);
    if (!fits) valid = false;
    if (!valid && enough()) break;
    site.evaluated->mark(i);
  }
  return valid;
}

}  // namespace

std::vector<Violation> Schema::validate(const json::Value& instance, std::size_t violations_max) const {
  return Evaluation(*program_, violations_max).run(instance);
}

}  // namespace agentos::schema
