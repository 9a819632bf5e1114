// From a filter to SQL, and from what it finds to entries read from their segments.
#include <fmt/format.h>

#include <map>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/format.h"
#include "lib/recorder/index/log_index.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {
namespace {

constexpr std::size_t kOpenSegmentsMax = 256;
constexpr std::size_t kPlacesAtOnce = 128;
constexpr std::size_t kFrameSizeUsual = 1024;

// The conditions of a query and what is bound to them.
struct Question {
  std::string sql = "SELECT e.idx, e.segment, e.at, e.base_at FROM entry e WHERE 1";
  std::vector<std::int64_t> numbers;
  bool nothing = false;  // a word that no entry has

  void add(std::string_view condition, std::int64_t number) {
    numbers.push_back(number);
    sql += fmt::format(" AND {} ?{}", condition, numbers.size());
  }
};

Result<Question> question_of(Database& database, const Filter& filter, Order order) {
  Question question;
  Statement find = TRY(database.prepare("SELECT id FROM word WHERE text = ?1"));
  const std::pair<const char*, const std::string*> words[] = {
      {"agent", &filter.agent}, {"run", &filter.run},       {"tool", &filter.tool}, {"call", &filter.call},
      {"rule", &filter.rule},   {"status", &filter.status}, {"name", &filter.name}};
  bool selective = false;
  for (const auto& [column, text] : words) {
    if (text->empty()) continue;
    find.bind(1, std::string_view(*text));
    if (!TRY(find.step())) question.nothing = true;
    // Partial indexes are used only where the condition says that it is not 0.
    question.add(fmt::format("e.{0} <> 0 AND e.{0} =", column), question.nothing ? -1 : find.integer(0));
    find.reset();
    selective |= std::string_view(column) != "status";
  }
  if (!filter.label.empty()) {
    find.bind(1, std::string_view(filter.label));
    if (!TRY(find.step())) question.nothing = true;
    question.numbers.push_back(question.nothing ? -1 : find.integer(0));
    question.sql += fmt::format(" AND e.idx IN (SELECT idx FROM label WHERE word = ?{})", question.numbers.size());
    selective = true;
  }
  if (!filter.kind.empty()) {
    question.add("e.kind =", filter.kind == "intent"    ? 1
                             : filter.kind == "outcome" ? 2
                             : filter.kind == "refused" ? 3
                                                        : 4);
  }
  if (filter.decided) {
    question.add(*filter.decided > Decided::kAllow ? "e.decided > 1 AND e.decided =" : "e.decided =",
                 static_cast<std::int64_t>(*filter.decided));
    selective |= *filter.decided > Decided::kAllow;
  }
  // A unary plus keeps SQLite from walking the time when something narrower is asked for.
  const char* time = selective ? "+e.time_us" : "e.time_us";
  if (filter.from_us) question.add(fmt::format("{} >=", time), *filter.from_us);
  if (filter.until_us) question.add(fmt::format("{} <=", time), *filter.until_us);
  if (filter.first > 0) question.add("e.idx >=", static_cast<std::int64_t>(filter.first));
  if (filter.last != kNoIndex) question.add("e.idx <=", static_cast<std::int64_t>(filter.last));
  question.sql += order == Order::kNewestFirst ? " ORDER BY e.idx DESC" : " ORDER BY e.idx";
  return question;
}

}  // namespace

Result<OpenSegment*> LogIndex::segment_of(Index segment_first) {
  if (const auto found = open_.find(segment_first); found != open_.end()) return &found->second;
  if (open_.size() >= kOpenSegmentsMax) open_.clear();
  const std::string name = segment_name(segment_first);
  auto opened = disk_->open_for_reading(directory_ + "/" + name);
  if (!opened && opened.error().code == ErrorCode::kNotFound) {
    // It was pruned, or there never was such a segment.
    const auto names = TRY(list_segments(*disk_, directory_));
    if (names.empty() || *agentos::recorder::segment_first(names.front()) <= segment_first)
      return fail(ErrorCode::kCorrupt, fmt::format("the index leads to {}, which is not there", name));
  }
  OpenSegment segment;
  segment.file = TRY(std::move(opened));
  segment.size = TRY(segment.file->size());
  return &(open_[segment_first] = std::move(segment));
}

// What was written past the page cache is not in memory: the disk is asked for all places at once, not one by one.
Result<std::vector<Place>> LogIndex::next_places(Statement& rows) {
  std::vector<Place> places;
  while (places.size() < kPlacesAtOnce && TRY(rows.step())) {
    const Place place{static_cast<Index>(rows.integer(0)), static_cast<Index>(rows.integer(1)),
                      static_cast<std::uint64_t>(rows.integer(2)), static_cast<std::uint64_t>(rows.integer(3))};
    if (const auto segment = segment_of(place.segment_first)) {
      (*segment)->file->will_read(place.at, kFrameSizeUsual);
      if (place.base_at != 0) (*segment)->file->will_read(place.base_at, kFrameSizeUsual);
    }
    places.push_back(place);
  }
  return places;
}

Result<StoredEntry> LogIndex::read_entry(const Place& place) {
  const bool was_open = open_.contains(place.segment_first);
  auto entry = read_entry_once(place);
  if (entry || !was_open || entry.error().code != ErrorCode::kCorrupt) return entry;
  // The running recorder may have pruned what was opened, and used its room again.
  open_.erase(place.segment_first);
  return read_entry_once(place);
}

Result<StoredEntry> LogIndex::read_entry_once(const Place& place) {
  const auto [index, segment_first, at, base_at] = place;
  OpenSegment& segment = *TRY(segment_of(segment_first));
  const auto stale = [&place] {
    return fail(ErrorCode::kCorrupt, fmt::format("the index leads to {} offset {}, where entry {} is not",
                                                 segment_name(place.segment_first), place.at, place.index));
  };
  if (at >= segment.size || base_at >= segment.size) return stale();
  const auto frame_at = [&](std::uint64_t offset, std::string& room) -> Result<Frame> {
    for (const std::size_t size : {kFrameSizeUsual, kFrameSizeMax}) {
      room.resize(size);
      room.resize(TRY(segment.file->read_at(offset, room.data(), size)));
      if (auto frame = decode_frame(room)) return *frame;
    }
    return stale();
  };
  Frame frame = TRY(frame_at(at, frame_room_));
  if (frame.index != index || frame.is_difference() != (base_at != 0)) return stale();
  WholeLeaves whole;
  if (base_at != 0) {
    const Frame base = TRY(frame_at(base_at, base_room_));
    if (base.is_difference() || base.group != frame.group) return stale();
    (void)whole.leaf_of(base);
  }
  const auto leaf = whole.leaf_of(frame);
  if (!leaf) return stale();
  frame.leaf = *leaf;
  return entry_of(frame);
}

Status LogIndex::search_once(const Filter& filter, Order order, const std::function<bool(const StoredEntry&)>& each,
                             bool& begun) {
  const Question question = TRY(question_of(*database_, filter, order));
  if (question.nothing) return {};
  Statement rows = TRY(database_->prepare(question.sql));
  for (std::size_t i = 0; i < question.numbers.size(); ++i) rows.bind(static_cast<int>(i) + 1, question.numbers[i]);
  std::vector<Place> places;
  std::size_t next = 0;
  for (;; ++next) {
    if (next == places.size()) {
      const bool was_all = next > 0 && next < kPlacesAtOnce;  // asking a statement that ended begins it again
      places.clear();
      if (!was_all) places = TRY(next_places(rows));
      next = 0;
      if (places.empty()) return {};
    }
    auto entry = read_entry(places[next]);
    if (!entry && entry.error().code == ErrorCode::kNotFound) continue;  // pruned meanwhile
    if (!entry) return std::unexpected(std::move(entry).error());
    if (!filter.text.empty() && !has_text(entry->leaf, filter.text) &&
        !(entry->opening && has_text(*entry->opening, filter.text))) {
      continue;
    }
    // What the index says of an entry beyond what it took from its intent must be so.
    const auto leaf = json::parse(entry->leaf);
    if (!leaf) return fail(ErrorCode::kCorrupt, fmt::format("entry {} is no JSON", entry->index));
    Filter own;
    own.agent = filter.agent;
    own.call = filter.call;
    own.kind = filter.kind;
    own.from_us = filter.from_us;
    own.until_us = filter.until_us;
    if (!matches(own, entry->index, facts_of(*leaf)))
      return fail(ErrorCode::kCorrupt, fmt::format("the index calls entry {} what it is not", entry->index));
    begun = true;
    if (!each(*entry)) return {};
  }
}

Status LogIndex::search(const Filter& filter, Order order, const std::function<bool(const StoredEntry&)>& each) {
  open_.clear();  // so that what was pruned since is not held
  bool begun = false;
  Status done = search_once(filter, order, each, begun);
  if (done || begun || done.error().code != ErrorCode::kCorrupt) return done;
  TRY(build_anew("it did not fit the log"));
  TRY(catch_up());
  return search_once(filter, order, each, begun);
}

Result<std::vector<StoredEntry>> LogIndex::newest(const Filter& filter, std::size_t count) {
  std::vector<StoredEntry> entries;
  for (int attempt = 0;; ++attempt) {
    entries.clear();
    if (count == 0) return entries;
    const Status found = search(filter, Order::kNewestFirst, [&](const StoredEntry& entry) {
      entries.push_back(entry);
      return entries.size() < count;
    });
    if (found) break;
    if (attempt > 0 || found.error().code != ErrorCode::kCorrupt) return std::unexpected(found.error());
    TRY(build_anew("it did not fit the log"));
    TRY(catch_up());
  }
  return std::vector<StoredEntry>(std::make_move_iterator(entries.rbegin()), std::make_move_iterator(entries.rend()));
}

}  // namespace agentos::recorder
