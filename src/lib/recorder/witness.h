// A witness: cosigns a log's checkpoint when it continues the last one it cosigned, and never otherwise.
//
// The answers are those of C2SP tlog-witness's add-checkpoint, so that any door (a local process, HTTP) only carries
// them. What was cosigned is on disk before the answer: a witness that forgets could be shown two histories. State is a
// directory: `witness.key`, `witness.pub`, and for each log its key (`<hex of SHA-256(origin)>.pub`) and the newest
// note it cosigned (`.checkpoint`). One process holds it (kBusy). One thread at a time. Source:
// https://c2sp.org/tlog-witness.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/recorder/cosignature.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/note.h"

namespace agentos::recorder {

inline constexpr std::string_view kWitnessKeyName = "witness.key";
inline constexpr std::string_view kWitnessVerifierName = "witness.pub";

struct WitnessAnswer {
  int status = 200;  // of HTTP: 200, 400, 403, 404, 409, 422
  std::string body;  // 200: cosignature lines; 409: the size of the newest cosigned checkpoint, a line; else a reason
};

class Witness {
 public:
  // Reads the state in `directory`, or makes a key called `name` there.
  static Result<std::unique_ptr<Witness>> open(Disk& disk, const std::string& directory, const std::string& name,
                                               Random& random);

  // Cosigns the log of this key from now on. kCorrupt when another key of the same origin is trusted already.
  Status trust(const NoteVerifier& log);
  // "old <size>", proof, empty line, checkpoint. An Error is a disk that fails; nothing was cosigned then.
  Result<WitnessAnswer> add_checkpoint(std::string_view request, std::uint64_t time_s);

  const WitnessVerifier& verifier() const { return signer_.verifier; }

 private:
  Witness(Disk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}
  Result<WitnessAnswer> decide(const NoteVerifier& log, std::string_view request, std::uint64_t time_s);

  Disk& disk_;
  std::string directory_;
  std::unique_ptr<DiskLock> lock_;
  WitnessSigner signer_;
};

}  // namespace agentos::recorder
