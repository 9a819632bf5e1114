// A packet of the other side is a message or an error, and a message is written as it was read.
#include "lib/egress/control.h"

#include <cstdlib>

#include "lib/egress/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  if (const auto settings = Settings::read(text); settings && !Settings::read(settings->write())) std::abort();
  const auto message = read_control(text);
  if (!message) return 0;
  const auto again = read_control(write_control(*message));
  if (again && (again->verb != message->verb || again->message != message->message)) std::abort();
  return 0;
}
