// Documents of other programs as documents of ours: PolicyDocument 1.0 of the original, agentgateway, srt.
//
//   text -> reader -> rules, each with a comment that says where it came from, + what could not be carried over
//
// Nothing is dropped in silence, and what cannot be said here is never replaced by something that allows more. What is
// written compiles. Pure: texts come in, texts go out. The pages for people are docs/guide/migrate_from_*.md.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/policy.h"

namespace agentos::policy::importing {

enum class Loss : std::uint8_t {
  kLost,       // a rule or restriction that is not in what was written
  kDiffers,    // carried over, and decides otherwise in the cases the reason names
  kElsewhere,  // no policy: AgentOS has another place for it, or none is needed
};
std::string_view loss_name(Loss loss);  // "lost" "differs" "elsewhere"

struct Remark {
  Loss loss = Loss::kLost;
  std::string where;   // file:line:column, as far as known
  std::string what;    // the key or rule
  std::string reason;  // why, and what to do instead
};

struct Carried {
  std::string from;  // the rule of the document that was read
  std::string rule;  // the name of ours
};

struct Imported {
  std::string policy;   // a document of the kind Policy, in canonical form
  std::string profile;  // of the kind Profile; empty: none
  std::vector<Carried> carried;
  std::vector<Remark> remarks;

  bool has_losses() const;
  json::Object report() const;  // {"carried": [{from, rule}], "lost": [{where, what, reason}], "differs", "elsewhere"}
};

// What the fields of the original's conditions are.
enum class Fields : std::uint8_t {
  kOfCalls,      // as the kernel gives them to documents of the original: tool_name, path, the arguments, ...
  kOfArguments,  // each an argument of the tool that is called: for programs that state a context of their own
};

inline constexpr std::size_t kMeaningsMax = 64;

struct Options {
  std::string name = {};  // of the document; empty: as in what is read
  Fields fields = Fields::kOfCalls;
  // agentgateway: what a variable of it is here, "jwt.sub" to "agent.name"; beside those that are known.
  std::map<std::string, std::string> meanings = {};
  std::string part = {};  // agentgateway: the place of the rules to take, where there are several
  std::string home = {};  // srt: what ~ stands for; empty: paths with ~ are refused
};

// kInvalidArgument, kMalformed with file:line:column: the documents are not valid. Several are one set, as the original
// loads them.
Result<Imported> import_original(std::span<const Source> sources, const Options& options);
Result<Imported> import_agentgateway(const Source& source, const Options& options);
Result<Imported> import_srt(const Source& source, const Options& options);

}  // namespace agentos::policy::importing
