// See code_tools.h. A verdict is given only by what has read the code: where nothing can, the tool fails and says so.
#include "lib/tool/executors/builtin/code_tools.h"

#include <atomic>
#include <string>
#include <utility>

#include "lib/tool/executors/builtin/code_safety.h"

namespace agentos::tool {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr std::int64_t kCodeTimeoutMs = 10'000;

Value text_schema(std::string_view description) { return Object{{"type", "string"}, {"description", description}}; }

Value list_schema(Value items, std::string_view description) {
  Object schema{{"type", "array"}, {"description", description}};
  schema["items"] = std::move(items);
  return Value(std::move(schema));
}

Value shape(Object properties, Array required) {
  Object schema{{"type", "object"}};
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return Value(std::move(schema));
}

Manifest code_tool(std::string name, std::string summary, Value input, Array answers) {
  Manifest manifest;
  manifest.name = std::move(name);
  manifest.summary = std::move(summary);
  manifest.input_schema = std::move(input);
  Object output{{"type", "object"}};
  output["required"] = std::move(answers);
  manifest.output_schema = std::move(output);
  manifest.runs = Runs::kBuiltin;
  manifest.timeout_ms = kCodeTimeoutMs;
  manifest.read_only = true;
  return manifest;
}

Value language_schema() { return text_schema("python, javascript, typescript, shell (bash, sh) or sql."); }

Manifest safety_manifest() {
  Object properties;
  properties["code"] = text_schema("The code.");
  properties["language"] = language_schema();
  properties["context"] = Object{{"description", "Not looked at."}};
  return code_tool("verify_code_safety", "Reads code for what does great harm when it runs. Advice, not a wall.",
                   shape(std::move(properties), {"code", "language"}), {"safe", "violations", "rules_checked"});
}

Array findings_of(const std::vector<CodeFinding>& findings) {
  Array out;
  for (const CodeFinding& one : findings) {
    Object told{{"rule", one.rule}, {"severity", one.severity}, {"message", one.message}, {"line", one.line}};
    if (!one.alternative.empty()) told["alternative"] = one.alternative;
    out.emplace_back(std::move(told));
  }
  return out;
}

Result<Value> verify_code_safety(const Value& arguments, const std::atomic<bool>&) {
  const std::string_view code = arguments.string_or("code", "");
  const std::string_view language = arguments.string_or("language", "");
  const std::vector<CodeFinding> findings = TRY(check_code(code, language));
  Object out{{"safe", findings.empty()}, {"language", language}};
  out["code_length"] = static_cast<std::int64_t>(code.size());
  out["rules_checked"] = static_cast<std::int64_t>(code_rules());
  out["violations"] = findings_of(findings);
  out["warnings"] = Array{};
  if (!findings.empty()) {
    out["blocked_reason"] = findings[0].message;
    if (!findings[0].alternative.empty()) out["alternative"] = findings[0].alternative;
  }
  return Value(std::move(out));
}

Manifest review_manifest() {
  Object properties;
  properties["code"] = text_schema("The code.");
  properties["language"] = language_schema();
  properties["focus"] =
      list_schema(Object{{"type", "string"}, {"enum", Array{"security", "bugs", "performance", "style"}}},
                  "What to look for; default security.");
  properties["models"] = list_schema(Object{{"type", "string"}}, "Models to ask; none is configured here.");
  return code_tool("cmvk_review", "Reviews code by rules, and says what nobody here can review.",
                   shape(std::move(properties), {"code", "language"}), {"passed", "issues", "not_reviewed"});
}

Value unavailable(std::string_view what, std::string_view why) { return Object{{"what", what}, {"why", why}}; }

Result<Value> review_code(const Value& arguments, const std::atomic<bool>&) {
  const std::vector<CodeFinding> findings =
      TRY(check_code(arguments.string_or("code", ""), arguments.string_or("language", "")));
  Array focus{"security"};
  if (const Value* given = arguments.find("focus"); given != nullptr && !given->as_array().empty()) {
    focus = given->as_array();
  }
  Array reviewed, missing;
  Array issues;
  for (const Value& one : focus) {
    if (one == Value("security")) {
      reviewed.push_back(one);
      issues = findings_of(findings);
    } else {
      missing.push_back(unavailable(one.as_string(), "no reviewer for it is configured"));
    }
  }
  if (const Value* models = arguments.find("models"); models != nullptr) {
    for (const Value& one : models->as_array()) {
      missing.push_back(unavailable(one.as_string(), "the model is not configured"));
    }
  }
  if (reviewed.empty()) {
    return fail(ErrorCode::kUnsupported, "nothing that was asked for can be reviewed here", "focus: security");
  }
  Object out;
  out["reviewers"] = Array{"rules"};
  out["focus"] = std::move(reviewed);
  out["passed"] = issues.empty();
  out["issues"] = std::move(issues);
  out["not_reviewed"] = std::move(missing);
  return Value(std::move(out));
}

Manifest verify_manifest() {
  Object properties;
  properties["claim"] = text_schema("The claim.");
  properties["context"] = text_schema("What it is about.");
  properties["models"] = list_schema(Object{{"type", "string"}}, "Models to ask.");
  properties["threshold"] = Object{{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
  return code_tool("cmvk_verify", "Has a claim verified by several models; fails where none is configured.",
                   shape(std::move(properties), {"claim"}), {"verified"});
}

Result<Value> verify_claim(const Value&, const std::atomic<bool>&) {
  return fail(ErrorCode::kUnsupported, "not available: no model is configured to verify claims, so there is no verdict",
              "read the evidence yourself: the prompt verify_claim says how");
}

}  // namespace

Status add_code_tools(Registry& registry, HostExecutors& executors) {
  TRY(registry.add(safety_manifest(), executors.make(verify_code_safety)));
  TRY(registry.add(review_manifest(), executors.make(review_code)));
  return registry.add(verify_manifest(), executors.make(verify_claim));
}

}  // namespace agentos::tool
