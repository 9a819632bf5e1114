// The ways of tampering with a log that must be found: what is done to a good one, what a verifier knows from before,
// and what it must say. Each verifier of AgentOS's logs is held to this table.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/recorder/fake_disk.h"

namespace agentos::tampering {

// What the verifier remembers; the files lie beside the log.
enum Remembered : unsigned {
  kNothing = 0,
  kLogKey = 1,
  kSealKey = 2,
  kCheckpoint = 4,  // of the middle of the log
  kWitness = 8,     // its key, and that one must have cosigned
};

enum class Subject : std::uint8_t { kLog, kProof, kConsistency };

struct TamperCase {
  std::string name;  // also says what was done
  unsigned remembered = kNothing;
  std::string kind;      // empty: a good log
  std::string position;  // begins so
  std::function<void(recorder::FakeDisk&)> tamper;
  Subject subject = Subject::kLog;
};

// A good log of several segments, runs, seals and tiles, cosigned, with proofs; `/kept` is what is remembered of it.
std::unique_ptr<recorder::FakeDisk> good_log();

std::vector<TamperCase> file_cases();    // octets and files, by somebody who knows nothing
std::vector<TamperCase> entry_cases();   // entries, with right checksums
std::vector<TamperCase> signed_cases();  // checkpoints, seals, witnesses, stolen keys, rollback
std::vector<TamperCase> proof_cases();   // tiles and proof files

// Octet `at` of the file is changed.
void flip(recorder::FakeDisk& disk, const std::string& path, std::size_t at);
// `from` in the file, which must be there, becomes `to`.
void replace_in(recorder::FakeDisk& disk, const std::string& path, std::string_view from, std::string_view to);

}  // namespace agentos::tampering
