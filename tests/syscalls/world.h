// A world for black-box tests of calls: a real kernel, recorder, door and launcher in a temporary folder, and agents
// that speak to it in one of two ways. Every test of a call runs both ways.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "kernel/kernel.h"
#include "server/unix_door/unix_door.h"

namespace agentos::test {

enum class Way { kInProcess, kSocket };

// Allows everything, so that a test meets the call and not policy.
inline constexpr std::string_view kAllowAll = R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: everything, syscalls: ["*"], action: allow}
)";

// An agent (or operator) as a test sees it: calls by name, JSON in, JSON out, an Error with the ABI code.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual Result<json::Value> call(std::string_view name, json::Object params = {}) = 0;
  // The descriptors that came with the last reply.
  virtual std::vector<io::Fd> take_descriptors() = 0;
  virtual std::string id() const = 0;
  // Notifications received so far, as {"method", "params"}; waits up to timeout_ms for at least `count`.
  virtual std::vector<json::Value> notifications(std::size_t count, int timeout_ms) = 0;
  // Starts a call whose reply is taken by finish_call; several may be under way.
  virtual std::uint64_t start_call(std::string_view name, json::Object params) = 0;
  virtual Result<json::Value> finish_call(std::uint64_t started) = 0;

  // Shorthands that fail the test when the call does.
  json::Value must(std::string_view name, json::Object params = {});
  // The ABI code of the error; 0 when the call succeeded.
  int code(std::string_view name, json::Object params = {});
};

struct WorldOptions {
  kernel::KernelOptions kernel;  // state_directory: given, it outlives the world
  bool with_launcher = true;
};

class World {
 public:
  explicit World(Way way, WorldOptions options = {});
  ~World();

  // An agent under `policy` (kAllowAll by default; empty: none of its own).
  std::unique_ptr<Caller> agent(std::string name = "tester", std::string_view policy = kAllowAll,
                                std::optional<abi::Rights> rights = {}, abi::Budget budget = {});
  // A caller over a socket that came with a reply (attach).
  std::unique_ptr<Caller> over(io::Fd socket);
  std::unique_ptr<Caller> operator_caller();
  // An operator's process agent running `command` under `policy`; its output goes to a file. Null when it cannot start.
  json::Value spawn(std::vector<std::string> command, std::string_view policy = kAllowAll, json::Object extra = {});

  kernel::Kernel& kernel() { return *kernel_; }
  const std::string& folder() const { return folder_; }
  const std::string& socket() const { return socket_; }
  // Leaves of the log so far, parsed.
  std::vector<json::Value> log();
  bool has_launcher() const { return launcher_ != nullptr; }
  void close();  // shuts the kernel down; the log can be verified afterwards

 private:
  Way way_;
  std::string folder_, state_directory_, socket_;
  std::unique_ptr<sandbox::Launcher> launcher_;
  std::unique_ptr<kernel::Kernel> kernel_;
  std::unique_ptr<unix_door::UnixDoor> door_;
  std::unique_ptr<Caller> operator_;
};

// Base of every test of a call: TEST_P(ReadCall, returns_what_was_written).
class CallTest : public testing::TestWithParam<Way> {
 protected:
  World& world() {
    if (world_ == nullptr) world_ = std::make_unique<World>(GetParam());
    return *world_;
  }
  std::unique_ptr<World> world_;
};

#define AGENTOS_BOTH_WAYS(suite)                                                                             \
  INSTANTIATE_TEST_SUITE_P(Both, suite,                                                                      \
                           testing::Values(::agentos::test::Way::kInProcess, ::agentos::test::Way::kSocket), \
                           [](const testing::TestParamInfo<::agentos::test::Way>& way) {                     \
                             return way.param == ::agentos::test::Way::kInProcess ? "in_process" : "socket"; \
                           })

}  // namespace agentos::test
