// Compares the files below tile/ with the entries of the log while a verifier walks over them.
#pragma once

#include <string>

#include "lib/recorder/disk.h"
#include "lib/recorder/finding.h"
#include "lib/recorder/tile.h"

namespace agentos::recorder {

class TileCheck {
 public:
  // Nothing is compared when no tiles were built, or when `base` entries were pruned: what is below them is not known.
  TileCheck(Disk& disk, const std::string& directory, Index base);
  bool wanted() const { return tiled_.size > 0; }

  void add(std::string_view leaf, const crypto::Digest& hash);  // the next entry
  // No entry follows: the first file that differs. Told last, since files that are derived explain nothing.
  Check finish() const;
  std::uint64_t compared() const { return compared_; }

 private:
  void compare(const std::string& name, std::string_view octets);

  Disk& disk_;
  const std::string& directory_;
  Tiled tiled_;
  std::string tiled_text_;
  TileStack stack_;
  Check found_;
  std::string bundle_;
  std::uint64_t compared_ = 0;
};

}  // namespace agentos::recorder
