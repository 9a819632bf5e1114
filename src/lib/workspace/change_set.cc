// The order: what goes away from the leaves up, what comes from the root down, permissions of folders last.
#include "lib/workspace/change_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "lib/workspace/beneath.h"
#include "lib/workspace/folder_copy.h"

namespace agentos::workspace {
namespace {

std::string staged_name(std::size_t index) { return "new-" + std::to_string(index); }
std::string parked_name(std::size_t index) { return "old-" + std::to_string(index); }

// A folder, or what was one, cannot be replaced by one rename.
bool goes_away_first(const Change& change) {
  if (change.before.kind == Kind::kAbsent) return false;
  if (change.after.kind == Kind::kAbsent) return true;
  return (change.before.kind == Kind::kFolder) != (change.after.kind == Kind::kFolder);
}

std::unexpected<Error> changed_meanwhile(const std::string& path) {
  return fail(ErrorCode::kBusy, quoted(path) + " was changed by somebody else meanwhile",
              "put it back to what it was before or is to be, then: agentos workspace recover");
}

Status sync_fd(int fd, const std::string& path) {
  if (::fsync(fd) == 0 || errno == EINVAL) return {};
  return fail_errno(errno, "cannot sync " + quoted(path));
}

// Who owned what is replaced owns what replaces it, as far as this process may say so. By descriptor: whoever may write
// in this folder could have put a link to something else where the staged file was.
void keep_owner(int folder, const Change& change, int staging, const std::string& staged) {
  if (::geteuid() != 0) return;
  const int parent = try_open_beneath(folder, parent_of(change.path), O_RDONLY | O_DIRECTORY);
  if (parent < 0) return;
  const io::Fd held(parent);
  struct stat status{};
  const bool there = ::fstatat(parent, name_of(change.path).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && ::fstat(parent, &status) != 0) return;
  if (change.after.kind == Kind::kLink) {
    (void)::fchownat(staging, staged.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW);
    return;
  }
  const io::Fd file(try_open_beneath(staging, staged, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat made{};
  if (!file.valid() || ::fstat(file.get(), &made) != 0 || !S_ISREG(made.st_mode) || made.st_nlink != 1) return;
  if (::fchown(file.get(), status.st_uid, status.st_gid) != 0) return;
  (void)::fchmod(file.get(), change.after.mode);  // another owner takes set-id bits away
}

}  // namespace

Status ChangeSet::check() const {
  std::set<std::string> looked_at;
  for (const Change& change : changes_) {
    const std::string parent = parent_of(change.path);
    if (!looked_at.insert(parent).second) continue;
    const int fd = try_open_beneath(folder_, parent, O_RDONLY | O_DIRECTORY);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) continue;  // it comes with the changes
    if (fd < 0) return fail_errno(-fd, "cannot open the folder " + quoted(parent));
    const io::Fd folder(fd);
    if (::faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0) {
      return fail_errno(errno, "cannot change what is in " + quoted(parent.empty() ? "." : parent));
    }
  }
  return {};
}

Status ChangeSet::stage(const Content& content) {
  tell("make the staging folder");
  if (::mkdirat(folder_, staging_.c_str(), S_IRWXU) != 0) {
    return fail_errno(errno, "cannot make the folder " + quoted(staging_));
  }
  const io::Fd staging = TRY(open_beneath(folder_, staging_, O_RDONLY | O_DIRECTORY));
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.after.kind != Kind::kFile && change.after.kind != Kind::kLink) continue;
    tell("stage a file");
    io::Fd source;
    if (change.after.kind == Kind::kFile) source = io::Fd(TRY(content(i, change)));
    const std::string name = staged_name(i);
    TRY(copy_entry(source.get(), change.after, staging.get(), name, Durable::kYes));
    if (!same(TRY(entry_at(staging.get(), name)), change.after)) {
      return fail(ErrorCode::kBusy, quoted(change.path) + " changes while it is copied",
                  "end the agent that writes to it, then try again");
    }
    tell("give a staged file its owner");
    keep_owner(folder_, change, staging.get(), name);
  }
  tell("sync the staging folder");
  TRY(sync_fd(staging.get(), staging_));
  return sync_fd(folder_, ".");
}

Status ChangeSet::remove_old(std::size_t index, int staging) {
  const Change& change = changes_[index];
  const Entry present = TRY(entry_at(folder_, change.path));
  if (present.kind == Kind::kAbsent || same(present, change.after)) return {};
  // A folder made already to stand where a file was has not its permissions yet.
  if (change.after.kind == Kind::kFolder && present.kind == Kind::kFolder) return {};
  if (!same(present, change.before)) return changed_meanwhile(change.path);
  const std::string name = name_of(change.path);
  const io::Fd parent = TRY(open_beneath(folder_, parent_of(change.path), O_RDONLY | O_DIRECTORY));
  tell("take away what was there");
  if (change.before.kind == Kind::kFolder) {
    if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0) return {};
    if (errno == ENOTEMPTY || errno == EEXIST) return changed_meanwhile(change.path + "/");
    return fail_errno(errno, "cannot remove the folder " + quoted(change.path));
  }
  if (::renameat(parent.get(), name.c_str(), staging, parked_name(index).c_str()) == 0) return {};
  return fail_errno(errno, "cannot take away " + quoted(change.path));
}

Status ChangeSet::put_new(std::size_t index, int staging) {
  const Change& change = changes_[index];
  const Entry present = TRY(entry_at(folder_, change.path));
  const std::string name = name_of(change.path);
  if (change.after.kind == Kind::kFolder && present.kind == Kind::kFolder) {
    // Open to its owner until all is in it; the last step closes it again.
    return set_folder_mode(change, change.after.mode | S_IRWXU);
  }
  if (same(present, change.after)) return {};
  if (present.kind != Kind::kAbsent && (!same(present, change.before) || change.before.kind == Kind::kFolder)) {
    return changed_meanwhile(change.path);
  }
  const io::Fd parent = TRY(open_beneath(folder_, parent_of(change.path), O_RDONLY | O_DIRECTORY));
  tell("put what is new");
  if (change.after.kind == Kind::kFolder) {
    if (::mkdirat(parent.get(), name.c_str(), S_IRWXU) == 0) return {};
    return fail_errno(errno, "cannot make the folder " + quoted(change.path));
  }
  if (!same(TRY(entry_at(staging, staged_name(index))), change.after)) return changed_meanwhile(change.path);
  if (::renameat(staging, staged_name(index).c_str(), parent.get(), name.c_str()) != 0)
    return fail_errno(errno, "cannot put " + quoted(change.path) + " in its place");
  tell("look at what is in its place");
  // Somebody who may write here could have replaced it between the two: then that is said, and nothing is committed.
  if (!same(TRY(entry_at(folder_, change.path)), change.after)) return changed_meanwhile(change.path);
  return {};
}

Status ChangeSet::set_folder_mode(const Change& change, std::uint32_t mode) const {
  const io::Fd folder = TRY(open_beneath(folder_, change.path, O_RDONLY | O_DIRECTORY));
  struct stat status{};
  if (::fstat(folder.get(), &status) == 0 && (status.st_mode & 07777) == mode) return {};
  tell("set the mode of a folder");
  if (::fchmod(folder.get(), mode) == 0) return {};
  return fail_errno(errno, "cannot set the mode of " + quoted(change.path));
}

Status ChangeSet::sync_folders() const {
  std::set<std::string> folders = {""};
  for (const Change& change : changes_) {
    folders.insert(parent_of(change.path));
    if (change.after.kind == Kind::kFolder) folders.insert(change.path);
  }
  for (const std::string& path : folders) {
    const int fd = try_open_beneath(folder_, path, O_RDONLY | O_DIRECTORY);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) continue;  // it went away
    if (fd < 0) return fail_errno(-fd, "cannot open the folder " + quoted(path) + " to sync it");
    const io::Fd folder(fd);
    TRY(sync_fd(fd, path));
  }
  return {};
}

Status ChangeSet::perform() {
  const io::Fd staging = TRY(open_beneath(folder_, staging_, O_RDONLY | O_DIRECTORY));
  for (std::size_t i = changes_.size(); i-- > 0;) {
    if (goes_away_first(changes_[i])) TRY(remove_old(i, staging.get()));
  }
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (changes_[i].after.kind != Kind::kAbsent) TRY(put_new(i, staging.get()));
  }
  for (std::size_t i = changes_.size(); i-- > 0;) {
    if (changes_[i].after.kind == Kind::kFolder) TRY(set_folder_mode(changes_[i], changes_[i].after.mode));
  }
  tell("sync the folders");
  return sync_folders();
}

Status ChangeSet::clear() {
  tell("remove the staging folder");
  TRY(remove_folder(folder_, staging_));
  return sync_fd(folder_, ".");
}

}  // namespace agentos::workspace
