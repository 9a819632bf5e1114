// What the tests of the C interface share: a state directory of their own, and handles that close themselves. It uses
// nothing of AgentOS but agentos.h.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "sdk/c/agentos.h"

namespace agentos::c {

struct CloseKernel {
  void operator()(agentos_kernel* kernel) const { agentos_kernel_close(kernel); }
};
struct CloseAgent {
  void operator()(agentos_agent* agent) const { agentos_agent_close(agent); }
};
using KernelHandle = std::unique_ptr<agentos_kernel, CloseKernel>;
using AgentHandle = std::unique_ptr<agentos_agent, CloseAgent>;

class StateDirectory {
 public:
  StateDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "agentos-c-XXXXXX").string();
    path_ = mkdtemp(path.data()) == nullptr ? std::string() : path;
  }
  ~StateDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// `more` continues the options object: ",\"mode\":\"always\"".
inline KernelHandle open_kernel(const StateDirectory& state, const std::string& more = {},
                                agentos_failure* failure = nullptr) {
  agentos_kernel* kernel = nullptr;
  const std::string options = "{\"state_directory\":\"" + state.path() + "\"" + more + "}";
  agentos_kernel_open(options.c_str(), &kernel, failure);
  return KernelHandle(kernel);
}

inline AgentHandle create_agent(const KernelHandle& kernel, const char* options = nullptr,
                                agentos_failure* failure = nullptr) {
  agentos_agent* agent = nullptr;
  agentos_agent_create(kernel.get(), options, &agent, failure);
  return AgentHandle(agent);
}

// A call whose reply, or whose failure's name, is the answer.
inline std::string answer(agentos_agent* agent, const char* call, const char* request) {
  char* reply = nullptr;
  agentos_failure failure;
  if (agentos_call(agent, call, request, &reply, &failure) != 0) return failure.name;
  std::string text = reply;
  agentos_free(reply);
  return text;
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* kDefaultPolicy = ",\"policy\":[{\"preset\":\"agent-default\"}]";

}  // namespace agentos::c
