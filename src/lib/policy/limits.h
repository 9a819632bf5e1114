// The named bounds of policy documents; a document beyond one of them is refused and told which.
#pragma once

#include <cstddef>
#include <cstdint>

namespace agentos::policy {

inline constexpr std::size_t kDocumentsMax = 256;              // a set
inline constexpr std::size_t kDocumentBytesMax = 1u << 20;     // one source text
inline constexpr std::size_t kRulesMax = 10'000;               // a set
inline constexpr std::size_t kPatternsMax = 256;               // a list of a clause
inline constexpr std::size_t kPatternBytesMax = 256;           // a glob
inline constexpr std::size_t kPathDepthMax = 64;               // components of a path glob
inline constexpr std::size_t kNameBytesMax = 128;              // a policy's or rule's name
inline constexpr std::size_t kSentenceBytesMax = 1024;         // summary, message, reason
inline constexpr std::size_t kArgumentsMax = 16;               // arguments a rule has conditions on
inline constexpr std::size_t kValueBytesMax = 1024;            // a text an argument is compared with
inline constexpr std::int64_t kPriorityMax = 1'000'000;        // and its negative
inline constexpr std::int64_t kAskTimeoutDefaultMs = 300'000;  // five minutes
inline constexpr std::int64_t kAskTimeoutMinMs = 1'000;
inline constexpr std::int64_t kAskTimeoutMaxMs = 86'400'000;  // a day
inline constexpr int kRingMax = 3;
inline constexpr std::size_t kExtendsDepthMax = 8;
inline constexpr std::size_t kExtendsMax = 16;        // a document
inline constexpr std::size_t kWindowsMax = 64;        // a document
inline constexpr std::size_t kLimitsMatchedMax = 16;  // limits one request counts against
inline constexpr std::size_t kDetailsMax = 16;        // rules with details that apply to one request
inline constexpr std::size_t kTablesMax = 64;         // a document
inline constexpr std::size_t kLabelsMax = 16;         // a rule
inline constexpr std::size_t kLabelBytesMax = 64;
inline constexpr std::size_t kApproversMax = 16;            // a rule
inline constexpr std::size_t kExpressionBytesMax = 16'384;  // a CEL expression
inline constexpr std::uint64_t kExpressionStepsMax = 100'000;

}  // namespace agentos::policy
