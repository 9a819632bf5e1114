// The index of one log: find entries by what they are about. See README.md for what it promises and what it cannot.
//
// Open it, catch up, ask. One thread at a time; any number of processes may use the same file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/index/database.h"
#include "lib/recorder/index/filter.h"
#include "lib/recorder/reader.h"

namespace agentos::recorder {

inline constexpr const char* kIndexName = "index.sqlite";  // in the log's directory

struct IndexState {
  std::uint64_t entries = 0;  // indexed
  Index next = 0;             // the first entry that is not
  std::uint64_t added = 0;    // by this catch_up()
  std::string rebuilt;        // why it was built anew; empty: it was not
};

// A segment that answers are read from, by its first entry.
struct OpenSegment {
  std::unique_ptr<DiskFile> file;
  std::uint64_t size = 0;
};

// Where an entry stands (see schema.h).
struct Place {
  Index index = 0, segment_first = 0;
  std::uint64_t at = 0, base_at = 0;
};

enum class Order : std::uint8_t { kNewestFirst, kOldestFirst };

class LogIndex {
 public:
  // `file`: where it is kept; empty: in the log's directory.
  static Result<std::unique_ptr<LogIndex>> open(const std::string& directory, const std::string& file = {});

  // Indexes what the log holds by now.
  Result<IndexState> catch_up();
  // Calls `each` with matching entries in order until it returns false. What is written meanwhile may be missing.
  Status search(const Filter& filter, Order order, const std::function<bool(const StoredEntry&)>& each);
  // The newest `count` of them, oldest first.
  Result<std::vector<StoredEntry>> newest(const Filter& filter, std::size_t count);

 private:
  LogIndex(std::string directory, std::string file, std::unique_ptr<Disk> disk);
  Status build_anew(std::string_view why);
  Status prepare();                 // the layout is there, and it is ours
  Result<std::string> staleness();  // why what is in it is not of this log; empty: it is
  Result<std::string> identity() const;
  Status search_once(const Filter& filter, Order order, const std::function<bool(const StoredEntry&)>& each,
                     bool& begun);
  Result<OpenSegment*> segment_of(Index segment_first);
  Result<std::vector<Place>> next_places(Statement& rows);
  Result<StoredEntry> read_entry(const Place& place);
  Result<StoredEntry> read_entry_once(const Place& place);

  std::string directory_, file_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Database> database_;
  std::string rebuilt_;
  std::map<Index, OpenSegment> open_;  // during one search
  std::string frame_room_, base_room_;
};

}  // namespace agentos::recorder
