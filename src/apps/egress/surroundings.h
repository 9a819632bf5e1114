// What every connection of the proxy works with. One of these a process; everything in it belongs to the loop's thread.
#pragma once

#include <memory>

#include "apps/egress/kernel_link.h"
#include "apps/egress/resolver.h"
#include "base/io/loop.h"
#include "base/tls/tls_client.h"
#include "lib/egress/placeholders.h"
#include "lib/egress/settings.h"

namespace agentos::egress {

struct Surroundings {
  io::Loop& loop;
  const Settings& settings;
  Resolver& resolver;
  std::shared_ptr<KernelLink> kernel;
  const tls::ClientContext* tls;  // null: no trusted certificates, so no reverse route over TLS
};

// What all agents of a family have open together.
struct FamilyConnections {
  std::size_t count = 0;
};

// Names that one agent was given placeholders for, and by which number the kernel knows it.
struct Channel {
  std::uint32_t number = 0;
  Placeholders placeholders;
  std::size_t connections = 0;
  std::shared_ptr<FamilyConnections> family = std::make_shared<FamilyConnections>();
};

}  // namespace agentos::egress
