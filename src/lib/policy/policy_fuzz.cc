// Any octets as a document and any octets as a request: one error or a program, never a crash; what compiles decides,
// explains itself, and the explanation agrees with the decision.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "lib/policy/fixture.h"

using namespace agentos;
using namespace agentos::policy;

namespace {

// Takes short pieces off the front of the input.
class Input {
 public:
  explicit Input(std::string_view octets) : rest_(octets) {}
  unsigned octet() {
    if (rest_.empty()) return 0;
    unsigned value = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  std::string text() {
    std::size_t size = std::min<std::size_t>(octet() % 64, rest_.size());
    std::string piece(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return piece;
  }

 private:
  std::string_view rest_;
};

void decide_and_explain(const Program& program, const Request& request) {
  const Decision decision = program.decide(request);
  const json::Value why = program.explain(request);
  if (why.string_or("rule", "") != decision.rule) std::abort();
  if (!json::valid_utf8(json::write(why))) std::abort();
  json::write(program.visible_to(request.principal));
  json::write(program.summary());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  static const auto fallback =
      fixture::compile({std::string(preset("agent-default")), std::string(preset("read-only"))});
  static const auto forms = fixture::compile(
      {std::string(preset("coding-agent")), std::string(preset("data-analyst")), std::string(preset("support"))});
  // The document up to the first NUL, the request behind it: a plain document is a seed as it is.
  const std::string_view all(reinterpret_cast<const char*>(octets), size);
  const std::string_view text = all.substr(0, all.find('\0'));
  Input input(all.substr(std::min(all.size(), text.size() + 1)));
  fixture::Asked asked;
  const auto& calls = fixture::vocabulary().calls;
  asked.call = calls[input.octet() % calls.size()].name;
  asked.ring = static_cast<int>(input.octet()) - 3;
  for (std::string* field : {&asked.tool, &asked.path, &asked.path_to, &asked.target, &asked.name, &asked.agent}) {
    *field = input.text();
  }
  asked.arguments.values["mode"] = input.text();
  asked.arguments.values["size"] = static_cast<std::int64_t>(input.octet());
  decide_and_explain(**fallback, asked.request());
  // Forms of arguments: whatever a text is, it has one or denies.
  static constexpr std::string_view kTools[] = {"bash", "fetch", "write_file", "query", "send_mail"};
  fixture::Asked meant = asked;
  meant.call = "exec";
  meant.tool = kTools[input.octet() % std::size(kTools)];
  const std::string argument = json::to_valid_utf8(input.text());  // arguments of calls are JSON
  for (const char* name : {"mode", "command", "url", "path", "sql", "body"}) meant.arguments.values[name] = argument;
  decide_and_explain(**forms, meant.request());
  auto program = fixture::compile({std::string(text)});
  if (program) {
    decide_and_explain(**program, asked.request());
  } else if (program.error().message.rfind("p0.yaml:", 0) != 0) {
    std::abort();  // every refusal has a position
  }
  return 0;
}
