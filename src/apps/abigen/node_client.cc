// sdk/node/lib: calls.js and errors.js with their .d.ts. One method a call, one reader a reply, one class an error.
//
// Node cannot receive descriptors over a Unix socket, so the calls whose replies bring one are left out, and their
// structs with them.
#include <fmt/format.h>
#include <fmt/ranges.h>

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

constexpr std::size_t kNodeWidth = 110;

enum class NodeDirection { kRequest, kReply };

bool has_method(const Row& row) { return is_offered(row) && !brings_descriptor(row); }

std::string type_of(const FieldInfo& field, Type type, NodeDirection direction) {
  switch (type) {
    case Type::kBoolean:
      return "boolean";
    case Type::kInteger:
    case Type::kNumber:
      return "number";
    case Type::kText:
      if (!field.rules.choices.empty()) return fmt::format("\"{}\"", fmt::join(field.rules.choices, "\" | \""));
      return "string";
    case Type::kBytes:
      return direction == NodeDirection::kRequest ? "string | Uint8Array" : "Buffer";
    case Type::kJson:
      return field.rules.json_object ? "Record<string, unknown>" : "unknown";
    case Type::kList: {
      const std::string item = type_of(field, field.item, direction);
      return item.find('|') == std::string::npos ? item + "[]" : "Array<" + item + ">";
    }
    case Type::kStruct:
      return std::string(field.structure->name);
  }
  return "unknown";
}

std::string node_reader_of(const FieldInfo& field, Type type) {
  switch (type) {
    case Type::kBoolean:
      return "asBoolean";
    case Type::kInteger:
      return "asInteger";
    case Type::kNumber:
      return "asNumber";
    case Type::kText:
      return "asText";
    case Type::kBytes:
      return "asBytes";
    case Type::kJson:
      return "asJson";
    case Type::kList:
      return "listOf(" + node_reader_of(field, field.item) + ")";
    case Type::kStruct:
      return fmt::format("read{}", field.structure->name);
  }
  return "asJson";
}

std::string comment(std::string_view text, std::string_view indent) {
  const std::string inner = fmt::format("{} * ", indent);
  std::string out = fmt::format("{}/** {} */\n", indent, text);
  if (out.size() > kNodeWidth)
    out = fmt::format("{}/**\n{}{}\n{} */\n", indent, inner, wrap(text, kNodeWidth, inner), indent);
  return out;
}

std::string interface_of(const StructInfo& info) {
  const NodeDirection direction = is_request(info) ? NodeDirection::kRequest : NodeDirection::kReply;
  std::string out = fmt::format("\n{}export interface {} {{\n", comment(title_of(info), ""), info.name);
  for (const FieldInfo& field : info.fields) {
    out += comment(field.summary, "  ");
    // An undefined member of a request is left out, so types that tell it from an absent one take it.
    const bool may_be_undefined = !field.required && !info.name.ends_with("Reply");
    out += fmt::format("  {}{}: {}{};\n", field.name, field.required ? "" : "?", type_of(field, field.type, direction),
                       may_be_undefined ? " | undefined" : "");
  }
  return out + "}\n";
}

std::string reader(const StructInfo& info) {
  std::string out = fmt::format("\nconst read{} = readerOf({{\n", info.name);
  for (const FieldInfo& field : info.fields) {
    out += fmt::format("  {}: {}({}),\n", field.name, field.required ? "required" : "optional",
                       node_reader_of(field, field.type));
  }
  return out + "});\n";
}

std::string documentation(const Row& row) {
  std::string out = fmt::format("\n  /**\n   * {}\n", wrap(row.summary, kNodeWidth, "   * "));
  if (const std::string thrown = error_classes(row); !thrown.empty()) {
    out += fmt::format("   *\n   * {}\n", wrap(fmt::format("Rejects with {}.", thrown), kNodeWidth, "   * "));
  }
  return out + "   */\n";
}

std::string method(const Row& row) {
  const bool replies = !row.reply.info->fields.empty();
  return documentation(row) +
         fmt::format("  {}(request, options) {{\n    return this.call(\"{}\", request, options).then({});\n  }}\n",
                     row.name, row.name,
                     replies ? fmt::format("read{}", row.reply.info->name) : std::string("nothing"));
}

std::string method_type(const Row& row) {
  const std::string reply = row.reply.info->fields.empty() ? "void" : std::string(row.reply.info->name);
  const std::string request =
      row.request.info->fields.empty() ? "Record<string, never>" : std::string(row.request.info->name);
  return documentation(row) + fmt::format("  {}(request{}: {}, options?: CallOptions): Promise<{}>;\n", row.name,
                                          has_required(*row.request.info) ? "" : "?", request, reply);
}

std::string classes(std::string (*one)(const Row&)) {
  std::string out;
  for (const CallClass& calls : kCallClasses) {
    out += fmt::format("\n/** {}. */\nexport class {} extends {} {{\n", calls.summary, calls.name,
                       calls.base.empty() ? "Client" : calls.base);
    for (const Row& row : abi::rows()) {
      if (row.subject == calls.subject && has_method(row)) out += one(row);
    }
    out += "}\n";
  }
  return out;
}

std::string signal_names() {
  std::string out;
  for (const abi::SignalInfo& signal : abi::signals()) out += fmt::format("\n  | \"{}\"", signal.name);
  return out;
}

}  // namespace

void add_node_calls(Files& files) {
  std::string code = fmt::format("// {}\n", kNotice);
  code +=
      "// The calls: one method each. A member of a request that is undefined is left out, and the kernel takes its\n"
      "// default; octets are given as text or a Uint8Array and come back as a Buffer.\n"
      "import { Client } from \"./client.js\";\nimport {\n  asBoolean,\n  asBytes,\n  asInteger,\n  asJson,\n  "
      "asNumber,\n  asText,\n  listOf,\n  nothing,\n"
      "  optional,\n  readerOf,\n  required,\n} from \"./wire.js\";\n\n";
  code += fmt::format("export const ABI_REVISION = {};\n", abi::kAbiRevision);
  std::string types = fmt::format("// {}\n", kNotice);
  types += fmt::format(
      "/// <reference types=\"node\" />\nimport {{ CallOptions, Client }} from \"../index.js\";\n\n"
      "export const ABI_REVISION: {};\n\nexport type SignalName ={};\n",
      abi::kAbiRevision, signal_names());
  for (const StructInfo* info : structs_of(has_method)) {
    if (info->fields.empty()) continue;
    types += interface_of(*info);
    if (!is_request(*info)) code += reader(*info);
  }
  code += classes(method);
  types += classes(method_type);
  files["sdk/node/lib/calls.js"] = std::move(code);
  files["sdk/node/lib/calls.d.ts"] = std::move(types);
}

void add_node_errors(Files& files) {
  std::string code = fmt::format(
      "// {}\n// One class for each error of the table.\nimport {{ AgentOSError }} from \"./wire.js\";\n", kNotice);
  std::string types = fmt::format("// {}\nimport type {{ AgentOSError }} from \"../index.js\";\n", kNotice);
  std::string index = "\n/** Classes by the word the kernel uses. */\nexport const BY_NAME = new Map([\n";
  for (const abi::ErrorInfo& error : abi::errors()) {
    const std::string name = camel_case(error.name);
    code += fmt::format("\n/** {} */\nexport class {} extends AgentOSError {{\n  static code = {};\n", error.sentence,
                        name, error.code);
    code += fmt::format("  static error = \"{}\";\n}}\n", error.name);
    types += fmt::format("\n{}export class {} extends AgentOSError {{\n  static readonly code: {};\n",
                         comment(error.sentence, ""), name, error.code);
    types += fmt::format("  static readonly error: \"{}\";\n}}\n", error.name);
    index += fmt::format("  [\"{}\", {}],\n", error.name, name);
  }
  files["sdk/node/lib/errors.js"] = code + index + "]);\n";
  files["sdk/node/lib/errors.d.ts"] =
      types +
      "\n/** Classes by the word the kernel uses. */\nexport const BY_NAME: Map<string, typeof AgentOSError>;\n";
}

}  // namespace agentos::abigen
