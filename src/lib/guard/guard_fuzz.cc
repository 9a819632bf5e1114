// Any octets: findings are in order, apart and inside the text; cleaned JSON is JSON; a preview is bounded JSON.
#include <cstdint>

#include "base/json/value.h"
#include "lib/guard/cleaning.h"
#include "lib/guard/preview.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  for (const guard::Syntax syntax : {guard::Syntax::kPlain, guard::Syntax::kJson}) {
    std::size_t end = 0;
    for (const guard::Finding& finding : guard::scan(text, syntax).items) {
      CHECK(finding.begin >= end && finding.end > finding.begin && finding.end <= text.size());
      end = finding.end;
    }
  }
  const bool valid = json::valid_utf8(text);
  CHECK(!valid || json::valid_utf8(guard::cleaned(text)));
  const auto parsed = json::parse(text);
  const std::string canonical =
      parsed ? json::write_canonical(*parsed) : json::write(json::Value(json::to_valid_utf8(text)));
  CHECK(json::parse(guard::cleaned(canonical, guard::Syntax::kJson), {.bytes_max = 8 << 20}).has_value());
  guard::PreviewRoom room;
  const std::string_view kept = guard::preview_of(canonical, room);
  CHECK(kept.size() <= guard::kPreviewBytesLimit * 4);
  CHECK(json::parse(kept, {.depth_max = 64}).has_value());
  return 0;
}
