// Policy in force: the kernel's own documents, and one compiled program per distinct set of documents. Thread-safe.
//
// A reload compiles everything first and swaps only when all of it compiles; the epoch counts successful loads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace agentos::kernel {

using Sources = std::shared_ptr<const std::vector<policy::Source>>;

class PolicyStore {
 public:
  enum class Start : std::uint8_t { kGoverned, kPermissive };
  explicit PolicyStore(Start start);

  // Programs already handed out stay what they are; ask again with program_for().
  Status load(std::vector<policy::Source> documents);
  // The kernel's documents and `own` together. No documents at all: the self-scoped program (rule "no-policy").
  Result<std::shared_ptr<const policy::Program>> program_for(const Sources& own);
  std::uint64_t epoch() const;
  Sources documents() const;

 private:
  Result<std::shared_ptr<const policy::Program>> compile(const std::vector<policy::Source>& kernel_documents,
                                                         const Sources& own, std::uint64_t epoch);
  const Start start_;
  policy::Vocabulary vocabulary_;
  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 1;
  Sources documents_;
  std::map<std::string, std::weak_ptr<const policy::Program>> programs_;  // by digest of all texts and the epoch
};

}  // namespace agentos::kernel
