// A workspace: a private copy of a folder that an agent may change, and the way its changes come back, or not.
//
// Guarantees. The original is read only, until commit(); a commit that crashes has changed nothing, or is completed by
// recover(), which every other verb does first. A commit is refused when the original is not what was copied. What a
// commit replaced or removed is kept, and rollback() puts it back while nothing has changed since.
// One process at a time works on a workspace (flock); others get kBusy.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.h"
#include "lib/workspace/change_set.h"
#include "lib/workspace/snapshot.h"

namespace agentos::workspace {

inline constexpr std::size_t kWorkspacesMax = 1'000;
inline constexpr std::size_t kNamedPathsMax = 10;  // in an error

// Why a change needs the operator's own word, as "where git keeps its hooks"; empty: it does not. `after` is the folder
// as all changes together make it.
using Guard = std::function<std::string(const Change& change, const Snapshot& after)>;

struct CommitOptions {
  Guard guard;
  std::vector<std::string> allowed;  // relative paths, whole or of folders, that the guard does not hold back
  Step step;
};

enum class Pending : std::uint8_t { kNothing, kCommit, kRollback };

class Workspace {
 public:
  // `store` is a folder of this user's; `original` is absolute. kAlreadyExists when the name is taken, kInvalidArgument
  // for a name that is none or an original that holds the store.
  static Result<Workspace> create(const std::string& store, const std::string& name, const std::string& original,
                                  const Bounds& bounds = {});
  // kNotFound with the names there are; kBusy while another process works on it.
  static Result<Workspace> open(const std::string& store, const std::string& name);
  static Result<std::vector<std::string>> names(const std::string& store);

  const std::string& name() const { return name_; }
  const std::string& original() const { return original_; }
  std::string copy() const { return folder_path_ + "/copy"; }
  std::int64_t created_us() const { return created_us_; }
  Pending pending() const;
  bool can_roll_back() const;

  // What the agent changed, from when the copy was made or last committed.
  Result<std::vector<Change>> changes() const;
  // What somebody else changed in the original since then.
  Result<std::vector<Change>> changes_of_original() const;

  // A file of a change before and after it, as far as it is there and at most `bytes_max` large: of the original only
  // while it is what was copied.
  struct Texts {
    std::string before, after;
  };
  Result<Texts> texts_of(const Change& change, std::size_t bytes_max) const;

  // For each change why a commit holds it back: what it reaches beyond the folder, or the guard's word; empty: it does
  // not.
  Result<std::vector<std::string>> reasons(const std::vector<Change>& changes, const Guard& guard) const;
  // What was committed; empty: there was nothing.
  Result<std::vector<Change>> commit(const CommitOptions& options);
  Result<std::vector<Change>> rollback(const Step& step = {});
  // Completes what a crash left half done; does nothing when there is nothing.
  Status recover(const Step& step = {});
  // Removes the workspace. The original stays as it is.
  static Status discard(const std::string& store, Workspace workspace);

 private:
  Workspace() = default;
  static void remove_discarded(const std::string& store);
  Status check_guard(const std::vector<Change>& changes, const CommitOptions& options) const;
  Status check_original(int original) const;
  Status keep_originals(int original, const std::vector<Change>& changes, const Step& step) const;
  Status complete(int original, std::string_view purpose, const std::vector<Change>& changes, const Step& step);
  Status forget_unfinished(const Step& step) const;
  Result<std::vector<Change>> read_list(const std::string& file, std::string_view purpose) const;
  Result<std::string> list_text(std::string_view purpose, const std::vector<Change>& changes) const;
  // The snapshot after the changes, as a list.
  Result<std::vector<Change>> base_with(const std::vector<Change>& changes) const;
  Status write_list(const std::string& file, std::string_view purpose, const std::vector<Change>& changes) const;
  Result<Snapshot> base() const;
  std::string staging() const { return ".agentos-commit-" + name_; }

  std::string name_, original_, folder_path_;
  std::int64_t created_us_ = 0;
  Bounds bounds_;
  io::Fd folder_;
  io::Fd lock_;
};

// Letters, digits, dots, dashes and underscores, at most 64, not beginning with a dot or dash.
bool is_workspace_name(std::string_view name);

}  // namespace agentos::workspace
