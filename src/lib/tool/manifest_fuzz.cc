// Whatever the octets, a manifest is refused with words or fulfils what the registry demands of one.
#include "lib/tool/manifest.h"

#include <cstddef>
#include <cstdint>

#include "lib/tool/manifest_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto manifests = tool::parse_manifests(text, "fuzz.yaml", "/tools");
  if (!manifests) {
    CHECK(!manifests.error().message.empty());
    return 0;
  }
  CHECK(!manifests->empty());
  for (const tool::Manifest& manifest : *manifests) {
    CHECK(tool::check_manifest(manifest).has_value());
    CHECK(json::parse(json::write_canonical(tool::to_json(manifest))).has_value());
  }
  return 0;
}
