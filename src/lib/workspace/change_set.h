// Making a list of changes in a folder so that a crash leaves none of them or, after once more, all of them.
//
// First everything new is staged in a folder at the top of the same file system. Then, once the list is on disk, each
// change is one rename, one removal or one mkdir. Doing the list again is harmless: what is done already is seen.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/workspace/snapshot.h"

namespace agentos::workspace {

// Told before each step that touches the disk; a test ends the process in one.
using Step = std::function<void(std::string_view what)>;

// Opens the content that the n-th change brings; called for files only.
using Content = std::function<Result<int>(std::size_t index, const Change& change)>;  // the caller closes it

class ChangeSet {
 public:
  // `folder` and `changes` outlive it; `staging` is a name at the top of the folder.
  ChangeSet(int folder, std::string staging, const std::vector<Change>& changes, Step step)
      : folder_(folder), staging_(std::move(staging)), changes_(changes), step_(std::move(step)) {}

  // What can be known to fail is known before anything changes: folders that may not be written.
  Status check() const;
  // Makes the staging folder; kAlreadyExists when there is one. On disk afterwards.
  Status stage(const Content& content);
  // On disk afterwards. kBusy, naming the path, when something is neither as before nor as after, or when somebody
  // replaced what was staged.
  Status perform();
  // Removes the staging folder, if there is one.
  Status clear();

 private:
  void tell(std::string_view what) const {
    if (step_) step_(what);
  }
  Status remove_old(std::size_t index, int staging);
  Status put_new(std::size_t index, int staging);
  Status set_folder_mode(const Change& change, std::uint32_t mode) const;
  Status sync_folders() const;

  const int folder_;
  const std::string staging_;
  const std::vector<Change>& changes_;
  const Step step_;
};

}  // namespace agentos::workspace
