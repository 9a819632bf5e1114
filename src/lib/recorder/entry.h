// The entry: what the log says about one thing that was decided or happened. FORMAT.md is its page.
//
// An entry's *leaf* is RFC 8785 JSON (version 1, at most kEntrySizeMax octets). Its hash in the log is the RFC 6962
// leaf hash SHA-256(0x00 || leaf). Arguments, results and details never stand in the leaf: the leaf holds a
// commitment SHA-256(salt || opening), and the opening lies beside the leaf, so that it can be withheld or erased
// and every proof still verifies.
//
// The structs below borrow: every view must live until Recorder::append returns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/crypto/hash.h"
#include "base/error.h"

namespace agentos::recorder {

using Index = std::uint64_t;  // position in the log, from 0
inline constexpr Index kNoIndex = ~Index{0};
inline constexpr std::size_t kEntrySizeMax = 16 * 1024;
inline constexpr std::size_t kOpeningSizeMax = 4 * 1024;  // larger content is opened as digest + size + preview
inline constexpr int kEntryVersion = 1;

enum class Effect : std::uint8_t { kNone, kState, kExternal };
enum class Verdict : std::uint8_t { kAllow, kDeny, kAsk };
enum class OutcomeStatus : std::uint8_t { kOk, kError, kTimeout, kKilled, kCancelled, kUnknown };

std::string_view name_of(Effect);         // "none" "state" "external"
std::string_view name_of(Verdict);        // "allow" "deny" "ask"
std::string_view name_of(OutcomeStatus);  // "ok" "error" "timeout" "killed" "cancelled" "unknown"

// Content committed to by the leaf and stored beside it. `text` is valid UTF-8 already cleaned for showing; when
// longer than kOpeningSizeMax the recorder stores {"digest","preview","size"} of it instead.
struct Opening {
  std::string_view text;  // canonical JSON as a rule; empty means no commitment in the leaf
};

// A call was decided and is about to act (or waits for an approval). Written before it acts.
struct Intent {
  std::string_view agent;   // kernel-minted agent id
  std::string_view run;     // run id
  std::string_view parent;  // parent agent id; empty for none
  std::string_view call;    // row name, "write"
  std::string_view tool;    // for exec; else empty
  Effect effect = Effect::kNone;
  Verdict verdict = Verdict::kAllow;  // kAllow or kAsk
  std::string_view rule;              // "<policy>/<rule>"
  std::uint64_t policy_epoch = 0;
  std::string_view approval;  // approval id when the call re-entered with one
  std::string_view trace;     // W3C trace id; empty for none
  std::int64_t time_us = 0;   // UTC
  Opening arguments;
};

// What happened to the call of `intent`. In sequence before the reply leaves.
struct Outcome {
  Index intent = kNoIndex;
  std::string_view agent;
  std::string_view call;
  OutcomeStatus status = OutcomeStatus::kOk;
  std::int32_t code = 0;          // ABI error code; 0 for ok
  std::int64_t bytes = 0;         // octets read or written by the call; 0 when not meaningful
  std::int64_t duration_us = 0;   // from decision to outcome
  std::int64_t exit_status = -1;  // of a process the call ran; -1 for none, 128+n for a signal
  std::int64_t time_us = 0;
  Opening result;
};

// A call was refused at one of the steps after identification. Repeats collapse into `count`.
struct Refused {
  std::string_view agent;
  std::string_view run;
  std::string_view call;  // empty when it could not be decoded
  std::string_view tool;
  std::string_view step;  // "state" "decode" "rights" "quota" "policy" "approval" "record"
  std::string_view rule;  // for step policy
  std::string_view reason;
  std::int32_t code = 0;
  std::uint64_t policy_epoch = 0;
  std::uint64_t count = 1;  // this refusal and the equal ones since the last entry about them
  std::int64_t time_us = 0;
  Opening arguments;
};

// Something the kernel did or saw that is not one call.
struct Event {
  std::string_view name;   // "boot" "shutdown" "panic" "policy" "agent_start" "agent_exit" "signal" "recovered" ...
  std::string_view agent;  // empty for the kernel itself
  std::string_view run;
  std::int64_t time_us = 0;
  Opening detail;  // canonical JSON object
};

using Entry = std::variant<Intent, Outcome, Refused, Event>;

using Salt = std::array<std::uint8_t, 16>;

// SHA-256(salt || opening).
crypto::Digest commitment(const Salt& salt, std::string_view opening);
// Appends the leaf's canonical JSON to `out`. `commitment` is ignored when the entry has no opening.
void encode_leaf(const Entry& entry, const crypto::Digest& commitment, std::string& out);
// RFC 6962 leaf and node hashes.
crypto::Digest leaf_hash(std::string_view leaf);
crypto::Digest node_hash(const crypto::Digest& left, const crypto::Digest& right);

}  // namespace agentos::recorder
