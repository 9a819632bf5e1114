// docs/reference/man/agentos_<name>.2: one mdoc(7) page a call. Its examples have passed the call's own codec.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "abi/codes.h"
#include "abi/rpc.h"
#include "abi/table.h"
#include "apps/abigen/generators.h"
#include "apps/abigen/words.h"

namespace agentos::abigen {
namespace {

using abi::FieldInfo;
using abi::Row;

// What any call may answer; the pages name them once, together.
constexpr std::array<std::string_view, 7> kAnyCallErrors = {
    "denied", "not_permitted", "invalid_argument", "quota_exceeded", "cancelled", "terminated", "record_failed"};

constexpr std::size_t kLineWidth = 78;
constexpr std::string_view kPageDate = "January 1, 2026";  // of revision 1 of the table

// Running text: backslashes, and a control character at the start of a line, would be read as requests.
std::string roff(std::string_view text) {
  std::string out;
  for (char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else {
      out += c;
    }
  }
  return out;
}

// One sentence a line, as mdoc wants it, and no line too long.
std::string sentences(std::string_view text) {
  std::string out;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool ends = i == text.size() || (text[i] == ' ' && i != 0 && text[i - 1] == '.' && i + 1 < text.size() &&
                                           std::isupper(static_cast<unsigned char>(text[i + 1])) != 0);
    if (!ends) continue;
    out += (out.empty() ? "" : "\n") + wrap(text.substr(start, i - start), kLineWidth, "");
    start = i + 1;
  }
  return roff(out);
}

std::string fields_section(std::string_view title, const abi::StructInfo& info, const json::Object& defaults) {
  std::string out = fmt::format(".Sh {}\n", title);
  if (info.fields.empty()) return out + "None.\n";
  out += ".Bl -tag -width Ds\n";
  for (const FieldInfo& field : info.fields) {
    out += fmt::format(".It Va {}\n{}", field.name, sentences(field.summary));
    out += fmt::format("\n.Pq {}", roff(type_words(field)));
    if (!field.required) out += " , optional";
    if (const std::string bounds = bound_words(field); !bounds.empty()) out += " , " + roff(bounds);
    if (json::Value value = telling_default(defaults, field); !value.is_null()) {
      out += " , default " + roff(value.is_string() ? value.as_string() : json::write(value));
    }
    out += '\n';
  }
  return out + ".El\n";
}

void collect_nested(const abi::StructInfo& info, std::vector<const abi::StructInfo*>& out) {
  for (const FieldInfo& field : info.fields) {
    if (field.structure == nullptr || std::find(out.begin(), out.end(), field.structure) != out.end()) continue;
    out.push_back(field.structure);
    collect_nested(*field.structure, out);
  }
}

std::string synopsis(const Row& row) {
  std::string out = fmt::format("{{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"{}\", \"params\": {{", row.name);
  std::string_view separator = "\n";
  for (const FieldInfo& field : row.request.info->fields) {
    out += fmt::format("{}    \"{}\": <{}{}>", separator, field.name, field.required ? "" : "optional ",
                       type_words(field));
    separator = ",\n";
  }
  return out + "}}";
}

std::string errors_section(const Row& row) {
  std::string out = ".Sh ERRORS\nAny call may fail with\n";
  for (std::string_view name : kAnyCallErrors) {
    out += name == kAnyCallErrors.back() ? fmt::format("or\n.Er {} .\n", name) : fmt::format(".Er {} ,\n", name);
  }
  std::string own;
  for (ErrorCode code : row.errors) {
    const abi::ErrorInfo& info = abi::error_info(code);
    if (std::find(kAnyCallErrors.begin(), kAnyCallErrors.end(), info.name) != kAnyCallErrors.end()) continue;
    own += fmt::format(".It Er {} Pq {}\n{}\n", info.name, info.code, sentences(info.sentence));
  }
  if (own.empty()) return out;
  return out + fmt::format(".Pp\nThis one also with:\n.Bl -tag -width Ds\n{}.El\n", own);
}

Status check_decodes(const Row& row, const abi::StructCodec& codec, const json::Object& sample) {
  if (Status status = codec.decode(sample, codec.make().get()); !status) {
    return fail(ErrorCode::kInternal, fmt::format("the example {} of {} ({}) does not decode: {}", json::write(sample),
                                                  row.name, codec.info->name, status.error().message));
  }
  return {};
}

Result<std::string> manual_page(const Row& row) {
  const json::Object request = sample_request(row);
  const json::Object reply = sample_reply(row);
  TRY(check_decodes(row, row.request, request));
  TRY(check_decodes(row, row.reply, reply));
  std::string wire;
  abi::rpc::write_request(wire, std::int64_t{1}, row.name, json::write(request));
  abi::rpc::write_result(wire, std::int64_t{1}, json::write(reply));

  std::string out =
      fmt::format(".\\\" {}\n.Dd {}\n.Dt AGENTOS_{} 2\n.Os AgentOS\n", kNotice, kPageDate, upper_case(row.name));
  std::string_view summary = row.summary;
  if (summary.ends_with('.')) summary.remove_suffix(1);
  out += fmt::format(".Sh NAME\n.Nm agentos_{}\n.Nd {}\n", row.name, roff(summary));
  out += fmt::format(".Sh SYNOPSIS\n.Bd -literal\n{}\n.Ed\n", roff(synopsis(row)));
  out += fmt::format(".Sh DESCRIPTION\n{}\n.Pp\n", sentences(row.summary));
  out += fmt::format("Call {} of the table.\nMade by: {}.\nRight needed: {}.\nEffect: {}.\n", row.number,
                     name_of(row.subject), row.right_name, name_of(row.effect));
  if (row.waits) out += "It may be answered later than it was asked; other calls go on meanwhile.\n";
  if (row.support == abi::Support::reserved) out += "Its number is reserved; this version answers unsupported.\n";
  out += fields_section("REQUEST", *row.request.info, defaults_of(*row.request.info));
  out += fields_section("REPLY", *row.reply.info, {});
  std::vector<const abi::StructInfo*> nested;
  collect_nested(*row.request.info, nested);
  collect_nested(*row.reply.info, nested);
  for (const abi::StructInfo* info : nested) out += fields_section(upper_case(info->name), *info, {});
  out += fmt::format(".Sh EXAMPLES\nOn the wire, request and reply:\n.Bd -literal\n{}.Ed\n", roff(wire));
  return out + errors_section(row);
}

}  // namespace

Status add_manual_pages(Files& files) {
  for (const Row& row : abi::rows()) {
    files[fmt::format("docs/reference/man/agentos_{}.2", row.name)] = TRY(manual_page(row));
  }
  return {};
}

}  // namespace agentos::abigen
