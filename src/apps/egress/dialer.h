// Connecting to the first of several addresses that answers. Belongs to its loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/loop.h"
#include "lib/egress/settings.h"

namespace agentos::egress {

inline constexpr std::int64_t kDialMs = 5000;  // of one address

// `done` is called once, never before this returns; not at all when the handle is dropped first. kTimedOut, kIo.
struct Dialed {
  io::Fd socket;
  std::string address;  // that answered, as it was asked for
};
using OnDialed = std::function<void(Result<Dialed>)>;
std::shared_ptr<void> dial(io::Loop& loop, const Settings& settings, std::vector<Endpoint> places, OnDialed done);

}  // namespace agentos::egress
