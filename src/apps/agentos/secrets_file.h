// The secrets document that `agentos secret` keeps: <state>/secrets/secrets.json, and beside it the values that were
// typed in, a file each that only this user can read. One process changes it at a time.
#pragma once

#include <sys/types.h>

#include <string>

#include "apps/agentos/verbs.h"
#include "base/io/fd.h"
#include "lib/egress/secret_store.h"

namespace agentos::cli {

inline constexpr mode_t kSecretFileMode = 0600;

// The document's path, whether or not it is there.
std::string secrets_file(const Globals& globals);

class SecretsFile {
 public:
  // Reads what is there (nothing is an empty document) and keeps others out until it is destroyed.
  static Result<SecretsFile> open(const Globals& globals);

  egress::SecretsDocument& document() { return document_; }
  const egress::SecretSpec* find(const std::string& name) const;
  // Where a typed value of that name is kept.
  std::string value_path(const std::string& name) const;
  // The document as it is now is checked and written.
  Status save() const;
  // The typed value of that name, if there is one.
  Status forget_value(const std::string& name) const;
  // Removes the secret, its routes, and its typed value if it has one.
  Status remove(const std::string& name);

 private:
  SecretsFile(std::string folder, io::Fd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  std::string path() const { return folder_ + "/secrets.json"; }

  std::string folder_;
  io::Fd lock_;
  egress::SecretsDocument document_;
};

// A value from standard input: asked for with the echo off when that is a terminal, else read to its end. The line's
// end is no part of it. kInvalidArgument when there is none.
Result<egress::SecretBytes> read_secret_value(const std::string& name);

}  // namespace agentos::cli
