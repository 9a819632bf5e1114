// Puts what segments hold behind what is indexed into the index, in transactions. Used by log_index.cc.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <unordered_map>

#include "lib/recorder/format.h"
#include "lib/recorder/index/database.h"
#include "lib/recorder/index/filter.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

class Follower {
 public:
  Follower(Disk& disk, const std::string& directory, Database& database)
      : disk_(disk), directory_(directory), database_(database) {}

  // Entries added. Precondition: the index is of this log.
  Result<std::uint64_t> follow();

 private:
  // Words that were looked up; forgotten as a whole beyond kWordsMax.
  static constexpr std::size_t kWordsMax = 65'536;
  // What outcomes take from their intents, of the newest kIntentsMax intents.
  static constexpr std::size_t kIntentsMax = 65'536;
  struct Asked {
    std::int64_t run = 0, tool = 0, rule = 0;
    Decided decided = Decided::kNothing;
  };

  Status prepare();
  Status begin();
  Status end();
  Result<std::uint64_t> begin_at(const Segment& segment);
  Result<bool> forget_pruned();
  Status follow_segment(const Segment& segment, bool& gone);
  Status add(const Frame& frame, Index segment_first, std::uint64_t at);
  Result<std::int64_t> word(const std::string& text);
  Result<Asked> asked_of(Index intent);
  Status put(const char* key, std::int64_t value);

  Disk& disk_;
  const std::string& directory_;
  Database& database_;
  std::optional<Statement> add_entry_, add_label_, add_word_, find_word_, find_intent_, put_;
  std::unordered_map<std::string, std::int64_t> words_;
  std::unordered_map<Index, Asked> intents_;
  std::array<std::uint64_t, kLeafGroups> whole_at_{};
  Index next_ = 0;
  Index resume_segment_ = 0;     // where the batch of the newest entry begins
  std::uint64_t resume_at_ = 0;  // 0: with the segment
  std::uint64_t end_at_ = 0;     // behind the newest entry, in the same segment; 0: unknown
  std::string last_hash_;
  std::uint64_t added_ = 0;
  std::int64_t in_transaction_ = 0;
};

}  // namespace agentos::recorder
