// A document up to the first NUL and a request behind it: any octets give one positioned error or documents that
// decide, and the same document without positions (as JSON) decides the same.
#include <cstdlib>

#include "lib/policy/original/document.h"
#include "lib/policy/original/original.h"
#include "lib/policy/original/python_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos;
  using namespace agentos::policy;
  const std::string_view all(reinterpret_cast<const char*>(octets), size);
  const std::string_view text = all.substr(0, all.find('\0'));
  const std::string_view rest = all.substr(std::min(all.size(), text.size() + 1));
  if (json::valid_utf8(text) && json::valid_utf8(rest)) {
    if (const auto pattern = original::PythonPattern::compile(text)) pattern->search(rest);
  }
  const Source source{std::string(text), "p.yaml"};
  const auto documents = original::Documents::compile(std::span(&source, 1));
  if (!documents) {
    if (!documents.error().message.starts_with("p.yaml:")) std::abort();
    return 0;
  }
  auto context = json::parse(rest);
  if (!context) context = json::Object{{"tool_name", json::to_valid_utf8(rest)}};
  const original::Answer answer = (*documents)->decide(*context);
  const bool permits = answer.action == original::Action::kAllow || answer.action == original::Action::kAudit;
  if (answer.allowed != permits || answer.reason.empty()) std::abort();
  if ((as_decision(answer, 1).verdict == Verdict::kAllow) != answer.allowed) std::abort();
  if (const auto value = json::parse(text, {.depth_max = 64})) {
    const auto again = original::Documents::compile(json::Value(json::Array{*value}));
    if (!again || (*again)->decide(*context).reason != answer.reason) std::abort();
  }
  return 0;
}
