// Names, bounds, defaults and examples read off the tables.
#include "apps/abigen/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>

#include "abi/codes.h"

namespace agentos::abigen {

using abi::FieldInfo;
using abi::Row;
using abi::Type;

std::string camel_case(std::string_view snake) {
  std::string out;
  bool rise = true;
  for (char c : snake) {
    if (c == '_') {
      rise = true;
      continue;
    }
    out += rise ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    rise = false;
  }
  return out;
}

std::string upper_case(std::string_view word) {
  std::string out;
  for (char c : word) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool is_request(const abi::StructInfo& info) { return info.name.ends_with("Request"); }

std::string title_of(const abi::StructInfo& info) {
  for (const Row& row : abi::rows()) {
    if (row.reply.info == &info) return fmt::format("What {} answers.", row.name);
    if (row.request.info == &info) return fmt::format("What {} is asked with.", row.name);
  }
  return "Part of a request or an answer.";
}

bool has_required(const abi::StructInfo& info) {
  return std::ranges::any_of(info.fields, [](const FieldInfo& field) { return field.required; });
}

namespace {

void keep(const abi::StructInfo& info, std::set<const abi::StructInfo*>& kept) {
  if (!kept.insert(&info).second) return;
  for (const FieldInfo& field : info.fields) {
    if (field.structure != nullptr) keep(*field.structure, kept);
  }
}

}  // namespace

std::vector<const abi::StructInfo*> structs_of(bool (*wanted)(const Row&)) {
  std::set<const abi::StructInfo*> kept;
  for (const Row& row : abi::rows()) {
    if (!wanted(row)) continue;
    keep(*row.request.info, kept);
    keep(*row.reply.info, kept);
  }
  std::vector<const abi::StructInfo*> out;
  std::ranges::copy_if(abi::structs(), std::back_inserter(out), [&](const auto* info) { return kept.contains(info); });
  return out;
}

bool is_offered(const Row& row) { return row.support == abi::Support::full && row.subject != abi::Subject::kernel; }

bool brings_descriptor(const Row& row) { return row.call == abi::Call::kMmap || row.call == abi::Call::kAttach; }

std::string error_classes(const Row& row) {
  std::string out;
  for (ErrorCode code : row.errors) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", camel_case(abi::error_info(code).name));
  }
  return out;
}

std::string_view word_of(Type type) {
  static constexpr std::string_view kWords[] = {"boolean", "integer", "number", "text",
                                                "bytes",   "json",    "list",   "struct"};
  return kWords[static_cast<std::size_t>(type)];
}

std::string type_words(const FieldInfo& field) {
  const auto one = [&](Type type) {
    if (type == Type::kStruct) return std::string(field.structure->name);
    if (type == Type::kJson) return std::string(field.rules.json_object ? "JSON object" : "any JSON");
    return std::string(word_of(type));
  };
  return field.type == Type::kList ? "list of " + one(field.item) : one(field.type);
}

std::string bound_words(const FieldInfo& field) {
  constexpr abi::Rules kFree;
  const abi::Rules& rules = field.rules;
  if (!rules.choices.empty()) return fmt::format("one of {}", fmt::join(rules.choices, ", "));
  if (field.type == Type::kInteger) {
    const bool low = rules.minimum != kFree.minimum;
    const bool high = rules.maximum != kFree.maximum;
    if (low && high) return fmt::format("{} to {}", rules.minimum, rules.maximum);
    if (low) return fmt::format("at least {}", rules.minimum);
    if (high) return fmt::format("at most {}", rules.maximum);
    return {};
  }
  if (rules.size_max == kFree.size_max) return {};
  if (field.type == Type::kList) return fmt::format("at most {} items", rules.size_max);
  if (field.type == Type::kText || field.type == Type::kBytes) return fmt::format("at most {} octets", rules.size_max);
  return {};
}

std::string wrap(std::string_view text, std::size_t width, std::string_view indent) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (column != 0 && column + 1 + word.size() > width) {
      out += '\n';
      out += indent;
      column = indent.size();
    } else if (column != 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

json::Object defaults_of(const abi::StructInfo& info) {
  const auto row = std::ranges::find_if(abi::rows(), [&](const Row& one) { return one.request.info == &info; });
  if (row == abi::rows().end()) return {};
  std::string text;
  row->request.encode(row->request.make().get(), text);
  auto parsed = json::parse(text);
  CHECK(parsed.has_value() && parsed->is_object());
  return parsed->as_object();
}

std::string document_of(json::Object object) {
  std::string text = json::write_pretty(std::move(object));
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

json::Value telling_default(const json::Object& defaults, const FieldInfo& field) {
  if (field.required || field.nullable || field.type == Type::kStruct) return nullptr;
  const json::Value* value = defaults.find(field.name);
  if (value == nullptr) return nullptr;
  const bool tells =
      value->is_int() || (value->is_bool() && value->as_bool()) || (value->is_string() && !value->as_string().empty());
  return tells ? *value : json::Value();
}

namespace {

std::string sample_text(const FieldInfo& field) {
  if (!field.rules.choices.empty()) return std::string(field.rules.choices[0]);
  struct Sample {
    std::string_view name;
    std::string_view text;
  };
  static constexpr Sample kSamples[] = {
      {"path", "/state/notes.txt"},
      {"name", "demo"},
      {"summary", "Counts words."},
      {"runs", "process"},
      {"rule", "write-notes"},
      {"reason", "The rule allows it."},
      {"output", "/home/ada/out.log"},
      {"policy", "agent-default"},
      {"profile", "agent-default"},
      {"server", "files"},
      {"secret", "api-key"},
      {"preview", "{}"},
      {"disposition", "handle"},
      {"to", "/state/old.txt"},
      {"working_directory", "/home/ada"},
      {"agent", "demo-3"},
      {"target", "demo-3"},
      {"sender", "demo-2"},
      {"parent", "demo-1"},
      {"signal", "SIGTERM"},
      {"signals", "SIGUSR1"},
      {"previous", "default"},
      {"command", "/usr/bin/true"},
      {"call", "write"},
      {"tool", "word_count"},
      {"verdict", "allow"},
      {"cause", "exit"},
      {"state", "running"},
      {"kind", "file"},
      {"mount", "/state"},
      {"host", "example.org"},
      {"addresses", "192.0.2.1"},
      {"address", "192.0.2.1"},
      {"method", "GET"},
      {"scheme", "https"},
      {"file", "policy.yaml"},
      {"text", "version: 1"},
      {"version", AGENTOS_VERSION},
      {"role", "agent"},
      {"rights", "files_read"},
      {"effect", "terminate"},
      {"run", "r-0001"},
      {"region", "region-1"},
      {"access", "write"},
      {"calls", "read"},
      {"approval", "a-1"},
      {"digest", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"},
  };
  for (const Sample& sample : kSamples) {
    if (sample.name == field.name) return std::string(sample.text);
  }
  return std::string(field.name);
}

json::Object sample_struct(const abi::StructInfo& info) {
  json::Object object;
  for (const FieldInfo& field : info.fields) {
    if (field.required) object.append(std::string(field.name), sample_of(field));
  }
  return object;
}

json::Value sample_item(const FieldInfo& field, Type type) {
  switch (type) {
    case Type::kBoolean:
      return true;
    case Type::kInteger:
      if (field.name == "abi") return abi::kAbiRevision;
      if (field.name.ends_with("_us")) return std::int64_t{1'767'225'600'000'000};
      return std::max<std::int64_t>(field.rules.minimum, std::min<std::int64_t>(field.rules.maximum, 5));
    case Type::kNumber:
      return 0.5;
    case Type::kText:
      return sample_text(field);
    case Type::kBytes:
      return "hello";
    case Type::kJson:
      return json::Object{};
    case Type::kList:
    case Type::kStruct:
      return sample_struct(*field.structure);
  }
  return nullptr;
}

}  // namespace

json::Value sample_of(const FieldInfo& field) {
  if (field.type != Type::kList) return sample_item(field, field.type);
  return json::Array{sample_item(field, field.item)};
}

json::Object sample_request(const Row& row) {
  json::Object object = sample_struct(*row.request.info);
  const auto fields = row.request.info->fields;
  const bool names_a_file = !fields.empty() && fields[0].name == "path";
  if ((object.empty() || names_a_file) && !fields.empty() && object.find(fields[0].name) == nullptr) {
    object.append(std::string(fields[0].name), sample_of(fields[0]));
  }
  return object;
}

json::Object sample_reply(const Row& row) { return sample_struct(*row.reply.info); }

}  // namespace agentos::abigen
