// Version 1 leaves are flat objects of strings and integers, checked in one pass without building a tree. A leaf
// with any other value (a later writer may add members) takes the slow road over base/json.
#include "lib/recorder/leaf_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/json/value.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/octet_words.h"

namespace agentos::recorder {

namespace {

// The members that mean something here; views into the leaf, quotes and escapes as they stand.
struct Members {
  std::string_view kind, effect, verdict, status, arguments, result, detail, content, name;
  std::optional<std::int64_t> version, time_us, intent;
};

enum class Step { kDone, kBad, kSlow };

class FlatReader {
 public:
  explicit FlatReader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  Step read(Members& members) {
    std::string_view last_key;
    if (!take('{')) return Step::kBad;
    do {
      std::string_view key;
      if (!string(key) || key.find('\\') != key.npos || has_non_ascii_) return Step::kSlow;
      if (key <= last_key || !take(':')) return Step::kBad;
      last_key = key;
      if (const Step step = value(key, members); step != Step::kDone) return step;
    } while (take(','));
    return take('}') && at_ == end_ ? Step::kDone : Step::kBad;
  }

 private:
  bool take(char octet) {
    if (at_ == end_ || *at_ != octet) return false;
    ++at_;
    return true;
  }

  Step value(std::string_view key, Members& members) {
    if (at_ == end_) return Step::kBad;
    if (*at_ == '"') {
      std::string_view text;
      if (!string(text)) return Step::kBad;
      if (has_non_ascii_ && !json::valid_utf8(text)) return Step::kBad;
      has_non_ascii_ = false;
      keep(key, text, members);
      return Step::kDone;
    }
    if (*at_ != '-' && (*at_ < '0' || *at_ > '9')) return Step::kSlow;
    std::int64_t number = 0;
    if (!integer(number)) return Step::kSlow;
    if (key == "v") members.version = number;
    if (key == "time_us") members.time_us = number;
    if (key == "intent") members.intent = number;
    return Step::kDone;
  }

  static void keep(std::string_view key, std::string_view text, Members& members) {
    struct Place {
      std::string_view key;
      std::string_view Members::* member;
    };
    constexpr Place kPlaces[] = {
        {"arguments", &Members::arguments}, {"content", &Members::content}, {"detail", &Members::detail},
        {"effect", &Members::effect},       {"kind", &Members::kind},       {"name", &Members::name},
        {"result", &Members::result},       {"status", &Members::status},   {"verdict", &Members::verdict}};
    for (const Place& place : kPlaces)
      if (key == place.key) members.*place.member = text;
  }

  bool integer(std::int64_t& number) {
    const auto [end, error] = std::from_chars(at_, end_, number);
    if (error != std::errc() || number < -kIntegerMax || number > kIntegerMax) return false;
    const char* digits = *at_ == '-' ? at_ + 1 : at_;
    if ((*digits == '0' && (end - at_) != 1) || (end != end_ && (*end == '.' || *end == 'e' || *end == 'E')))
      return false;
    at_ = end;
    return true;
  }

  // The text between quotes; false when it does not end or has an escape RFC 8785 would not write.
  bool string(std::string_view& text) {
    if (!take('"')) return false;
    const char* const start = at_;
    for (;;) {
      std::uint64_t word;
      while (end_ - at_ >= 8 && (std::memcpy(&word, at_, 8), special(word) == 0)) at_ += 8;
      if (at_ == end_) return false;
      const auto octet = static_cast<unsigned char>(*at_);
      if (octet == '"') break;
      if (octet < 0x20) return false;
      if (octet >= 0x80) has_non_ascii_ = true;
      if (octet == '\\') {
        if (!escape()) return false;
      } else {
        ++at_;
      }
    }
    text = {start, static_cast<std::size_t>(at_ - start)};
    ++at_;
    return true;
  }

  bool escape() {
    ++at_;
    if (at_ == end_) return false;
    if (std::string_view("\"\\bfnrt").find(*at_) != std::string_view::npos) {
      ++at_;
      return true;
    }
    if (end_ - at_ < 5 || std::memcmp(at_, "u00", 3) != 0 || (at_[3] != '0' && at_[3] != '1')) return false;
    const char low = at_[4];
    if (!((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f'))) return false;
    const int code = (at_[3] - '0') * 16 + (low <= '9' ? low - '0' : low - 'a' + 10);
    if (code == '\b' || code == '\t' || code == '\n' || code == '\f' || code == '\r') return false;
    at_ += 5;
    return true;
  }

  const char* at_;
  const char* end_;
  bool has_non_ascii_ = false;  // in the string read last
};

// The same members through a tree. The strings borrow from `value`, whose own text needs no escapes where it matters.
bool read_slowly(std::string_view text, json::Value& value, Members& members) {
  json::ParseLimits limits;
  limits.bytes_max = kEntrySizeMax;
  auto parsed = json::parse(text, limits);
  if (!parsed || !parsed->is_object() || json::write_canonical(*parsed) != text) return false;
  value = std::move(*parsed);
  members.kind = value.string_or("kind", "");
  members.effect = value.string_or("effect", "");
  members.verdict = value.string_or("verdict", "");
  members.status = value.string_or("status", "");
  members.content = value.string_or("content", "");
  members.name = value.string_or("name", "");
  for (auto [key, member] : {std::pair{"arguments", &Members::arguments}, std::pair{"result", &Members::result},
                             std::pair{"detail", &Members::detail}}) {
    const json::Value* found = value.find(key);
    if (found == nullptr || !found->is_string()) continue;
    const auto place = text.find(found->as_string());  // base64url stands in the leaf as it is
    if (place != text.npos) members.*member = text.substr(place, found->as_string().size());
  }
  for (auto [key, member] : {std::pair{"v", &Members::version}, std::pair{"time_us", &Members::time_us},
                             std::pair{"intent", &Members::intent}}) {
    const json::Value* found = value.find(key);
    if (found != nullptr && found->is_int()) members.*member = found->as_int();
  }
  return true;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

std::expected<Leaf, const char*> interpret(const Members& members) {
  if (!members.version) return std::unexpected("the leaf has no version");
  if (*members.version != kEntryVersion) return std::unexpected("the leaf has a version this program does not read");
  if (!members.time_us) return std::unexpected("the leaf has no time");
  Leaf leaf;
  std::string_view commitment = members.arguments;
  if (members.kind == "intent") {
    leaf.kind = Kind::kIntent;
    if (!one_of(members.effect, {"none", "state", "external"}) || !one_of(members.verdict, {"allow", "deny", "ask"}))
      return std::unexpected("the intent lacks its effect or verdict");
    leaf.external = members.effect == "external" && members.verdict == "allow";
  } else if (members.kind == "outcome") {
    leaf.kind = Kind::kOutcome;
    commitment = members.result;
    if (!members.intent || *members.intent < 0) return std::unexpected("the outcome names no intent");
    leaf.intent = static_cast<Index>(*members.intent);
    if (!one_of(members.status, {"ok", "error", "timeout", "killed", "cancelled", "unknown"}))
      return std::unexpected("the outcome lacks its status");
    leaf.unknown = members.status == "unknown";
  } else if (members.kind == "refused") {
    leaf.kind = Kind::kRefused;
  } else if (members.kind == "event") {
    leaf.kind = Kind::kEvent;
    leaf.recovery = members.name == "recovered";
    commitment = members.detail;
  } else {
    return std::unexpected("the leaf has no known kind");
  }
  leaf.whole = members.content == "whole";
  if (!commitment.empty()) {
    if (commitment.size() != kCommitmentTextSize) return std::unexpected("the leaf's commitment is not a SHA-256");
    leaf.commitment = commitment;
  }
  return leaf;
}

}  // namespace

std::expected<Leaf, const char*> read_leaf(std::string_view leaf) {
  Members members;
  json::Value value;
  const Step step = FlatReader(leaf).read(members);
  if (step == Step::kBad || (step == Step::kSlow && !read_slowly(leaf, value, members)))
    return std::unexpected("the leaf is not canonical JSON");
  return interpret(members);
}

}  // namespace agentos::recorder
