// Arbitrary octets in arbitrary chunks: the connection answers with whole JSON lines, keeps its bounds and never dies.
//
// The first octet of the input seeds how it is cut; the session is scripted and answers on the same thread.
#include <cstdint>

#include "base/error.h"
#include "server/unix_door/connection.h"
#include "server/unix_door/scripted_session.h"

namespace agentos::unix_door {
namespace {

class Still final : public Surroundings {
 public:
  bool on_serving_thread() const override { return thread_ == std::this_thread::get_id(); }
  void run_there(std::move_only_function<void()> task) override {
    if (on_serving_thread()) task();
  }
  void touched(std::uint64_t) override {}

 private:
  const std::thread::id thread_ = std::this_thread::get_id();
};

void check_lines(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    CHECK(end != std::string::npos);
    CHECK(json::parse(std::string_view(text).substr(at, end - at), {.bytes_max = 2 << 20}).has_value());
    at = end + 1;
  }
}

}  // namespace
}  // namespace agentos::unix_door

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::unix_door;
  if (size == 0) return 0;
  auto session = std::make_shared<ScriptedSession>("agent-1");
  auto connection = std::make_shared<Connection>(2, std::make_shared<Still>(), session);
  connection->start();
  std::uint32_t state = octets[0] + 1U;
  std::string_view rest(reinterpret_cast<const char*>(octets) + 1, size - 1);
  while (!rest.empty() && !connection->finished()) {
    state = state * 1664525U + 1013904223U;
    const std::string chunk(rest.substr(0, 1 + (state >> 16) % 61));  // its own allocation: reads beyond are seen
    rest.remove_prefix(chunk.size());
    std::vector<agentos::io::Fd> descriptors;
    if (state % 31 == 0) descriptors.emplace_back(::eventfd(0, EFD_CLOEXEC));
    connection->receive(chunk, std::move(descriptors));
    CHECK(connection->in_flight() <= agentos::abi::rpc::kInFlightMax);
    if (state % 5 == 0) check_lines(connection->outbox().take());
    for (const std::uint64_t token : session->held()) {
      if (state % 3 == 0) session->cancel(token);
    }
    connection->resume();
  }
  connection->end_of_input();
  check_lines(connection->outbox().take());
  for (const std::uint64_t token : session->held()) session->cancel(token);
  check_lines(connection->outbox().take());
  connection->close();
  return 0;
}
