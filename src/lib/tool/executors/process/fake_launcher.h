// A Launcher for tests: real child processes without any confinement, or a start that is refused or never answers.
// It keeps what it was asked for. Never for production: nothing is confined.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lib/sandbox/launcher.h"

namespace agentos::tool {

enum class FakeStart : std::uint8_t {
  kSpawn,   // the command runs, in a process group of its own
  kRefuse,  // on_start comes with an error
  kHang,    // nothing is ever called
};

// Of a request, without its descriptors.
struct FakeLaunch {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment_set;
  sandbox::Profile profile;
};

class FakeLauncher final : public sandbox::Launcher {
 public:
  explicit FakeLauncher(FakeStart start = FakeStart::kSpawn) : start_(start) {}
  ~FakeLauncher() override;  // waits for every child

  Result<std::shared_ptr<sandbox::Tree>> launch(sandbox::LaunchRequest request,
                                                std::function<void(Result<sandbox::Started>)> on_start,
                                                std::function<void(sandbox::ExitStatus)> on_exit) override;
  std::vector<FakeLaunch> launches() const;

 private:
  const FakeStart start_;
  mutable std::mutex mutex_;
  std::vector<FakeLaunch> launches_;
  std::vector<std::thread> waiters_;
};

}  // namespace agentos::tool
