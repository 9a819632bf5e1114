// Octets as a peer's stream: both sides take whatever lines are in them, answer, and what they write can be read.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "lib/mcp/calling_session.h"
#include "lib/mcp/definition_scan.h"
#include "lib/mcp/line_reader.h"
#include "lib/mcp/pin.h"
#include "lib/mcp/serving_session.h"

using namespace agentos::mcp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t slice = 1 + data[0] % 61;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  LineReader reader(512);
  ServingSession serving;
  CallingSession calling({});
  std::string out;
  calling.start(data[0] % 2 == 0 ? CallingSession::Era::kUnknown : CallingSession::Era::kLegacy, out);
  for (std::size_t at = 0; at < text.size(); at += slice) {
    reader.feed(text.substr(at, slice));
    std::string_view line;
    for (auto step = reader.next(line); step != LineReader::Step::kNeedMore; step = reader.next(line)) {
      if (step == LineReader::Step::kTooLong) continue;
      auto messages = parse(line, serving.batches());
      if (!messages) continue;
      for (Message& message : *messages) {
        (void)scan_definition(message.params, {});
        if (auto pin = pin_of(message.params)) CHECK(compare(*pin, *pin_of(to_json(*pin))).empty());
        (void)calling.take(message, out);
        auto taken = serving.take(std::move(message), out);
        if (taken.what == ServingSession::Taken::What::kInitialize) serving.initialized(taken.asked, {}, out);
        if (taken.what == ServingSession::Taken::What::kRequest)
          ServingSession::answer(taken.asked, taken.asked.params, {}, out);
      }
    }
  }
  while (!out.empty()) {
    const std::size_t end = out.find('\n');
    CHECK(end != std::string::npos && parse(std::string_view(out).substr(0, end), Batches::kRefused).has_value());
    out.erase(0, end + 1);
  }
  return 0;
}
