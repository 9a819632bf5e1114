// Signs with the keys in a log's directory: the stable key of `log.key`, the key of this epoch of `seal.key`.
//
// `seal.key` and `seals` stay open and are written in place, so that a process that can no longer open files can seal,
// and so that an old key is overwritten where it lay. Order of a seal: its record durable, the next key durable, the
// old key overwritten. Thread-safe.
#pragma once

#include <mutex>
#include <optional>

#include "lib/recorder/checkpoint_signer.h"
#include "lib/recorder/note.h"
#include "lib/recorder/seal.h"

namespace agentos::recorder {

class KeySigner final : public CheckpointSigner {
 public:
  // Makes the keys of a new directory (for `origin`), else reads them and finishes what a crash interrupted. kCorrupt
  // when keys of an existing log are missing or do not belong together.
  static Result<std::unique_ptr<KeySigner>> open(Disk& disk, const std::string& directory, const std::string& origin,
                                                 Random& random);
  ~KeySigner() override;

  Result<std::string> sign(std::string_view body) override;
  Status seal(std::string_view body) override;
  SignerState state() const override { return {}; }

 private:
  struct SealKey {
    std::uint64_t epoch = 0;
    crypto::SigningKey key;
  };

  KeySigner() = default;
  Status open_seals(Disk& disk, const std::string& directory, const std::string& origin, Random& random);
  Status make_seal_key(Disk& disk, const std::string& directory, Random& random);
  Status read_seal_key(Disk& disk, const std::string& directory);
  Status check_seals();
  Status advance();
  Result<Checkpoint> checkpoint_of(std::string_view body) const;

  std::mutex mutex_;
  NoteSigner signer_;
  SealVerifier seal_verifier_;
  SealKey seal_key_;
  std::unique_ptr<DiskFile> seal_file_, seals_;
  std::optional<Index> sealed_;       // what the seal before this epoch covers
  std::optional<Checkpoint> newest_;  // that was signed since this was opened
};

// What is read and made of `log.key` and `log.pub`.
Result<NoteSigner> open_log_key(Disk& disk, const std::string& directory, const std::string& origin, Random& random);

}  // namespace agentos::recorder
