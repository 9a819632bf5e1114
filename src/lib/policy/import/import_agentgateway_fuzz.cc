// Any octets as a document of agentgateway: one error with words, or documents that load again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/yaml/document.h"
#include "lib/policy/import/import.h"

using namespace agentos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const policy::Source source{std::string(reinterpret_cast<const char*>(octets), size), "f"};
  const auto imported = policy::importing::import_agentgateway(source, {.meanings = {{"jwt.sub", "agent.name"}}});
  if (!imported) {
    // What was written is checked before it is given; that it did not compile would be a mistake of ours.
    if (imported.error().message.empty() || imported.error().code == ErrorCode::kInternal) std::abort();
    return 0;
  }
  static const policy::Vocabulary words = policy::table_vocabulary();
  const policy::Source written{imported->policy, "p"};
  if (!policy::Program::compile({&written, 1}, words, 1)) std::abort();
  if (!imported->profile.empty() && !yaml::parse(imported->profile, "profile")) std::abort();
  if (!json::valid_utf8(json::write(json::Value(imported->report())))) std::abort();
  return 0;
}
