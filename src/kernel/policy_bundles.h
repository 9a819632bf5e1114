// Which signed policy the kernel takes: signed by a trusted key, and never an older revision than it has had.
//
// With trusted keys the kernel's own documents come from bundles only (built-in documents excepted, which are part of
// the program); without them bundles are refused, since nobody vouches for them. The last revision and digest of each
// bundle's name lie in a file of the state directory, written through before the set counts as loaded.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/bundle/bundle.h"
#include "lib/policy/policy.h"

namespace agentos::kernel {

class PolicyBundles {
 public:
  struct Taken {
    std::string name;
    std::int64_t revision = 0;
    std::string digest;
    std::string signed_by;
  };
  struct Opened {
    std::vector<policy::Source> sources;
    std::vector<Taken> bundles;
  };

  // `file` keeps the revisions; it need not exist.
  PolicyBundles(std::vector<policy::TrustedKey> trusted, std::string file);

  // The documents inside, or why one of them is not taken. Changes nothing.
  Result<Opened> open(std::vector<policy::Source> documents) const;
  // From now on nothing older than these.
  Status keep(const std::vector<Taken>& bundles);

  static json::Value to_json(const std::vector<Taken>& bundles);

 private:
  struct Revision {
    std::int64_t revision = 0;
    std::string digest;
  };
  Result<std::map<std::string, Revision>> revisions() const;
  Status check_revision(const policy::Bundle& bundle) const;

  std::vector<policy::TrustedKey> trusted_;
  std::string file_;
};

}  // namespace agentos::kernel
