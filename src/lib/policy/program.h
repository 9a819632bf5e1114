// The compiled program: documents that enforce and documents that only observe, combined.
//
// Enforcing documents decide. An observing one never changes that verdict; where it would have made it stricter, the
// allow says "would deny: ...". An agent only observing documents are for is allowed everything the same way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/policy/engine.h"

namespace agentos::policy {

class CompiledProgram final : public Program {
 public:
  CompiledProgram(std::vector<Document> enforcing, std::vector<Document> observing, const Vocabulary& vocabulary,
                  std::uint64_t epoch);

  Decision decide(const Request& request) const override;
  json::Value explain(const Request& request) const override;
  std::uint64_t epoch() const override { return epoch_; }
  bool is_none() const override { return false; }
  json::Value summary() const override;
  json::Value visible_to(const Principal& principal) const override;

 private:
  struct DefaultTexts {
    std::string reason;
    std::string would;
    std::string message;
  };
  Decision decided(const Outcome& outcome) const;
  Decision default_deny(const Request& request) const;
  Decision observed(const Decision& enforced, const Outcome& enforcing, const Request& request) const;
  const DefaultTexts& defaults_for(std::uint16_t call) const;

  Engine enforcing_;
  Engine observing_;
  std::uint64_t epoch_;
  std::vector<std::uint32_t> defaults_of_call_;  // index into defaults_; 0: a call outside the vocabulary
  std::vector<DefaultTexts> defaults_;
};

}  // namespace agentos::policy
