// The compiled program: documents that enforce and documents that only observe, phase by phase, combined.
//
// Enforcing documents decide. An observing one never changes that verdict; where it would have made it stricter, the
// allow says "would deny: ...". An agent only observing documents are for is allowed everything the same way.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/policy/engine.h"
#include "lib/policy/original_set.h"

namespace agentos::policy {

class CompiledProgram final : public Program {
 public:
  CompiledProgram(std::vector<Document> documents, PastSpecs past, const Vocabulary& vocabulary, std::uint64_t epoch,
                  std::optional<OriginalSet> originals);

  Decision decide(const Request& request) const override;
  json::Value explain(const Request& request) const override;
  std::uint64_t epoch() const override { return epoch_; }
  bool is_none() const override { return false; }
  json::Value summary() const override;
  json::Value visible_to(const Principal& principal) const override;
  std::span<const LimitSpec> limits() const override { return limit_specs_; }
  std::span<const SequenceSpec> sequences() const override { return sequence_specs_; }
  std::string_view subject_of(std::uint32_t limit, const Request& request) const override;
  void events(const Request& completed, const EventVisitor& visit) const override;
  bool decides(Phase phase) const override;
  bool needs_past() const override { return needs_past_; }

  // For tools that look into a program: the rules of a phase in deciding order.
  const Engine& enforcing(Phase phase) const { return enforcing_[static_cast<std::size_t>(phase)]; }
  const Engine& observing(Phase phase) const { return observing_[static_cast<std::size_t>(phase)]; }
  const PastSpecs& past() const { return *past_; }

 private:
  struct DefaultTexts {
    std::string reason;
    std::string would;
    std::string message;
  };
  struct Described {
    Document document;  // without rules
    std::size_t rules = 0;
  };
  Decision decided(const Outcome& outcome, RequestView& view) const;
  Decision default_deny(const Request& request) const;
  // What holds in a phase when no rule applies.
  Decision fallback(const Request& request) const;
  Decision listed(const Request& request) const;
  bool reads_history() const;
  Decision observed(const Decision& enforced, const Outcome& enforcing, RequestView& view) const;
  const Rule* failing_step(RequestView& view) const;
  const DefaultTexts& defaults_for(std::uint16_t call) const;
  bool knows(std::uint16_t call) const { return &defaults_for(call) != defaults_.data(); }

  std::unique_ptr<const PastSpecs> past_;  // engines point into it
  std::vector<LimitSpec> limit_specs_;
  std::vector<SequenceSpec> sequence_specs_;
  std::vector<Rule> step_failures_;  // by sequence: what denies when one of its steps fails
  bool fallible_steps_ = false;
  bool needs_past_ = false;
  std::vector<Described> documents_;
  std::array<Engine, kPhases> enforcing_, observing_;
  std::uint64_t epoch_;
  std::optional<OriginalSet> originals_;         // decide beside the native documents
  std::vector<std::uint32_t> defaults_of_call_;  // index into defaults_; 0: a call outside the vocabulary
  std::vector<DefaultTexts> defaults_;
};

}  // namespace agentos::policy
