// The store: NAME/{description.json, snapshot, copy/, lock}, and while or after a commit {journal, kept/, kept.new/}.
#include "lib/workspace/workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/clock.h"
#include "base/io/file.h"
#include "base/json/value.h"
#include "lib/workspace/beneath.h"
#include "lib/workspace/changes_text.h"
#include "lib/workspace/folder_copy.h"

namespace agentos::workspace {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kDescriptionBytesMax = 64 * 1024;
constexpr mode_t kOwnFile = 0600;
constexpr std::string_view kDiscardedPrefix = ".discarded-";  // no name of a workspace begins so

Result<std::string> real_path(const std::string& path) {
  const auto release = [](char* text) { std::free(text); };
  const std::unique_ptr<char, decltype(release)> real(::realpath(path.c_str(), nullptr), release);
  if (real == nullptr) return fail_errno(errno, "cannot find the folder " + quoted(path));
  return std::string(real.get());
}

bool lies_in(const std::string& path, const std::string& folder) {
  return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

Result<io::Fd> take_lock(int folder, const std::string& name) {
  io::Fd lock(::openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kOwnFile));
  if (!lock.valid()) return fail_errno(errno, "cannot open the lock of the workspace " + quoted(name));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return fail_errno(errno, "cannot lock the workspace " + quoted(name));
  return fail(ErrorCode::kBusy,
              "the workspace " + quoted(name) + " is in use: an agent runs in it, or another verb works on it",
              "wait until it has ended, or agentos ps and agentos kill it");
}

}  // namespace

bool is_workspace_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || name[0] == '.' || name[0] == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

Result<std::vector<std::string>> Workspace::names(const std::string& store) {
  struct stat status{};
  if (::stat(store.c_str(), &status) != 0 && errno == ENOENT) return std::vector<std::string>{};
  std::vector<std::string> found = TRY(io::list_directory(store));
  std::erase_if(found, [&](const std::string& name) {
    return !is_workspace_name(name) || ::access((store + "/" + name + "/description.json").c_str(), F_OK) != 0;
  });
  return found;
}

Result<Workspace> Workspace::create(const std::string& store, const std::string& name, const std::string& original,
                                    const Bounds& bounds) {
  if (!is_workspace_name(name)) {
    return fail(ErrorCode::kInvalidArgument, quoted(name) + " is not the name of a workspace",
                "letters, digits, dots, dashes and underscores, at most " + std::to_string(kNameBytesMax));
  }
  TRY(io::make_directories(store, S_IRWXU));
  Workspace made;
  made.name_ = name;
  made.original_ = TRY(real_path(original));
  made.folder_path_ = TRY(real_path(store)) + "/" + name;
  made.bounds_ = bounds;
  made.created_us_ = RealClock().wall_us();
  if (!json::valid_utf8(made.original_)) {
    return fail(ErrorCode::kInvalidArgument, "the path " + quoted(made.original_) + " is not UTF-8",
                "rename the folder");
  }
  if (made.original_ == "/" || lies_in(made.folder_path_, made.original_)) {
    return fail(ErrorCode::kInvalidArgument, quoted(made.original_) + " holds the folder workspaces are kept in",
                "take a project's folder, or --state-dir elsewhere");
  }
  remove_discarded(store);
  if (TRY(names(store)).size() >= kWorkspacesMax) {
    return fail(ErrorCode::kTooLarge, "there are " + std::to_string(kWorkspacesMax) + " workspaces",
                "agentos discard some");
  }
  const io::Fd source = TRY(open_folder(made.original_));
  if (::mkdir(made.folder_path_.c_str(), S_IRWXU) != 0) {
    if (errno != EEXIST) return fail_errno(errno, "cannot make the folder " + quoted(made.folder_path_));
    if (::access((made.folder_path_ + "/description.json").c_str(), F_OK) == 0) {
      return fail(ErrorCode::kAlreadyExists, "there is a workspace " + quoted(name),
                  "agentos diff, commit or discard it, or give another name: --workspace-name");
    }
  }
  made.folder_ = TRY(open_folder(made.folder_path_));
  made.lock_ = TRY(take_lock(made.folder_.get(), name));
  TRY(remove_folder(made.folder_.get(), "copy"));  // of a start that was cut short
  if (::mkdirat(made.folder_.get(), "copy", S_IRWXU) != 0)
    return fail_errno(errno, "cannot make the folder of the copy");
  const auto fill = [&]() -> Status {
    const io::Fd target = TRY(open_folder(made.copy()));
    const Snapshot wanted =
        TRY(take_snapshot(source.get(), {.bounds = bounds, .hard_links = HardLinks::kAny, .skipped = {}}));
    TRY(copy_folder(source.get(), wanted, target.get()));
    const Snapshot copied =
        TRY(take_snapshot(target.get(), {.bounds = bounds, .hard_links = HardLinks::kAny, .skipped = {}}));
    if (const auto differing = difference(wanted, copied); !differing.empty()) {
      return fail(ErrorCode::kBusy, quoted(differing[0].path) + " changes while it is copied",
                  "end what writes to the folder, then try again");
    }
    struct stat status{};
    if (::fstat(source.get(), &status) == 0) ::fchmod(target.get(), (status.st_mode & 0777) | S_IRWXU);
    TRY(made.write_list("snapshot", "snapshot", difference({}, copied)));
    return io::write_file_atomic(
        made.folder_path_ + "/description.json",
        json::write(json::Object{{"format", 1},
                                 {"original", made.original_},
                                 {"created_us", made.created_us_},
                                 {"bytes_max", bounds.bytes},
                                 {"entries_max", static_cast<std::uint64_t>(bounds.entries)}}) +
            "\n",
        kOwnFile);
  };
  if (Status filled = fill(); !filled) {
    const io::Fd holder = TRY(open_folder(store));
    (void)remove_folder(holder.get(), name);  // the first error is the one to tell
    return std::unexpected(filled.error());
  }
  return made;
}

Result<Workspace> Workspace::open(const std::string& store, const std::string& name) {
  const std::vector<std::string> known = TRY(names(store));
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    std::string hint = known.empty() ? "agentos run --workspace DIR -- PROGRAM makes one" : "there are:";
    for (std::size_t i = 0; i < std::min(known.size(), kNamedPathsMax); ++i) hint += " " + known[i];
    return fail(ErrorCode::kNotFound, "there is no workspace " + quoted(name), std::move(hint));
  }
  Workspace found;
  found.name_ = name;
  found.folder_path_ = TRY(real_path(store)) + "/" + name;
  found.folder_ = TRY(open_folder(found.folder_path_));
  found.lock_ = TRY(take_lock(found.folder_.get(), name));
  const json::Value description =
      TRY(json::parse(TRY(io::read_file(found.folder_path_ + "/description.json", kDescriptionBytesMax))));
  found.original_ = description.string_or("original", "");
  found.created_us_ = description.int_or("created_us", 0);
  if (description.int_or("format", 0) != 1 || !found.original_.starts_with("/")) {
    return fail(ErrorCode::kCorrupt, "the description of the workspace " + quoted(name) + " is damaged");
  }
  found.bounds_.bytes =
      static_cast<std::uint64_t>(description.int_or("bytes_max", static_cast<std::int64_t>(found.bounds_.bytes)));
  found.bounds_.entries =
      static_cast<std::size_t>(description.int_or("entries_max", static_cast<std::int64_t>(found.bounds_.entries)));
  return found;
}

Result<std::vector<Change>> Workspace::read_list(const std::string& file, std::string_view purpose) const {
  ChangesText text = TRY(read_changes(TRY(io::read_file(folder_path_ + "/" + file, kChangesBytesMax))));
  if (!purpose.empty() && text.purpose != purpose) {
    return fail(ErrorCode::kCorrupt, "the file " + quoted(file) + " of the workspace is for " + quoted(text.purpose));
  }
  return std::move(text.changes);
}

Status Workspace::write_list(const std::string& file, std::string_view purpose,
                             const std::vector<Change>& changes) const {
  return io::write_file_atomic(folder_path_ + "/" + file, TRY(list_text(purpose, changes)), kOwnFile);
}

// What is written can be read again.
Result<std::string> Workspace::list_text(std::string_view purpose, const std::vector<Change>& changes) const {
  std::string text = write_changes({std::string(purpose), changes});
  if (text.size() <= bounds_.list_bytes) return text;
  return fail(
      ErrorCode::kTooLarge,
      "the list of what is in the folder, or changes, is longer than " + std::to_string(bounds_.list_bytes) + " bytes",
      "fewer files, or shorter names");
}

Result<std::vector<Change>> Workspace::base_with(const std::vector<Change>& changes) const {
  Snapshot snapshot = TRY(base());
  for (const Change& change : changes) {
    if (change.after.kind == Kind::kAbsent) {
      snapshot.erase(change.path);
    } else {
      snapshot[change.path] = change.after;
    }
  }
  return difference({}, snapshot);
}

Result<Snapshot> Workspace::base() const {
  Snapshot snapshot;
  for (Change& change : TRY(read_list("snapshot", "snapshot")))
    snapshot.emplace(std::move(change.path), std::move(change.after));
  return snapshot;
}

Pending Workspace::pending() const {
  const auto text = io::read_file(folder_path_ + "/journal", kChangesBytesMax);
  if (!text) return Pending::kNothing;
  const auto read = read_changes(*text);
  return read && read->purpose == "rollback" ? Pending::kRollback : Pending::kCommit;
}

bool Workspace::can_roll_back() const { return ::access((folder_path_ + "/kept/changes").c_str(), F_OK) == 0; }

Result<std::vector<Change>> Workspace::changes() const {
  const io::Fd folder = TRY(open_folder(copy()));
  // Bounded with room for what the agent adds.
  Bounds bounds = bounds_;
  bounds.bytes *= 2;
  bounds.entries *= 2;
  return difference(
      TRY(base()),
      TRY(take_snapshot(folder.get(), {.bounds = bounds, .hard_links = HardLinks::kInsideOnly, .skipped = {}})));
}

Result<std::vector<Change>> Workspace::changes_of_original() const {
  const io::Fd folder = TRY(open_folder(original_));
  Bounds bounds = bounds_;
  bounds.bytes *= 2;
  bounds.entries *= 2;
  return difference(
      TRY(base()),
      TRY(take_snapshot(folder.get(), {.bounds = bounds, .hard_links = HardLinks::kAny, .skipped = staging()})));
}

Result<Workspace::Texts> Workspace::texts_of(const Change& change, std::size_t bytes_max) const {
  const auto read = [&](const std::string& top, const Entry& entry) -> Result<std::string> {
    if (entry.kind != Kind::kFile) return std::string();
    if (entry.size_bytes > bytes_max) {
      return fail(ErrorCode::kTooLarge,
                  quoted(change.path) + " is larger than " + std::to_string(bytes_max) + " bytes");
    }
    const io::Fd folder = TRY(open_folder(top));
    const io::Fd file = TRY(open_beneath(folder.get(), change.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    std::string content = TRY(io::read_file("/proc/self/fd/" + std::to_string(file.get()), bytes_max));
    if (crypto::sha256(content) == entry.digest) return content;
    return fail(ErrorCode::kBusy, quoted(change.path) + " was changed meanwhile");
  };
  return Texts{TRY(read(original_, change.before)), TRY(read(copy(), change.after))};
}

// First it is no workspace any more, so that a crash leaves nothing that looks like one; what was left is removed the
// next time.
Status Workspace::discard(const std::string& store, Workspace workspace) {
  const io::Fd holder = TRY(open_folder(store));
  const std::string gone = std::string(kDiscardedPrefix) + workspace.name_;
  TRY(remove_folder(holder.get(), gone));
  if (::renameat(holder.get(), workspace.name_.c_str(), holder.get(), gone.c_str()) != 0)
    return fail_errno(errno, "cannot set the workspace " + quoted(workspace.name_) + " aside");
  return remove_folder(holder.get(), gone);
}

// Of a discard that was cut short.
void Workspace::remove_discarded(const std::string& store) {
  const auto holder = open_folder(store);
  const auto names = holder ? names_in(holder->get(), store) : std::unexpected(holder.error());
  if (!names) return;
  for (const std::string& name : *names) {
    if (name.starts_with(kDiscardedPrefix)) (void)remove_folder(holder->get(), name);
  }
}

}  // namespace agentos::workspace
