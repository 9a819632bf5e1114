// Who signs what a log says of itself. The keys are in another process (signer_process.h) or in this one (key_signer.h,
// for whoever embeds the recorder alone); a writer of a log knows neither.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "lib/recorder/disk.h"

namespace agentos::recorder {

inline constexpr std::size_t kSignedBodySizeMax = 4096;

struct SignerState {
  bool up = true;
  std::string error;         // of the last failure while it is not
  std::uint64_t starts = 0;  // of its process; 0: there is none
};

// Thread-safe.
class CheckpointSigner {
 public:
  virtual ~CheckpointSigner() = default;
  // The signed note of a checkpoint or of a record of pruning, with the stable and the forward-secure line. Refuses a
  // checkpoint that goes back behind one it signed (kNotPermitted).
  virtual Result<std::string> sign(std::string_view body) = 0;
  // Seals the checkpoint: destroys the key it was signed with once `seals` says what that key vouched for.
  virtual Status seal(std::string_view body) = 0;
  virtual SignerState state() const = 0;
};

}  // namespace agentos::recorder
