// Policy in force: the kernel's own documents, and one compiled program per distinct set of documents, each with the
// meters and sequences its limits and rules need. Thread-safe.
//
// A reload compiles everything first and swaps only when all of it compiles; the epoch counts successful loads. A limit
// that a new set states as the old one did keeps what was used of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/family.h"
#include "lib/policy/policy.h"
#include "lib/policy/state/meters.h"
#include "lib/policy/state/sequence.h"

namespace agentos::kernel {

using Sources = std::shared_ptr<const std::vector<policy::Source>>;

// What decides for an agent. Immutable but for the meters, which lock by themselves.
struct PolicyInForce {
  std::shared_ptr<const policy::Program> program;
  std::shared_ptr<policy::Meters> meters;              // null: the program has no limits
  std::shared_ptr<const policy::Sequences> sequences;  // null: it has none
  std::shared_ptr<const policy::Sequences> attempts;   // the same, of the past that is attempts
};
using InForce = std::shared_ptr<const PolicyInForce>;

class PolicyStore {
 public:
  enum class Start : std::uint8_t { kGoverned, kSigned, kPermissive };   // signed: agents' own documents only tighten
  using Tools = std::function<std::vector<policy::Vocabulary::Tool>()>;  // registered now, with their schemas
  PolicyStore(Start start, Tools tools);

  // Nothing changes unless the documents compile, alone and together with each of `own`. What was already handed out
  // stays what it is; ask again with in_force_for().
  Status load(std::vector<policy::Source> documents, const std::vector<Sources>& own);
  // The kernel's documents and `own` together. No documents at all: the self-scoped program (rule "no-policy").
  Result<InForce> in_force_for(const Sources& own);
  std::uint64_t epoch() const;
  Sources documents() const;
  // What runs did, and what they began to do, whether or not it succeeded.
  policy::Histories& histories() { return *histories_; }
  policy::Histories& attempts() { return *attempts_; }
  Family::Pasts pasts() const { return {histories_, attempts_}; }

 private:
  Result<InForce> compile(const std::vector<policy::Source>& kernel_documents, const Sources& own, std::uint64_t epoch,
                          const policy::Meters* before);
  const Start start_;
  const Tools tools_;
  policy::Vocabulary vocabulary_;
  const std::shared_ptr<policy::Histories> histories_ = std::make_shared<policy::Histories>();
  const std::shared_ptr<policy::Histories> attempts_ = std::make_shared<policy::Histories>();
  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 1;
  Sources documents_;
  InForce of_kernel_;  // of the kernel's documents alone; its meters are those others begin with
  std::map<std::string, std::weak_ptr<const PolicyInForce>> in_force_;  // by digest of all texts
  std::vector<InForce> held_;  // of the last load, until their agents have asked for them
};

}  // namespace agentos::kernel
