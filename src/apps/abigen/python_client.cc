// sdk/python/agentos/_calls.py and _errors.py: typed replies, one method a call, one exception class an error.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "abi/codes.h"
#include "abi/table.h"
#include "apps/abigen/generators.h"
#include "apps/abigen/words.h"

namespace agentos::abigen {
namespace {

using abi::FieldInfo;
using abi::Row;
using abi::StructInfo;
using abi::Type;

constexpr std::size_t kWidth = 110;

// Requests that may bring descriptors along.
constexpr std::array<std::string_view, 1> kDescriptorRequests = {"spawn"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A field named like a keyword of Python gets a trailing underscore.
std::string python_name(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kKeywords = {"from",  "import", "class", "def", "global", "lambda",
                                                                 "async", "await",  "in",    "is",  "pass",   "with"};
  return contains(kKeywords, name) ? std::string(name) + "_" : std::string(name);
}

// Words of a table inside a Python string.
std::string quoted_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\') out += '\\';
    out += c;
  }
  return out;
}

enum class Direction { kRequest, kReply };

std::string python_type(const FieldInfo& field, Type type, Direction direction) {
  switch (type) {
    case Type::kBoolean:
      return "bool";
    case Type::kInteger:
      return "int";
    case Type::kNumber:
      return "float";
    case Type::kText:
      return "str";
    case Type::kBytes:
      return direction == Direction::kRequest ? "BytesLike" : "bytes";
    case Type::kJson:
      return field.rules.json_object ? "Dict[str, Any]" : "Any";
    case Type::kList:
      return (direction == Direction::kRequest ? "Sequence[" : "List[") + python_type(field, field.item, direction) +
             "]";
    case Type::kStruct:
      return std::string(field.structure->name);
  }
  return "Any";
}

std::string reader_of(const FieldInfo& field, Type type) {
  switch (type) {
    case Type::kBoolean:
      return "as_boolean";
    case Type::kInteger:
      return "as_integer";
    case Type::kNumber:
      return "as_number";
    case Type::kText:
      return "as_text";
    case Type::kBytes:
      return "as_bytes";
    case Type::kJson:
      return "as_json";
    case Type::kList:
      return "list_of(" + reader_of(field, field.item) + ")";
    case Type::kStruct:
      return std::string(field.structure->name) + ".from_wire";
  }
  return "as_json";
}

// Dataclasses want fields without a default first.
std::vector<const FieldInfo*> required_first(const StructInfo& info) {
  std::vector<const FieldInfo*> fields;
  for (const bool required : {true, false}) {
    for (const FieldInfo& field : info.fields) {
      if (field.required == required) fields.push_back(&field);
    }
  }
  return fields;
}

std::string dataclass_of(const StructInfo& info) {
  std::string out = fmt::format("\n\n@dataclass(frozen=True)\nclass {}:\n", info.name);
  const auto fields = required_first(info);
  out += fmt::format("    \"\"\"{}\n\n", title_of(info));
  for (const FieldInfo* field : fields) {
    out += fmt::format("    {}\n", wrap(fmt::format("{}: {}", python_name(field->name), quoted_text(field->summary)),
                                        kWidth, "        "));
  }
  out += "    \"\"\"\n\n";
  for (const FieldInfo* field : fields) {
    const std::string type = python_type(*field, field->type, Direction::kReply);
    out += field->required ? fmt::format("    {}: {}\n", python_name(field->name), type)
                           : fmt::format("    {}: Optional[{}] = None\n", python_name(field->name), type);
  }
  out += fmt::format(
      "\n    @classmethod\n    def from_wire(cls, wire: Any) -> {}:\n        members = as_object(wire)\n"
      "        return cls(\n",
      info.name);
  for (const FieldInfo* field : fields) {
    out += fmt::format("            {}={}(members, \"{}\", {}),\n", python_name(field->name),
                       field->required ? "member" : "optional_member", field->name, reader_of(*field, field->type));
  }
  return out + "        )\n";
}

enum class Style { kSync, kAsync };

struct Method {
  const Row& row;
  Style style;
  bool gives_descriptor;  // the hand-written client turns it into something better
  bool takes_descriptors;
  bool replies;  // has anything to return

  Method(const Row& of, Style in)
      : row(of),
        style(in),
        gives_descriptor(brings_descriptor(of)),
        takes_descriptors(contains(kDescriptorRequests, of.name)),
        replies(!of.reply.info->fields.empty()) {}
};

std::string parameters(const Method& method) {
  const StructInfo& info = *method.row.request.info;
  const auto fields = required_first(info);
  const bool any_required = !fields.empty() && fields.front()->required;
  std::string out = "self";
  bool positional = true;
  for (const FieldInfo* field : fields) {
    // Required fields may be given by position; without any, the first field may.
    if (positional && !(field->required || (!any_required && field == fields.front()))) {
      out += ",\n        *";
      positional = false;
    }
    const std::string type = python_type(*field, field->type, Direction::kRequest);
    out += field->required ? fmt::format(",\n        {}: {}", python_name(field->name), type)
                           : fmt::format(",\n        {}: Optional[{}] = None", python_name(field->name), type);
  }
  if (method.takes_descriptors)
    out += fmt::format("{},\n        descriptors: Sequence[int] = ()", positional ? ",\n        *" : "");
  return out == "self" ? out : "\n        " + out + ",\n    ";
}

std::string docstring(const Method& method) {
  const Row& row = method.row;
  std::string out = fmt::format("        \"\"\"{}\n", wrap(quoted_text(row.summary), kWidth - 12, "        "));
  if (!row.request.info->fields.empty()) out += '\n';
  for (const FieldInfo* field : required_first(*row.request.info)) {
    std::string text = fmt::format("{}: {}", python_name(field->name), quoted_text(field->summary));
    out += fmt::format("        {}\n", wrap(text, kWidth, "            "));
  }
  if (const std::string raised = error_classes(row); !raised.empty()) {
    out += fmt::format("\n        {}\n", wrap(fmt::format("Raises {}.", raised), kWidth, "            "));
  }
  return out + "        \"\"\"\n";
}

std::string arguments(const StructInfo& info) {
  std::string out;
  for (const FieldInfo* field : required_first(info)) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", python_name(field->name), python_name(field->name));
  }
  if (out.size() + 60 <= kWidth) return "request(" + out + ")";
  std::string broken = "request(\n";
  for (const FieldInfo* field : required_first(info)) {
    broken += fmt::format("            {}={},\n", python_name(field->name), python_name(field->name));
  }
  return broken + "        )";
}

std::string method_of(const Method& method) {
  const Row& row = method.row;
  const std::string reply = method.replies ? std::string(row.reply.info->name) : "None";
  const std::string_view wait = method.style == Style::kAsync ? "await " : "";
  std::string out = fmt::format("\n    {}def {}{}({}) -> {}:\n", method.style == Style::kAsync ? "async " : "",
                                method.gives_descriptor ? "_call_" : "", row.name, parameters(method),
                                method.gives_descriptor ? fmt::format("Tuple[{}, int]", reply) : reply);
  out += docstring(method);
  out += fmt::format("        fields = {}\n", arguments(*row.request.info));
  if (method.gives_descriptor) {
    out += fmt::format("        wire, descriptor = {}self.call_for_descriptor(\"{}\", fields)\n", wait, row.name);
    return out + fmt::format("        return {}.from_wire(wire), descriptor\n", reply);
  }
  const std::string call =
      fmt::format("{}self.call(\"{}\", fields{})", wait, row.name, method.takes_descriptors ? ", descriptors" : "");
  if (!method.replies) return out + fmt::format("        {}\n", call);
  return out + fmt::format("        return {}.from_wire({})\n", reply, call);
}

std::string class_of(const CallClass& calls, Style style) {
  const bool awaitable = style == Style::kAsync;
  const std::string_view prefix = awaitable ? "Async" : "";
  std::string out =
      fmt::format("\n\nclass {0}{1}({0}{2}):\n    \"\"\"{3}{4}.\"\"\"\n", prefix, calls.name,
                  calls.base.empty() ? "Caller" : calls.base, calls.summary, awaitable ? ", awaitable" : "");
  for (const Row& row : abi::rows()) {
    if (row.subject == calls.subject && is_offered(row)) out += method_of(Method(row, style));
  }
  return out;
}

}  // namespace

void add_python_calls(Files& files) {
  std::string out = fmt::format("# {}\n", kNotice);
  out +=
      "\"\"\"The calls, typed: a dataclass for each reply and a method for each call.\n\n"
      "An argument that is None is left out, and the kernel takes its default. Octets are given as bytes or text and\n"
      "come back as bytes.\n\"\"\"\n\nfrom __future__ import annotations\n\n"
      "from dataclasses import dataclass\nfrom typing import Any, Dict, List, Optional, Sequence, Tuple\n\n"
      "from ._wire import (\n    AsyncCaller,\n    BytesLike,\n    Caller,\n    as_boolean,\n    as_bytes,\n"
      "    as_integer,\n    as_json,\n    as_object,\n    as_text,\n    list_of,\n    member,\n    optional_member,\n"
      "    request,\n)\n\n";
  out += fmt::format("ABI_REVISION = {}\n", abi::kAbiRevision);
  for (const StructInfo* info : abi::structs()) {
    if (!is_request(*info) && !info->fields.empty()) out += dataclass_of(*info);
  }
  for (const Style style : {Style::kSync, Style::kAsync}) {
    for (const CallClass& calls : kCallClasses) out += class_of(calls, style);
  }
  files["sdk/python/agentos/_calls.py"] = std::move(out);
}

void add_python_errors(Files& files) {
  std::string out = fmt::format("# {}\n", kNotice);
  out +=
      "\"\"\"One exception class for each error of the table.\"\"\"\n\nfrom __future__ import annotations\n\n"
      "from typing import Dict, Type\n\nfrom ._wire import AgentOSError\n";
  std::string index = "\n\nBY_NAME: Dict[str, Type[AgentOSError]] = {\n";
  std::string exported = "\n__all__ = [\n    \"BY_NAME\",\n";
  for (const abi::ErrorInfo& error : abi::errors()) {
    const std::string name = camel_case(error.name);
    out += fmt::format("\n\nclass {}(AgentOSError):\n    \"\"\"{}\"\"\"\n\n    code = {}\n    name = \"{}\"\n", name,
                       quoted_text(error.sentence), error.code, error.name);
    index += fmt::format("    \"{}\": {},\n", error.name, name);
    exported += fmt::format("    \"{}\",\n", name);
  }
  files["sdk/python/agentos/_errors.py"] = out + index + "}\n" + exported + "]\n";
}

}  // namespace agentos::abigen
