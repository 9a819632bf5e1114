// Learning: from the record of a run, the smallest profile and policy that would have allowed what it tried.
//
// A proposal, never an act: nothing is loaded, and what would give a secret or the operator's own files away is listed
// as left out. Fed with the entries of one agent's run, whose profile traced. Bounds: kLearnedPathsMax paths,
// kLearnedWordsMax values of one kind; beyond them the proposal says that it is not whole.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "lib/recorder/reader.h"
#include "lib/sandbox/profile.h"

namespace agentos::cli {

inline constexpr std::size_t kLearnedPathsMax = 8192;
inline constexpr std::size_t kLearnedWordsMax = 256;
inline constexpr std::size_t kFolderFilesMin = 4;  // so many files of one folder become a grant of the folder

struct LearningPlace {
  std::string agent;                                         // whose entries count
  std::string working_directory;                             // absolute, as the agent saw it
  std::string home;                                          // empty: none
  std::function<bool(const std::string& path)> exists = {};  // empty: everything does
};

class Learning {
 public:
  explicit Learning(LearningPlace place) : place_(std::move(place)) {}

  void add(const recorder::StoredEntry& entry);

  // A document that extends agent-default by what else was tried.
  std::string profile() const;
  // A document with a rule for each kind of call that was made or refused.
  std::string policy() const;
  // What is not in them, and why; one line each.
  std::vector<std::string> left_out() const;

 private:
  using Words = std::set<std::string>;
  struct CallUse {
    std::map<std::string, Words> words;  // by argument: host, port, method, secret, tool, path
    bool whole = true;                   // every use named its arguments
  };

  void add_file(const std::string& path, std::uint8_t access);
  void add_event(const json::Value& detail);
  void add_call(std::string_view call, const json::Value& arguments);
  bool granted_anyway(const std::string& path, std::uint8_t access) const;
  std::string with_variables(const std::string& path) const;
  std::vector<sandbox::FileRule> grants() const;

  LearningPlace place_;
  std::map<std::string, std::uint8_t> files_;  // bits of Access
  std::map<std::string, CallUse> calls_;
  Words unreachable_;  // sockets and addresses that no profile but one with the host's network allows
  bool network_ = false;
  bool whole_ = true;
};

// A profile with everything it extends, a line a grant: what two of them differ in shows in a diff of their lines.
std::string profile_lines(const sandbox::Profile& profile);

}  // namespace agentos::cli
