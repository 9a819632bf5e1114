// Committing, rolling back, recovering: the journal is the point from which a commit will happen.
//
// Until the journal is on disk a crash is undone by removing what was staged. From then on it is completed: doing the
// changes again, then the steps of complete(), each of which may be done twice.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io/file.h"
#include "lib/workspace/beneath.h"
#include "lib/workspace/changes_text.h"
#include "lib/workspace/folder_copy.h"
#include "lib/workspace/reach.h"
#include "lib/workspace/workspace.h"

namespace agentos::workspace {
namespace {

void tell(const Step& step, std::string_view what) {
  if (step) step(what);
}

Status sync_held(int fd, std::string_view what) {
  if (::fsync(fd) == 0 || errno == EINVAL) return {};
  return fail_errno(errno, "cannot sync " + std::string(what));
}

std::string named(const std::vector<std::string>& paths) {
  std::string out;
  for (std::size_t i = 0; i < std::min(paths.size(), kNamedPathsMax); ++i) out += (i == 0 ? "" : ", ") + paths[i];
  if (paths.size() > kNamedPathsMax) out += " and " + std::to_string(paths.size() - kNamedPathsMax) + " more";
  return out;
}

bool is_allowed(const std::string& path, const std::vector<std::string>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
    return path == one || (path.starts_with(one) && path[one.size()] == '/');
  });
}

bool exists_in(int folder, const char* name) {
  struct stat status{};
  return ::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

Result<std::vector<std::string>> Workspace::reasons(const std::vector<Change>& changes, const Guard& guard) const {
  const Snapshot before = TRY(base());
  Snapshot after = before;
  for (const Change& change : changes) {
    if (change.after.kind == Kind::kAbsent) {
      after.erase(change.path);
    } else {
      after[change.path] = change.after;
    }
  }
  std::vector<std::string> reasons = reach_of(before, after, changes);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (reasons[i].empty() && guard) reasons[i] = guard(changes[i], after);
  }
  return reasons;
}

Status Workspace::check_guard(const std::vector<Change>& changes, const CommitOptions& options) const {
  const std::vector<std::string> why = TRY(reasons(changes, options.guard));
  std::vector<std::string> held;
  std::string first;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::string& path = changes[i].path;
    if (path == staging() || path.starts_with(staging() + "/")) {
      return fail(ErrorCode::kNotPermitted, quoted(path) + " has a name that commits use for themselves");
    }
    if (why[i].empty() || is_allowed(path, options.allowed)) continue;
    if (first.empty()) first = quoted(path);
    held.push_back(quoted(path) + " (" + why[i] + ")");
  }
  if (held.empty()) return {};
  return fail(ErrorCode::kNotPermitted, "nothing was committed: protected paths are changed: " + named(held),
              "look at them with agentos diff, then name what you want: --allow-protected " + first);
}

Status Workspace::check_original(int original) const {
  Bounds bounds = bounds_;
  bounds.bytes *= 2;
  bounds.entries *= 2;
  const std::vector<Change> foreign =
      difference(TRY(base()),
                 TRY(take_snapshot(original, {.bounds = bounds, .hard_links = HardLinks::kAny, .skipped = staging()})));
  if (foreign.empty()) return {};
  std::vector<std::string> paths;
  for (const Change& change : foreign) paths.push_back(quoted(change.path) + " (" + std::string(word_of(change)) + ")");
  return fail(ErrorCode::kBusy, "the original was changed meanwhile, so nothing was done: " + named(paths),
              "put it back to what it was, or take what you want from the copy by hand: " + copy());
}

Status Workspace::keep_originals(int original, const std::vector<Change>& changes, const Step& step) const {
  tell(step, "make the folder of kept originals");
  TRY(remove_folder(folder_.get(), "kept.new"));
  if (::mkdirat(folder_.get(), "kept.new", S_IRWXU) != 0)
    return fail_errno(errno, "cannot make the folder of kept originals");
  const io::Fd kept = TRY(open_beneath(folder_.get(), "kept.new", O_RDONLY | O_DIRECTORY));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    if (change.before.kind != Kind::kFile) continue;  // folders and links are in the list
    tell(step, "keep an original");
    const io::Fd source = TRY(open_beneath(original, change.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    const std::string name = std::to_string(i);
    TRY(copy_entry(source.get(), change.before, kept.get(), name, Durable::kYes));
    if (!same(TRY(entry_at(kept.get(), name)), change.before)) {
      return fail(ErrorCode::kBusy, quoted(change.path) + " changes while it is copied", "try again");
    }
  }
  TRY(write_list("kept.new/changes", "commit", changes));
  return sync_held(folder_.get(), "the workspace");
}

// Everything after the journal; again after a crash.
Status Workspace::complete(int original, std::string_view purpose, const std::vector<Change>& changes,
                           const Step& step) {
  ChangeSet set(original, staging(), changes, step);
  // Without a staging folder all was performed: it is removed only then.
  if (exists_in(original, staging().c_str())) {
    TRY(set.perform());
    TRY(set.clear());
  }
  tell(step, "keep the originals");
  if (purpose == "rollback") {
    TRY(remove_folder(folder_.get(), "kept"));
  } else if (exists_in(folder_.get(), "kept.new")) {
    TRY(remove_folder(folder_.get(), "kept"));
    tell(step, "name the kept originals");
    if (::renameat(folder_.get(), "kept.new", folder_.get(), "kept") != 0)
      return fail_errno(errno, "cannot keep the originals");
  }
  TRY(sync_held(folder_.get(), "the workspace"));
  tell(step, "write the snapshot");
  TRY(write_list("snapshot", "snapshot", TRY(base_with(changes))));
  tell(step, "remove the journal");
  if (::unlinkat(folder_.get(), "journal", 0) != 0) return fail_errno(errno, "cannot remove the journal");
  TRY(sync_held(folder_.get(), "the workspace"));
  tell(step, "done");
  return {};
}

// Without a journal nothing was changed; what was staged goes away.
Status Workspace::forget_unfinished(const Step& step) const {
  if (exists_in(folder_.get(), "kept.new")) TRY(remove_folder(folder_.get(), "kept.new"));
  const auto original = open_folder(original_);
  if (!original) return {};  // gone: whoever needs it says so
  if (!exists_in(original->get(), staging().c_str())) return {};
  const std::vector<Change> none;
  return ChangeSet(original->get(), staging(), none, step).clear();
}

Status Workspace::recover(const Step& step) {
  if (!exists_in(folder_.get(), "journal")) return forget_unfinished(step);
  const ChangesText journal = TRY(read_changes(TRY(io::read_file(folder_path_ + "/journal", kChangesBytesMax))));
  const io::Fd original = TRY(open_folder(original_));
  return complete(original.get(), journal.purpose, journal.changes, step);
}

Result<std::vector<Change>> Workspace::commit(const CommitOptions& options) {
  TRY(recover(options.step));
  std::vector<Change> wanted = TRY(changes());
  if (wanted.empty()) return wanted;
  TRY(check_guard(wanted, options));
  const io::Fd original = TRY(open_folder(original_));
  TRY(check_original(original.get()));
  const io::Fd from = TRY(open_folder(copy()));
  ChangeSet set(original.get(), staging(), wanted, options.step);
  const auto prepare = [&]() -> Status {
    TRY(set.check());
    TRY(list_text("snapshot", TRY(base_with(wanted))));  // the journal is a promise to write it
    TRY(keep_originals(original.get(), wanted, options.step));
    return set.stage([&](std::size_t, const Change& change) -> Result<int> {
      return TRY(open_beneath(from.get(), change.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)).release();
    });
  };
  if (Status prepared = prepare(); !prepared) {
    (void)forget_unfinished({});  // the first error is the one to tell
    return std::unexpected(prepared.error());
  }
  tell(options.step, "write the journal");
  TRY(write_list("journal", "commit", wanted));
  tell(options.step, "begin");
  TRY(complete(original.get(), "commit", wanted, options.step));
  return wanted;
}

Result<std::vector<Change>> Workspace::rollback(const Step& step) {
  TRY(recover(step));
  if (!can_roll_back()) {
    return fail(ErrorCode::kNotFound, "the workspace " + quoted(name_) + " has no commit that could be rolled back");
  }
  std::vector<Change> back = inverse(TRY(read_list("kept/changes", "commit")));
  const io::Fd original = TRY(open_folder(original_));
  TRY(check_original(original.get()));
  const io::Fd kept = TRY(open_beneath(folder_.get(), "kept", O_RDONLY | O_DIRECTORY));
  ChangeSet set(original.get(), staging(), back, step);
  const auto prepare = [&]() -> Status {
    TRY(set.check());
    return set.stage([&](std::size_t index, const Change&) -> Result<int> {
      return TRY(open_beneath(kept.get(), std::to_string(index), O_RDONLY | O_NOFOLLOW)).release();
    });
  };
  if (Status prepared = prepare(); !prepared) {
    (void)forget_unfinished({});  // the first error is the one to tell
    return std::unexpected(prepared.error());
  }
  tell(step, "write the journal");
  TRY(write_list("journal", "rollback", back));
  tell(step, "begin");
  TRY(complete(original.get(), "rollback", back, step));
  return back;
}

}  // namespace agentos::workspace
