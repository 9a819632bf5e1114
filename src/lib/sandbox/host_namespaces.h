// Whether this host gives namespaces to this user, found by letting agentos-init try all of them once.
#pragma once

#include <string>

namespace agentos::sandbox {

struct HostNamespaces {
  bool given = false;
  bool root = false;   // this process is user 0 and may mount
  std::string reason;  // why not, with what the host says about it
};

// Bounded by a second; `base_directory` is where the try makes and removes its folder.
HostNamespaces probe_host_namespaces(const std::string& init_path, const std::string& base_directory);

// What to change on this host to have them; empty when they are given.
std::string namespaces_mend(const HostNamespaces& host);

// Where trees have their folders when nobody says: $XDG_RUNTIME_DIR when it is a directory, else /tmp.
std::string default_base_directory();

}  // namespace agentos::sandbox
