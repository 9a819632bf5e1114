// How a launcher is made when the defaults of make_launcher do not fit: tests of hosts with less than this one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lib/sandbox/launcher.h"
#include "lib/sandbox/mechanism/landlock.h"

namespace agentos::sandbox {

enum class Cgroups : std::uint8_t { kWhenPossible, kNever };

struct LauncherOptions {
  std::string init_path;
  std::string base_directory;  // for tree directories; empty: $XDG_RUNTIME_DIR when it is a directory, else /tmp
  Cgroups cgroups = Cgroups::kWhenPossible;
  int landlock_abi_max = kLandlockAbiKnown;  // rights of newer ABIs are not used
  Namespaces namespaces = Namespaces::kWhenPossible;
  std::size_t ahead = 1;  // inits that wait for a plan, so that a start need not wait for them
};

Result<std::unique_ptr<Launcher>> make_launcher_with(LauncherOptions options);

}  // namespace agentos::sandbox
