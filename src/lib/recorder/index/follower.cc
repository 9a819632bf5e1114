// Frames are read from where the batch of the newest indexed entry begins: a batch begins with whole leaves.
#include "lib/recorder/index/follower.h"

#include <fmt/format.h>

#include "base/crypto/hash.h"
#include "lib/recorder/index/schema.h"

namespace agentos::recorder {
namespace {

constexpr int kPrunedAttemptsMax = 16;  // the running recorder may prune while this reads

std::int64_t number_of_kind(std::string_view kind) {
  if (kind == "intent") return 1;
  if (kind == "outcome") return 2;
  return kind == "refused" ? 3 : 4;
}

}  // namespace

Status Follower::prepare() {
  add_entry_ = TRY(database_.prepare(
      "INSERT INTO entry(idx,time_us,kind,decided,agent,run,call,tool,rule,status,name,segment,at,base_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"));
  add_label_ = TRY(database_.prepare("INSERT OR IGNORE INTO label(word, idx) VALUES(?1, ?2)"));
  add_word_ = TRY(database_.prepare("INSERT INTO word(text) VALUES(?1) RETURNING id"));
  find_word_ = TRY(database_.prepare("SELECT id FROM word WHERE text = ?1"));
  find_intent_ = TRY(database_.prepare("SELECT run, tool, rule, decided FROM entry WHERE idx = ?1 AND kind = 1"));
  put_ = TRY(database_.prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)"));
  return {};
}

Status Follower::begin() {
  TRY(database_.execute("BEGIN IMMEDIATE"));
  in_transaction_ = 0;
  return {};
}

Status Follower::put(const char* key, std::int64_t value) {
  return put_->bind(1, std::string_view(key)).bind(2, value).run();
}

Status Follower::end() {
  TRY(put("next", static_cast<std::int64_t>(next_)));
  TRY(put("resume_segment", static_cast<std::int64_t>(resume_segment_)));
  TRY(put("resume_at", static_cast<std::int64_t>(resume_at_)));
  TRY(put("end_at", static_cast<std::int64_t>(end_at_)));
  TRY(put_->bind(1, std::string_view("last_hash")).bind(2, std::string_view(last_hash_)).run());
  return database_.execute("COMMIT");
}

Result<std::int64_t> Follower::word(const std::string& text) {
  if (text.empty()) return 0;
  if (const auto found = words_.find(text); found != words_.end()) return found->second;
  if (words_.size() >= kWordsMax) words_.clear();
  find_word_->bind(1, std::string_view(text));
  std::int64_t id = TRY(find_word_->step()) ? find_word_->integer(0) : 0;
  find_word_->reset();
  if (id == 0) {
    add_word_->bind(1, std::string_view(text));
    if (TRY(add_word_->step())) id = add_word_->integer(0);
    TRY(add_word_->run());
  }
  words_[text] = id;
  return id;
}

Result<Follower::Asked> Follower::asked_of(Index intent) {
  if (const auto found = intents_.find(intent); found != intents_.end()) {
    const Asked asked = found->second;
    intents_.erase(found);  // an intent has one outcome
    return asked;
  }
  find_intent_->bind(1, static_cast<std::int64_t>(intent));
  Asked asked;
  if (TRY(find_intent_->step())) {
    asked = {find_intent_->integer(0), find_intent_->integer(1), find_intent_->integer(2),
             static_cast<Decided>(find_intent_->integer(3))};
  }
  find_intent_->reset();
  return asked;
}

Status Follower::add(const Frame& frame, Index segment_first, std::uint64_t at) {
  const auto leaf = json::parse(frame.leaf);
  if (!leaf) {
    return fail(ErrorCode::kCorrupt, fmt::format("entry {} is no JSON: {}", frame.index, leaf.error().message),
                "run: agentos log verify");
  }
  const Facts facts = facts_of(*leaf);
  Asked asked{TRY(word(facts.run)), TRY(word(facts.tool)), TRY(word(facts.rule)), facts.decided};
  if (facts.kind == "outcome") asked = TRY(asked_of(facts.intent));
  if (facts.kind == "intent") {
    if (intents_.size() >= kIntentsMax) intents_.clear();
    intents_[frame.index] = asked;
  }
  const std::int64_t values[] = {static_cast<std::int64_t>(frame.index),
                                 facts.time_us,
                                 number_of_kind(facts.kind),
                                 static_cast<std::int64_t>(asked.decided),
                                 TRY(word(facts.agent)),
                                 asked.run,
                                 TRY(word(facts.call)),
                                 asked.tool,
                                 asked.rule,
                                 TRY(word(facts.status)),
                                 TRY(word(facts.name)),
                                 static_cast<std::int64_t>(segment_first),
                                 static_cast<std::int64_t>(at),
                                 frame.is_difference() ? static_cast<std::int64_t>(whole_at_[frame.group]) : 0};
  for (int i = 0; i < static_cast<int>(std::size(values)); ++i) add_entry_->bind(i + 1, values[i]);
  TRY(add_entry_->run());
  for (std::string_view rest = facts.labels; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::int64_t label = TRY(word(std::string(rest.substr(0, end))));
    if (label != 0) TRY(add_label_->bind(1, label).bind(2, values[0]).run());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  ++added_;
  if (++in_transaction_ < kEntriesATransaction) return {};
  next_ = frame.index + 1;
  last_hash_ = crypto::hex(leaf_hash(frame.leaf));
  TRY(end());
  return begin();
}

// Behind what is indexed, when nothing or a batch begins there; else where the batch of the newest entry begins.
Result<std::uint64_t> Follower::begin_at(const Segment& segment) {
  if (segment.header.first != resume_segment_ || resume_at_ == 0) return segment.frames_at;
  if (end_at_ == 0) return resume_at_;
  FrameCursor peek(*segment.file, end_at_, segment.size);
  const auto step = TRY(peek.next());
  const bool begins = step == FrameCursor::Step::kFrame && peek.frame().index == next_ && peek.frame().batch_index == 0;
  return begins || step == FrameCursor::Step::kZero ? end_at_ : resume_at_;
}

Status Follower::follow_segment(const Segment& segment, bool& gone) {
  FrameCursor cursor(*segment.file, TRY(begin_at(segment)), segment.size);
  whole_at_.fill(0);
  Index expected = kNoIndex;
  std::string last;
  for (;;) {
    const auto step = TRY(cursor.next());
    if (step != FrameCursor::Step::kFrame) break;
    const Frame& frame = cursor.frame();
    if (expected != kNoIndex && frame.index != expected) break;
    expected = frame.index + 1;
    if (frame.batch_index == 0) {
      resume_segment_ = segment.header.first;
      resume_at_ = cursor.offset();
    }
    if (!frame.is_difference()) whole_at_[frame.group] = cursor.offset();
    if (frame.index < next_) continue;
    if (frame.index != next_) break;
    TRY(add(frame, segment.header.first, cursor.offset()));
    next_ = frame.index + 1;
    end_at_ = cursor.offset() + frame.size;
    last.assign(frame.leaf);
  }
  if (!last.empty()) last_hash_ = crypto::hex(leaf_hash(last));
  const auto still = disk_.open_for_reading(directory_ + "/" + segment.name);
  gone = !still && still.error().code == ErrorCode::kNotFound;
  return {};
}

Result<bool> Follower::forget_pruned() {
  const auto kept = TRY(list_segments(disk_, directory_));
  if (kept.empty()) return false;
  const auto oldest = static_cast<std::int64_t>(*segment_first(kept.front()));
  if (TRY(database_.integer("SELECT min(idx) FROM entry", oldest)) >= oldest) return false;
  for (const char* sql : {"DELETE FROM entry WHERE idx < ?1", "DELETE FROM label WHERE idx < ?1"}) {
    Statement remove = TRY(database_.prepare(sql));
    TRY(remove.bind(1, oldest).run());
  }
  return true;
}

Result<std::uint64_t> Follower::follow() {
  TRY(prepare());
  TRY(begin());
  next_ = static_cast<Index>(TRY(database_.integer("SELECT value FROM meta WHERE key = 'next'", 0)));
  resume_segment_ =
      static_cast<Index>(TRY(database_.integer("SELECT value FROM meta WHERE key = 'resume_segment'", 0)));
  resume_at_ = static_cast<std::uint64_t>(TRY(database_.integer("SELECT value FROM meta WHERE key = 'resume_at'", 0)));
  end_at_ = static_cast<std::uint64_t>(TRY(database_.integer("SELECT value FROM meta WHERE key = 'end_at'", 0)));
  const Index next_before = next_;
  {
    Statement hash = TRY(database_.prepare("SELECT value FROM meta WHERE key = 'last_hash'"));
    if (TRY(hash.step())) last_hash_ = hash.text(0);
  }
  for (int attempt = 0; attempt < kPrunedAttemptsMax; ++attempt) {
    auto names = TRY(list_segments(disk_, directory_));
    if (names.empty()) break;
    while (names.size() > 1 && *segment_first(names[1]) <= next_) names.erase(names.begin());
    const Index oldest = *segment_first(names.front());
    if (next_ < oldest) {  // pruned before it was indexed
      next_ = oldest;
      resume_at_ = end_at_ = 0;
    }
    bool again = false;
    for (const std::string& name : names) {
      auto segment = open_segment(disk_, directory_, name);
      if (!segment && segment.error().code == ErrorCode::kNotFound) {
        again = true;
        break;
      }
      if (!segment) return std::unexpected(std::move(segment).error());
      TRY(follow_segment(*segment, again));
      if (again) break;
    }
    if (!again) break;
  }
  const bool forgotten = TRY(forget_pruned());
  // Nothing is written when nothing is new: a question is then answered without waiting for the disk.
  if (next_ == next_before && !forgotten) {
    TRY(database_.execute("ROLLBACK"));
    return 0;
  }
  TRY(end());
  return added_;
}

}  // namespace agentos::recorder
