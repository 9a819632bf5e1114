// The salts of the commitments: one key stream a segment, one block of it an entry.
//
// A salt is stored beside its opening, so checking needs no key. The key only moves forward: at each open and each
// new segment it is replaced by a one-way function of itself and fresh randomness, on disk (`salt.key`) before the
// next salt is made. So the salts of closed segments cannot be had again from the key, and erasing an opening with
// its salt leaves a commitment that guessing cannot test. One thread at a time.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/crypto/keystream.h"
#include "base/random.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/entry.h"

namespace agentos::recorder {

inline constexpr std::string_view kSaltKeyName = "salt.key";

class Salts {
 public:
  // Reads or makes the key of `directory` and moves it forward once.
  static Result<std::unique_ptr<Salts>> open(Disk& disk, const std::string& directory, Random& random);

  Status move_forward();
  const Salt& of(Index index) {
    if (index - first_ >= made_.size()) [[unlikely]]
      make(index);
    return made_[index - first_];
  }

 private:
  Salts(Disk& disk, std::string directory, Random& random, const crypto::Digest& key);
  void make(Index first);

  Disk& disk_;
  std::string directory_;
  Random& random_;
  crypto::Digest key_;
  crypto::Keystream stream_;
  Index first_ = kNoIndex;  // of made_
  std::array<Salt, 256> made_{};
};

}  // namespace agentos::recorder
