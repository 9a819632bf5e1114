// Scanning what is recorded, and what policy asks about.
#include "kernel/recorded.h"

#include "kernel/call_context.h"
#include "lib/guard/cleaning.h"

namespace agentos::kernel {
namespace {

constexpr std::size_t kListedMax = 256;  // findings a policy sees of one call

void list_findings(std::string_view json, const std::string& where, json::Array& list) {
  for (const guard::Finding& finding : guard::scan(json, guard::Syntax::kJson).items) {
    if (list.size() >= kListedMax) return;
    list.emplace_back(json::Object{{"kind", guard::name_of(finding.kind)},
                                   {"where", where},
                                   {"severity", guard::severity_of(finding.confidence)}});
  }
}

}  // namespace

std::string_view recorded_content(std::string_view json, RecordedContent content, guard::PreviewRoom& room) {
  if (content == RecordedContent::kFull || json.empty()) return json;
  return guard::preview_of(json, room);
}

std::string recorded_detail(std::string json) {
  const guard::Findings findings = guard::scan(json, guard::Syntax::kJson);
  if (findings.empty()) return json;
  std::string out;
  guard::write_cleaned(json, findings, guard::Syntax::kJson, out);
  return out;
}

const json::Value& ArgumentFindings::list() const {
  if (!list_.is_null()) return list_;
  json::Array list;
  // What is odd about the definition of the tool, then what is in the arguments.
  if (const auto& tool = context_.facts.tool_entry; tool != nullptr && tool->manifest.findings.is_array()) {
    list = tool->manifest.findings.as_array();
  }
  const json::Value* arguments = context_.facts.arguments.object();
  if (arguments != nullptr && arguments->is_object()) {
    for (const auto& [name, value] : arguments->as_object()) {
      // With its name, which tells that a value is a password.
      list_findings(json::write(json::Value(json::Object{{name, value}})), "args." + name, list);
    }
  }
  // What a server gets beside the arguments can hold the same.
  if (context_.row->call == abi::Call::kExec && context_.request != nullptr) {
    const json::Value& extra = static_cast<const abi::ExecRequest*>(context_.request)->extra;
    if (extra.is_object() && !extra.as_object().empty()) list_findings(json::write(extra), "extra", list);
  }
  list_ = std::move(list);
  return list_;
}

const json::Value& ResultFindings::list() const {
  if (!list_.is_null()) return list_;
  json::Array list;
  list_findings(result_.value != nullptr ? json::write(*result_.value) : json::write(json::Value(result_.text)),
                "result", list);
  list_ = std::move(list);
  return list_;
}

}  // namespace agentos::kernel
