// Checks proof files against keys that are trusted.
#pragma once

#include <string>
#include <vector>

#include "lib/recorder/finding.h"
#include "lib/recorder/reader.h"

namespace agentos::verify {

struct ProofReport {
  std::string origin;
  recorder::Index index = 0, size = 0, old_size = 0;
  std::string leaf;  // that is proven to be in the log
  std::string root;  // base64
  std::vector<std::string> cosigners;
  recorder::Check finding;  // nothing: it holds
};

ProofReport check_inclusion_file(const std::string& text, const recorder::Anchors& anchors);
ProofReport check_consistency_file(const std::string& text, const recorder::Anchors& anchors);

}  // namespace agentos::verify
