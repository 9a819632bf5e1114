// Names to addresses, once each: the host's own table first, then its name servers over UDP.
//
// A stub resolver of our own, because the process that reads these answers has no file system and no library to trust
// with them. Belongs to its loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/loop.h"
#include "base/random.h"
#include "lib/egress/settings.h"

namespace agentos::egress {

inline constexpr std::int64_t kQueryMs = 1500;  // until the next server is asked
inline constexpr int kRoundsMax = 2;            // over all servers

class Resolver {
 public:
  using Done = std::function<void(Result<std::vector<net::IpAddress>>)>;
  Resolver(io::Loop& loop, const Settings& settings, Random& random)
      : loop_(loop), settings_(settings), random_(random) {}

  // `done` is called once, possibly before this returns. kNotFound, kTimedOut, kIo.
  void resolve(const std::string& name, Done done);

 private:
  io::Loop& loop_;
  const Settings& settings_;
  Random& random_;
};

}  // namespace agentos::egress
