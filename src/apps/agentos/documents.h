// Policy, profile and tool documents as the command line names them: a file, or the name of a built-in one.
#pragma once

#include <string>

#include "abi/calls.h"
#include "base/error.h"
#include "lib/policy/bundle/bundle.h"

namespace agentos::cli {

inline constexpr std::size_t kDocumentBytesMax = 1 << 20;

// The text of a file, under its absolute name. "-" reads standard input.
Result<abi::Document> read_document(const std::string& file);

// A public Ed25519 key in PEM, named by its file.
Result<policy::TrustedKey> read_policy_key(const std::string& file);

}  // namespace agentos::cli
