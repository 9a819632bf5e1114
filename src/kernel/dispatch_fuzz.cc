// Any bytes as a call: "method newline params" go through the whole dispatcher of a real kernel as an agent's request.
// The kernel must answer each exactly once and live.
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "kernel/kernel.h"

namespace {

using agentos::kernel::AgentOptions;
using agentos::kernel::Kernel;
using agentos::kernel::KernelOptions;

struct World {
  std::string folder;
  std::unique_ptr<Kernel> kernel;
  std::shared_ptr<agentos::abi::Session> session;
  std::uint64_t token = 0;

  World() {
    char name[] = "/tmp/agentos-dispatch-fuzz-XXXXXX";
    folder = mkdtemp(name);
    KernelOptions options;
    options.state_directory = folder;
    options.permissive = agentos::kernel::AllowEverything{};
    options.recorder.mode = agentos::recorder::Mode::kInterval;
    options.recorder.segment_bytes = 4 << 20;
    options.recorder.disk_bytes_max = 64 << 20;
    options.grace_ms = 10;
    kernel = std::move(*Kernel::open(std::move(options)));
  }

  void call(std::string method, agentos::json::Value params) {
    if (session == nullptr) session = std::move(*kernel->create_agent(AgentOptions{}));
    struct Answer {
      std::mutex mutex;
      std::condition_variable came;
      int count = 0;
      bool ended = false;
    };
    auto answer = std::make_shared<Answer>();
    session->submit(++token, std::move(method), std::move(params), {}, [answer](agentos::abi::CallOutput output) {
      std::lock_guard lock(answer->mutex);
      answer->ended = !output.status && output.status.error().code == agentos::abi::error::terminated;
      if (++answer->count > 1) std::abort();
      answer->came.notify_all();
    });
    std::unique_lock lock(answer->mutex);
    while (answer->count == 0) {
      lock.unlock();
      session->cancel(token);  // what waits, waits no longer
      lock.lock();
      answer->came.wait_for(lock, std::chrono::milliseconds(20), [&] { return answer->count != 0; });
    }
    const bool ended = answer->ended;
    lock.unlock();
    if (ended || token % 1000 == 0) session.reset();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  // Never destroyed: at the end of the process the buffers of its threads would be gone before it.
  static World& world = *new World;
  static const int kRemoval = std::atexit([] {
    std::error_code ignored;
    std::filesystem::remove_all(world.folder, ignored);
  });
  if (kRemoval != 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(octets), size);
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  auto params = agentos::json::parse(input.substr(end + 1));
  if (!params) return 0;
  world.call(std::string(input.substr(0, end)), std::move(*params));
  return 0;
}
