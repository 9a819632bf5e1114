// Any octets as a policy test, a request and a document to format: one error or a result, never a crash. What formats
// says the same, keeps its comments and is its own canonical text; a request decides the same when written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/yaml/document.h"
#include "lib/policy/limits.h"
#include "lib/policy/tools/comments.h"
#include "lib/policy/tools/format.h"
#include "lib/policy/tools/set.h"
#include "lib/policy/tools/test_document.h"

using namespace agentos;
using namespace agentos::policy;

namespace {

const tools::PolicySet& set() {
  static const tools::PolicySet made = [] {
    auto compiled =
        tools::compile_set({{std::string(preset("agent-default")), "a"}, {std::string(preset("read-only")), "b"}},
                           std::make_shared<const Vocabulary>(table_vocabulary()));
    if (!compiled) std::abort();
    return std::move(*compiled);
  }();
  return made;
}

void decide(const json::Value& stated) {
  const auto request = set().read(stated);
  if (!request) {
    if (request.error().message.empty()) std::abort();
    return;
  }
  const Decision decision = set().program->decide((*request)->request());
  if (!json::valid_utf8(json::write(json::Value(tools::to_json(decision))))) std::abort();
  auto again = json::parse(json::write(stated), {.bytes_max = 4u << 20, .depth_max = 128, .values_max = 1'000'000});
  if (!again) return;
  const auto same = set().read(*again);
  if (!same || set().program->decide((*same)->request()).rule != decision.rule) std::abort();
}

void format(std::string_view text) {
  const auto once = tools::format_document(text, "f");
  if (!once) return;
  const auto before = yaml::parse(text, "f", {.bytes_max = 4u << 20});
  const auto after = yaml::parse(*once, "f", {.bytes_max = 4u << 20});
  if (!before || !after || !(yaml::to_json(*before) == yaml::to_json(*after))) std::abort();
  const auto twice = tools::format_document(*once, "f");
  if (!twice || *twice != *once) std::abort();
  const Source source{std::string(text), "p"}, formatted{*once, "p"};
  if (text.size() > kDocumentBytesMax || once->size() > kDocumentBytesMax) return;
  // What compiles still does, to as many rules.
  static const Vocabulary words = table_vocabulary();
  const auto program = Program::compile({&source, 1}, words, 1);
  if (!program) return;
  const auto same = Program::compile({&formatted, 1}, words, 1);
  if (!same || (*same)->summary().int_or("rules", -1) != (*program)->summary().int_or("rules", -2)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  if (const auto test = tools::read_policy_test(text, "t")) {
    for (const tools::TestCase& one : test->cases) decide(one.request);
  }
  if (const auto root = yaml::parse(text, "r")) decide(yaml::to_json(*root));
  format(text);
  return 0;
}
