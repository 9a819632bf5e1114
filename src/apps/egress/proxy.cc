// Accepting what init hands over, and forgetting agents that are gone.
#include "apps/egress/proxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstring>

#include "base/io/socket.h"

namespace agentos::egress {

Proxy::Proxy(io::Loop& loop, io::Fd control, const Settings& settings, const tls::ClientContext* tls, Random& random,
             std::function<void()> on_end)
    : loop_(loop),
      resolver_(loop, settings, random),
      around_{loop, settings, resolver_,
              std::make_shared<KernelLink>(
                  loop, std::move(control),
                  [this](const ControlMessage& message, std::vector<io::Fd> descriptors) {
                    channel_message(message, std::move(descriptors));
                  },
                  std::move(on_end)),
              tls} {}

Proxy::~Proxy() {
  sessions_.clear();
  for (auto& [number, source] : sources_) (void)loop_.remove(source.socket.get());
}

Status Proxy::begin() { return around_.kernel->begin(); }

void Proxy::channel_message(const ControlMessage& message, std::vector<io::Fd> descriptors) {
  if (message.verb == Verb::kGone) return drop(message.channel);
  if (descriptors.size() != 1) return;
  drop(message.channel);
  Source& source = sources_[message.channel];
  source.socket = std::move(descriptors[0]);
  source.channel = std::make_shared<Channel>();
  source.channel->number = message.channel;
  std::erase_if(families_, [](const auto& family) { return family.second.expired(); });
  std::weak_ptr<FamilyConnections>& family = families_[message.family];
  if (const auto known = family.lock(); known != nullptr && !message.family.empty()) source.channel->family = known;
  family = source.channel->family;
  (void)loop_.add(source.socket.get(), EPOLLIN, [this, number = message.channel](std::uint32_t) { arrivals(number); });
}

void Proxy::drop(std::uint32_t number) {
  const auto found = sources_.find(number);
  if (found == sources_.end()) return;
  (void)loop_.remove(found->second.socket.get());
  sources_.erase(found);
  std::erase_if(sessions_, [&](const auto& entry) { return owners_[entry.first] == number; });
  std::erase_if(owners_, [&](const auto& entry) { return entry.second == number; });
}

// Whoever opens connections and says nothing takes no room from others, nor from itself.
bool Proxy::drop_oldest_silent(const std::function<bool(const Session&)>& among) {
  for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
    if (!at->second->silent() || !among(*at->second)) continue;
    owners_.erase(at->first);
    sessions_.erase(at);
    return true;
  }
  return false;
}

// For one more connection of the channel; false: it is turned away.
bool Proxy::make_room(const Channel& channel) {
  const auto of_agent = [&](const Session& session) { return &session.channel() == &channel; };
  const auto of_family = [&](const Session& session) { return session.channel().family == channel.family; };
  const auto of_all = [](const Session&) { return true; };
  if (channel.connections >= kConnectionsPerAgentMax) return drop_oldest_silent(of_agent);
  if (channel.family->count >= kConnectionsPerFamilyMax) return drop_oldest_silent(of_family);
  return sessions_.size() < kConnectionsMax || drop_oldest_silent(of_all);
}

void Proxy::arrivals(std::uint32_t number) {
  const auto found = sources_.find(number);
  if (found == sources_.end()) return;
  const Source& source = found->second;
  constexpr int kArrivalsPerTurn = 16;
  for (int i = 0; i < kArrivalsPerTurn; ++i) {
    Arrival arrival;
    auto got = io::receive_with_fds(source.socket.get(), {reinterpret_cast<char*>(&arrival), sizeof arrival}, 1);
    if (!got) {
      if (got.error().code != ErrorCode::kBusy) (void)loop_.remove(source.socket.get());
      return;
    }
    if (got->size == 0) return (void)loop_.remove(source.socket.get());  // init is gone; the kernel will say so
    arrival.process[kProcessBytesMax] = '\0';
    if (got->size != sizeof arrival || arrival.magic != kArrivalMagic || got->fds.size() != 1) continue;
    if (!make_room(*source.channel)) continue;
    const int yes = 1;
    (void)::setsockopt(got->fds[0].get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::uint64_t id = ++last_session_;
    owners_[id] = number;
    sessions_[id] = std::make_unique<Session>(around_, source.channel, std::move(got->fds[0]), arrival, [this, id] {
      sessions_.erase(id);
      owners_.erase(id);
    });
  }
}

}  // namespace agentos::egress
