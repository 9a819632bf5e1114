// What kernel and proxy say to each other over their SOCK_SEQPACKET control socket: one JSON object a packet. A packet
// that starts with kSecretPacket carries a secret instead: the mark, the ask's number in 8 octets, the value.
//
//   kernel: settings; channel (+ descriptor), gone; resolve, allowed, refused, cut; a secret packet before its allowed
//   proxy:  greeting; ask, done; reject: a message that is no request
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::egress {

inline constexpr std::string_view kGreeting = "agentos-egress 1";
inline constexpr std::size_t kPacketBytesMax = std::size_t{64} << 10;
inline constexpr char kSecretPacket = 'S';
inline constexpr std::size_t kSecretHeaderBytes = 9;
inline constexpr std::size_t kSecretBytesMax = std::size_t{16} << 10;
inline constexpr std::size_t kConnectionsPerAgentMax = 256;
inline constexpr std::size_t kConnectionsPerFamilyMax = 512;  // an agent and all it forked
inline constexpr std::size_t kConnectionsMax = 4096;
inline constexpr std::size_t kAsksMax = 4 * kConnectionsMax;  // not done yet
inline constexpr std::size_t kAsksPerFamilyMax = kAsksMax / 8;

enum class Verb : std::uint8_t { kChannel, kGone, kResolve, kAllowed, kRefused, kCut, kAsk, kDone, kReject };
std::string_view name_of(Verb verb);

struct ControlMessage {
  Verb verb = Verb::kGone;
  std::uint64_t id = 0;                     // of an ask; counts up and is never used twice by one proxy
  std::uint64_t about = 0;                  // ask: the one that was answered with resolve; 0: none
  std::uint32_t channel = 0;                // of an agent
  std::string family = {};                  // channel: equal for all agents of a family
  std::string call = {};                    // ask: "connect", "http_request", "secret_use"
  json::Value params = {};                  // ask: the request; done: the reply
  std::vector<std::string> addresses = {};  // allowed, of a connect: those that may be used
  std::int64_t bytes = 0;                   // done: moved both ways
  std::string message = {}, hint = {};      // refused: why; done: why it failed, empty when it did not
  bool timed_out = false;                   // done
};

std::string write_control(const ControlMessage& message);
Result<ControlMessage> read_control(std::string_view packet);  // kMalformed

}  // namespace agentos::egress
