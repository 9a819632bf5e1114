// Two passes: who is meant, then what it did.
#include "apps/agentos/tape.h"

#include <algorithm>

#include "apps/agentos/log_entries.h"
#include "apps/agentos/timeline.h"
#include "base/crypto/hash.h"

namespace agentos::cli {
namespace {

using recorder::StoredEntry;

// Content that was not kept whole: its digest; nothing when it was.
std::optional<std::string> digest_of(const StoredEntry& entry) {
  if (!entry.opening) return std::nullopt;
  const auto value = json::parse(*entry.opening);
  if (!value || value->find("preview") == nullptr || value->find("size") == nullptr) return std::nullopt;
  const std::string_view digest = value->string_or("digest", "");
  return digest.empty() ? std::nullopt : std::optional<std::string>(digest);
}

bool is_same(const TapeCall& recorded, std::string_view call, std::string_view arguments) {
  if (recorded.call != call) return false;
  if (!recorded.arguments.empty()) return recorded.arguments == arguments;
  return !recorded.digest.empty() && recorded.digest == crypto::base64url(crypto::sha256(arguments));
}

}  // namespace

Result<Tape> Tape::read(const std::string& directory, const std::string& who) {
  Tape tape;
  std::vector<std::string> meant;
  TRY(recorder::read_log(directory, {}, [&](const StoredEntry& entry) {
    if (entry.leaf.find("\"agent_start\"") == std::string::npos) return true;
    const json::Value leaf = leaf_of(entry);
    if (leaf.string_or("name", "") != "agent_start") return true;
    const json::Value detail = opening_of(entry);
    const std::string id(leaf.string_or("agent", ""));
    if (id != who && leaf.string_or("run", "") != who && detail.string_or("name", "") != who) return true;
    if (id == who) meant.clear();
    meant.push_back(id);
    tape.agent = id;
    tape.run = leaf.string_or("run", "");
    tape.command.clear();
    if (const json::Value* command = detail.find("command"); command != nullptr && command->is_array()) {
      for (const json::Value& word : command->as_array()) {
        if (word.is_string()) tape.command.push_back(word.as_string());
      }
    }
    return id != who;
  }));
  if (meant.empty())
    return fail(ErrorCode::kNotFound, "the record has no agent, name or run \"" + who + "\"",
                "agentos log timeline lists them");
  if (meant.size() > 1)
    return fail(ErrorCode::kInvalidArgument, std::to_string(meant.size()) + " agents are called \"" + who + "\"",
                "name one by its id: " + meant[0] + ", " + meant[1] + (meant.size() > 2 ? ", ..." : ""));
  TRY(recorder::read_log(directory, {}, [&](const StoredEntry& entry) {
    tape.add(entry);
    return tape.calls_.size() <= kCallsMax;
  }));
  if (tape.calls_.size() > kCallsMax) return fail(ErrorCode::kTooLarge, "the run has more than a million calls");
  std::erase_if(tape.calls_, [](const TapeCall& call) { return call.left == 0; });
  return tape;
}

void Tape::add(const StoredEntry& entry) {
  if (entry.leaf.find(agent) == std::string::npos) return;
  const json::Value leaf = leaf_of(entry);
  if (leaf.string_or("agent", "") != agent) return;
  const std::string_view kind = leaf.string_or("kind", "");
  if (kind == "intent") return intent(entry, leaf);
  if (kind == "outcome") return outcome(entry, leaf);
  if (kind == "refused") return refused(entry, leaf);
  if (leaf.string_or("name", "") == "agent_exit") exit_code = opening_of(entry).int_or("code", 0);
}

void Tape::intent(const StoredEntry& entry, const json::Value& leaf) {
  TapeCall call;
  call.index = entry.index;
  call.call = leaf.string_or("call", "");
  call.tool = leaf.string_or("tool", "");
  if (const auto digest = digest_of(entry)) {
    call.digest = *digest;
  } else {
    call.arguments = entry.opening.value_or("");
  }
  // What waits for an approval is answered by the entry that says how that ended.
  if (leaf.string_or("verdict", "") == "ask") call.left = 0;
  open_[entry.index] = calls_.size();
  calls_.push_back(std::move(call));
}

void Tape::outcome(const StoredEntry& entry, const json::Value& leaf) {
  const auto found = open_.find(static_cast<recorder::Index>(leaf.int_or("intent", -1)));
  if (found == open_.end()) return;
  TapeCall& call = calls_[found->second];
  open_.erase(found);
  const bool good = leaf.string_or("status", "") == "ok";
  call.answer = good ? TapeCall::Answer::kResult : TapeCall::Answer::kError;
  call.code = leaf.int_or("code", 0);
  call.recorded = entry.opening.has_value() && !digest_of(entry);
  const json::Value value = opening_of(entry);
  call.result = good ? entry.opening.value_or("") : value.is_string() ? value.as_string() : "";
}

void Tape::refused(const StoredEntry& entry, const json::Value& leaf) {
  if (leaf.string_or("step", "") == "collapsed") {
    // Further ones like an earlier entry, counted when the agent ended.
    for (auto last = calls_.rbegin(); last != calls_.rend(); ++last) {
      if (last->answer != TapeCall::Answer::kRefused) continue;
      last->left += static_cast<std::uint64_t>(std::max<std::int64_t>(0, leaf.int_or("count", 0)));
      return;
    }
    return;
  }
  TapeCall call;
  call.index = entry.index;
  call.call = leaf.string_or("call", "");
  call.tool = leaf.string_or("tool", "");
  if (const auto digest = digest_of(entry)) {
    call.digest = *digest;
  } else {
    call.arguments = entry.opening.value_or("");
  }
  call.answer = TapeCall::Answer::kRefused;
  call.code = leaf.int_or("code", 0);
  call.rule = leaf.string_or("rule", "");
  call.step = leaf.string_or("step", "");
  call.left = static_cast<std::uint64_t>(std::max<std::int64_t>(1, leaf.int_or("count", 1)));
  calls_.push_back(std::move(call));
}

const TapeCall* Tape::next() const {
  while (first_ < calls_.size() && calls_[first_].left == 0) ++first_;
  return first_ < calls_.size() ? &calls_[first_] : nullptr;
}

const TapeCall* Tape::take(std::string_view call, std::string_view arguments, Order order) {
  if (next() == nullptr) return nullptr;
  const std::size_t end = order == Order::kStrict ? first_ + 1 : calls_.size();
  for (std::size_t i = first_; i < end; ++i) {
    TapeCall& one = calls_[i];
    if (one.left > 0 && is_same(one, call, arguments)) {
      --one.left;
      return &one;
    }
  }
  // Repeats of a refusal are counted, whatever their arguments were.
  for (std::size_t i = first_; i < end; ++i) {
    TapeCall& one = calls_[i];
    if (one.left > 0 && one.answer == TapeCall::Answer::kRefused && one.left > 1 && one.call == call) {
      --one.left;
      return &one;
    }
  }
  return nullptr;
}

}  // namespace agentos::cli
