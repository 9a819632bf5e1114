// Asking a witness on another machine: C2SP tlog-witness, "POST <prefix>/add-checkpoint". Source:
// https://c2sp.org/tlog-witness.
#pragma once

#include <string>
#include <string_view>

#include "lib/recorder/witness.h"

namespace agentos::cli {

inline constexpr std::size_t kWitnessAnswerBytesMax = 64 * 1024;
inline constexpr int kWitnessTimeoutMs = 10'000;  // of connecting, and of each wait for octets

struct WitnessAddress {
  bool secure = true;  // https
  std::string host, port, prefix;
};
// "https://host[:port][/prefix]", or http for one on this machine or in a network of one's own. kInvalidArgument.
Result<WitnessAddress> parse_witness_url(std::string_view url);

// The status and body of what the witness answers, whatever they are. kIo, kTimedOut, kMalformed: there was no answer.
// `trust_file`: see tls::ClientContext.
Result<recorder::WitnessAnswer> ask_witness(const WitnessAddress& witness, std::string_view request,
                                            const std::string& trust_file);

}  // namespace agentos::cli
