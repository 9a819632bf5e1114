// The rows, made from syscalls.def; the only place that instantiates the codec for every struct.
#include "abi/table.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "abi/calls.h"
#include "abi/codec.h"

namespace agentos::abi {
namespace {

namespace subject_word {
constexpr Subject agent = Subject::agent;
constexpr Subject operator_ = Subject::operator_;
constexpr Subject any = Subject::any;
constexpr Subject kernel = Subject::kernel;
}  // namespace subject_word

// The .def file writes `operator`, which C++ keeps for itself.
constexpr Subject subject_of(std::string_view word) {
  if (word == "agent") return subject_word::agent;
  if (word == "operator") return subject_word::operator_;
  if (word == "kernel") return subject_word::kernel;
  return subject_word::any;
}

#define ERRORS(...) {__VA_ARGS__}
#define CALL(number, name, structure, subject, right, effect, waits, support, error_list, summary) \
  const std::vector<ErrorCode>& errors_of_##structure() {                                          \
    using namespace error;                                                                         \
    static const std::vector<ErrorCode> kErrors error_list;                                        \
    return kErrors;                                                                                \
  }
#include "abi/syscalls.def"
#undef CALL
#undef ERRORS

const std::vector<Row>& all_rows() {
  static const std::vector<Row> kRows = [] {
    constexpr bool yes = true;
    constexpr bool no = false;
    std::vector<Row> rows;
#define ERRORS(...)
#define CALL(number_, name_, structure, subject_, right_, effect_, waits_, support_, error_list, summary_) \
  rows.push_back(Row{.call = Call::k##structure,                                                           \
                     .number = number_,                                                                    \
                     .name = #name_,                                                                       \
                     .subject = subject_of(#subject_),                                                     \
                     .right = right::right_,                                                               \
                     .right_name = #right_,                                                                \
                     .effect = Effect::effect_,                                                            \
                     .waits = waits_,                                                                      \
                     .support = Support::support_,                                                         \
                     .errors = errors_of_##structure(),                                                    \
                     .summary = summary_,                                                                  \
                     .request = codec::make_codec<structure##Request>(),                                   \
                     .reply = codec::make_codec<structure##Reply>()});
#include "abi/syscalls.def"
#undef CALL
#undef ERRORS
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.number < b.number; });
    return rows;
  }();
  return kRows;
}

const std::array<const Row*, kCallNumberMax + 1>& by_number() {
  static const auto kIndex = [] {
    std::array<const Row*, kCallNumberMax + 1> index{};
    for (const Row& row : all_rows()) {
      CHECK(row.number <= kCallNumberMax && index[row.number] == nullptr);
      index[row.number] = &row;
    }
    return index;
  }();
  return kIndex;
}

void collect(const StructInfo* info, std::vector<const StructInfo*>& out, std::set<const StructInfo*>& seen) {
  if (info == nullptr || !seen.insert(info).second) return;
  for (const FieldInfo& field : info->fields) collect(field.structure, out, seen);
  out.push_back(info);
}

}  // namespace

std::string_view name_of(Subject subject) {
  switch (subject) {
    case Subject::agent:
      return "agent";
    case Subject::operator_:
      return "operator";
    case Subject::any:
      return "any";
    case Subject::kernel:
      return "kernel";
  }
  return "any";
}
std::string_view name_of(Effect effect) {
  switch (effect) {
    case Effect::none:
      return "none";
    case Effect::state:
      return "state";
    case Effect::external:
      return "external";
  }
  return "external";
}
std::string_view name_of(Support support) { return support == Support::full ? "full" : "reserved"; }

std::span<const Row> rows() { return all_rows(); }

const Row& row_of(Call call) { return *by_number()[static_cast<std::size_t>(call)]; }

const Row* find_row(std::uint16_t number) { return number <= kCallNumberMax ? by_number()[number] : nullptr; }

const Row* find_row(std::string_view name) {
  static const auto kByName = [] {
    std::vector<const Row*> sorted;
    for (const Row& row : all_rows()) sorted.push_back(&row);
    std::sort(sorted.begin(), sorted.end(), [](const Row* a, const Row* b) { return a->name < b->name; });
    return sorted;
  }();
  const auto found = std::lower_bound(kByName.begin(), kByName.end(), name,
                                      [](const Row* row, std::string_view key) { return row->name < key; });
  return found != kByName.end() && (*found)->name == name ? *found : nullptr;
}

std::span<const StructInfo* const> structs() {
  static const auto kStructs = [] {
    std::vector<const StructInfo*> out;
    std::set<const StructInfo*> seen;
    for (const Row& row : all_rows()) {
      collect(row.request.info, out, seen);
      collect(row.reply.info, out, seen);
    }
    return out;
  }();
  return kStructs;
}

}  // namespace agentos::abi
