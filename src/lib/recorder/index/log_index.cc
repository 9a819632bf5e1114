// Opening, noticing that an index is not of this log, and building it anew.
#include "lib/recorder/index/log_index.h"

#include "base/crypto/hash.h"
#include "lib/recorder/index/follower.h"
#include "lib/recorder/index/schema.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {
namespace {

constexpr std::size_t kIdentityBytesMax = 64 * 1024;
constexpr const char* kVerifierFile = "log.pub";

bool is_damage(const Error& error) { return error.code == ErrorCode::kCorrupt; }

}  // namespace

LogIndex::LogIndex(std::string directory, std::string file, std::unique_ptr<Disk> disk)
    : directory_(std::move(directory)), file_(std::move(file)), disk_(std::move(disk)) {}

Result<std::unique_ptr<LogIndex>> LogIndex::open(const std::string& directory, const std::string& file) {
  std::unique_ptr<LogIndex> index(
      new LogIndex(directory, file.empty() ? directory + "/" + kIndexName : file, make_real_disk()));
  (void)TRY(index->identity());  // there is a log
  auto database = Database::open(index->file_);
  if (database) {
    index->database_ = std::make_unique<Database>(std::move(*database));
    const Status ready = index->prepare();
    if (ready) return index;
    if (!is_damage(ready.error())) return std::unexpected(ready.error());
  } else if (!is_damage(database.error())) {
    return std::unexpected(std::move(database).error());
  }
  TRY(index->build_anew("it was damaged"));
  return index;
}

Result<std::string> LogIndex::identity() const {
  auto text = read_small_file(*disk_, directory_ + "/" + kVerifierFile, kIdentityBytesMax);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, "there is no log in " + directory_, "name its directory with --dir");
  }
  return text;
}

Status LogIndex::build_anew(std::string_view why) {
  rebuilt_ = why;
  database_.reset();
  remove_database(file_);
  database_ = std::make_unique<Database>(TRY(Database::open(file_)));
  return prepare();
}

// Two programs that come at once to a file without a layout: one makes it, the other waits and finds it.
Status LogIndex::prepare() {
  TRY(database_->execute(kSettings));
  const std::int64_t layout = TRY(database_->integer("PRAGMA user_version", 0));
  if (layout == kLayout) return {};
  if (layout != 0) return fail(ErrorCode::kCorrupt, "the index has another layout");
  TRY(database_->execute("BEGIN IMMEDIATE"));
  if (TRY(database_->integer("PRAGMA user_version", 0)) == 0) {
    TRY(database_->execute(kSchema));
    Statement put = TRY(database_->prepare("INSERT INTO meta(key, value) VALUES('log', ?1)"));
    const std::string log = TRY(identity());
    TRY(put.bind(1, std::string_view(log)).run());
    TRY(database_->execute(("PRAGMA user_version = " + std::to_string(kLayout)).c_str()));
  }
  return database_->execute("COMMIT");
}

Result<std::string> LogIndex::staleness() {
  Statement log = TRY(database_->prepare("SELECT value FROM meta WHERE key = 'log'"));
  if (!TRY(log.step()) || log.text(0) != TRY(identity())) return std::string("it was of another log");
  const std::int64_t next = TRY(database_->integer("SELECT value FROM meta WHERE key = 'next'", 0));
  if (next == 0) return std::string();
  Statement newest = TRY(database_->prepare(
      "SELECT idx, segment, at, base_at, (SELECT value FROM meta WHERE key = 'last_hash') FROM entry "
      "ORDER BY idx DESC LIMIT 1"));
  if (!TRY(newest.step())) return std::string();  // everything it had was pruned
  if (newest.integer(0) != next - 1) return std::string("it contradicted itself");
  open_.clear();
  const auto entry =
      read_entry_once({static_cast<Index>(newest.integer(0)), static_cast<Index>(newest.integer(1)),
                       static_cast<std::uint64_t>(newest.integer(2)), static_cast<std::uint64_t>(newest.integer(3))});
  if (!entry && entry.error().code == ErrorCode::kNotFound) {
    const auto segments = TRY(list_segments(*disk_, directory_));
    const bool pruned = !segments.empty() && *segment_first(segments.front()) > static_cast<Index>(newest.integer(0));
    return pruned ? std::string() : std::string("the log had been cut or replaced");
  }
  if (!entry || crypto::hex(leaf_hash(entry->leaf)) != newest.text(4))
    return std::string("the log had been cut or replaced");
  return std::string();
}

Result<IndexState> LogIndex::catch_up() {
  for (int attempt = 0;; ++attempt) {
    const auto tried = [&]() -> Result<IndexState> {
      if (const std::string stale = TRY(staleness()); !stale.empty()) TRY(build_anew(stale));
      IndexState state;
      state.added = TRY(Follower(*disk_, directory_, *database_).follow());
      state.entries = static_cast<std::uint64_t>(TRY(database_->integer(
          "SELECT coalesce((SELECT max(idx) FROM entry) - (SELECT min(idx) FROM entry) + 1, 0)", 0)));
      state.next = static_cast<Index>(TRY(database_->integer("SELECT value FROM meta WHERE key = 'next'", 0)));
      state.rebuilt = rebuilt_;
      return state;
    }();
    if (tried || attempt > 0 || !is_damage(tried.error())) return tried;
    TRY(build_anew("it was damaged"));
  }
}

}  // namespace agentos::recorder
