// Documents of the original (PolicyDocument 1.0) as one more document of a set: what they see of a request, and how
// their answer goes together with that of native documents. docs/guide/original_policies.md is the page for people.
//
// Deny over ask over allow, as between native documents. They decide calls in the phase call, unchanged and by their
// own rules; calls that touch nothing but the caller itself are not theirs. Deciding allocates: their context is an
// object made for it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/policy/engine.h"
#include "lib/policy/original/original.h"

namespace agentos::policy {

// Whether a source means to be a document of the original.
bool is_original_source(const Source& source);

class OriginalSet {
 public:
  // Of sources of the original alone, at least one, in their order.
  static Result<OriginalSet> compile(std::span<const Source> sources);

  // What they say to a request; nothing to one that is not theirs, which `native_documents` alone decide. Without any
  // of those it is allowed.
  Decision combine(const Request& request, const Decision& native, const Outcome& outcome, std::size_t native_documents,
                   std::uint64_t epoch) const;
  // Whether a call of this tool or name is denied whatever its arguments are, as far as a rule says so.
  bool hides(const Request& request) const;
  // Appends {"name", "file", "kind", "rules", "default", "digest"} of each.
  void summarize(json::Array& documents) const;
  std::size_t rule_count() const { return documents_->rule_count(); }

 private:
  struct Described {
    std::string name, file, digest;
    std::size_t rules = 0;
    original::Action default_action = original::Action::kAllow;
  };
  std::shared_ptr<const original::Documents> documents_;
  std::vector<Described> described_;
};

}  // namespace agentos::policy
