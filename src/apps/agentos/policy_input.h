// What the policy verbs work on, as the command line names it: documents, the tools there are, and requests.
#pragma once

#include <string>
#include <vector>

#include "apps/agentos/verbs.h"
#include "lib/policy/tools/set.h"

namespace agentos::cli {

inline constexpr std::size_t kPolicyFilesMax = 256;  // of one directory

// A native document of the kind Policy: a built-in one by name, a file, a directory (its .yaml, .yml and .json files
// of that kind, by name), or - for standard input. Their names in messages are as given.
Result<std::vector<policy::Source>> read_policies(const std::vector<std::string>& words);
// One of them by the word a policy test has for it, relative to `folder`.
Result<policy::Source> read_policy_of_test(const std::string& word, const std::string& folder);

// The calls of the table; with --tools the built-in tools and those of the manifests, with --kernel those of the
// running kernel.
Result<policy::Vocabulary> vocabulary_of(const Globals& globals, const PolicyOptions& options);

// What reads SQL for rules that ask for it, started by the first of them; null when the program is not installed.
std::shared_ptr<canonical::SqlParser> sql_parser();

// The request that --request (JSON, a file, -) and the options beside it state.
Result<json::Value> stated_request(const PolicyOptions& options);

// Documents compiled: kInvalidPolicy with the place.
Result<policy::tools::PolicySet> policy_set_of(const Globals& globals, const PolicyOptions& options,
                                               const std::vector<std::string>& words);

// The same error as one of invalid input, whose exit code is 3.
std::unexpected<Error> invalid(const Error& error);

int exit_code_of(policy::Verdict verdict);

}  // namespace agentos::cli
