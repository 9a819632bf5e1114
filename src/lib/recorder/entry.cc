// Leaves are written by hand, keys in the order RFC 8785 sorts them, straight into the caller's buffer: this runs
// once for every entry and sets the pace of the whole kernel.
#include "lib/recorder/entry.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/crypto/sha256_fast.h"
#include "base/digits.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/octet_words.h"

namespace agentos::recorder {

std::string_view name_of(Effect effect) {
  switch (effect) {
    case Effect::kNone:
      return "none";
    case Effect::kState:
      return "state";
    case Effect::kExternal:
      return "external";
  }
  return "none";
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "allow";
    case Verdict::kDeny:
      return "deny";
    case Verdict::kAsk:
      return "ask";
  }
  return "deny";
}

std::string_view name_of(OutcomeStatus status) {
  switch (status) {
    case OutcomeStatus::kOk:
      return "ok";
    case OutcomeStatus::kError:
      return "error";
    case OutcomeStatus::kTimeout:
      return "timeout";
    case OutcomeStatus::kKilled:
      return "killed";
    case OutcomeStatus::kCancelled:
      return "cancelled";
    case OutcomeStatus::kUnknown:
      return "unknown";
  }
  return "unknown";
}

namespace {

constexpr std::size_t kTextFieldsMax = 8;
constexpr std::size_t kFixedOctetsMax = 1024;  // keys, punctuation, numbers, names, commitment
constexpr std::size_t kLeafOctetsMax = kTextFieldsMax * kTextSizeMax + kFixedOctetsMax;
static_assert(kLeafOctetsMax <= kEntrySizeMax);
constexpr std::size_t kMarkerSizeMax = 32;  // "…[+18446744073709551615]"

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Copies `text` and says whether it needs no escape; the copy is void when it does.
bool copy_plain(char* to, std::string_view text) {
  const char* from = text.data();
  const std::size_t size = text.size();
  std::uint64_t seen = 0;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      const auto word = load<std::uint64_t>(from + i);
      std::memcpy(to + i, &word, 8);
      seen |= special(word);
    }
    const auto word = load<std::uint64_t>(from + size - 8);
    std::memcpy(to + size - 8, &word, 8);
    seen |= special(word);
  } else if (size >= 4) {
    const auto head = load<std::uint32_t>(from);
    const auto tail = load<std::uint32_t>(from + size - 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + size - 4, &tail, 4);
    seen = special(std::uint64_t{head} | (std::uint64_t{tail} << 32));
  } else {
    std::uint64_t word = every('a');
    for (std::size_t i = 0; i < size; ++i) {
      to[i] = from[i];
      word = (word << 8) | static_cast<unsigned char>(from[i]);
    }
    seen = special(word);
  }
  return seen == 0;
}

// Octets of the well-formed UTF-8 sequence at the start of `text` (RFC 3629), or 0.
std::size_t sequence_size(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  std::size_t size = 0;
  unsigned char low = 0x80, high = 0xBF;  // of the second octet
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (size == 0 || size > text.size() || at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if ((at(i) & 0xC0) != 0x80) return 0;
  return size;
}

// The escape RFC 8785 asks for, or nothing when the octet stands for itself.
std::string_view escape_of(unsigned char octet, char (&room)[6]) {
  switch (octet) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (octet >= 0x20) return {};
  constexpr char kHex[] = "0123456789abcdef";
  std::memcpy(room, "\\u00", 4);
  room[4] = kHex[octet >> 4];
  room[5] = kHex[octet & 15];
  return {room, 6};
}

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// One character of the slow road: escaped, or U+FFFD for an octet that is not UTF-8. Returns octets taken.
std::size_t next_piece(std::string_view text, char (&room)[6], std::string_view& piece) {
  const std::size_t size = sequence_size(text);
  if (size == 0) {
    piece = "\xEF\xBF\xBD";
    return 1;
  }
  piece = size == 1 ? escape_of(static_cast<unsigned char>(text[0]), room) : std::string_view{};
  if (piece.empty()) piece = text.substr(0, size);
  return size;
}

// At most kTextSizeMax octets; what does not fit is replaced by "…[+N]", N the octets of `text` left out.
char* put_escaped(char* to, std::string_view text) {
  char room[6];
  std::string_view piece;
  char* const start = to;
  char* cut_to = to;         // where the marker would go
  std::size_t cut_from = 0;  // octets of `text` before it
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t taken = next_piece(text.substr(i), room, piece);
    const auto used = static_cast<std::size_t>(to - start);
    if (used + piece.size() > kTextSizeMax) {
      to = put(cut_to, "\xE2\x80\xA6[+");
      to = std::to_chars(to, to + 20, text.size() - cut_from).ptr;
      return put(to, "]");
    }
    to = put(to, piece);
    i += taken;
    if (used + piece.size() <= kTextSizeMax - kMarkerSizeMax) {
      cut_to = to;
      cut_from = i;
    }
  }
  return to;
}

// Writes members as ,"key":value; finish() turns the first comma into the brace.
class Members {
 public:
  Members(char* start, Kept kept) : start_(start), at_(start), kept_(kept) {}

  template <std::size_t N>
  void literal(const char (&text)[N]) {
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }
  template <std::size_t N>
  void text(const char (&key_and_quote)[N], std::string_view value) {
    if (value.empty()) return;
    literal(key_and_quote);
    if (value.size() <= kTextSizeMax && copy_plain(at_, value)) [[likely]] {
      at_ += value.size();
    } else {
      at_ = put_escaped(at_, value);
    }
    *at_++ = '"';
  }
  template <std::size_t N>
  void name(const char (&key_and_quote)[N], std::string_view value) {
    literal(key_and_quote);
    at_ = put(at_, value);
    *at_++ = '"';
  }
  template <std::size_t N>
  void number(const char (&key)[N], std::int64_t value) {
    literal(key);
    at_ = write_digits(at_, std::clamp(value, -kIntegerMax, kIntegerMax));
  }
  template <std::size_t N>
  void count(const char (&key)[N], std::uint64_t value) {
    number(key, static_cast<std::int64_t>(std::min<std::uint64_t>(value, kIntegerMax)));
  }
  template <std::size_t N>
  void commitment(const char (&key_and_quote)[N], const Opening& opening) {
    if (opening.text.empty()) return;
    literal(key_and_quote);
    commitment_ = static_cast<std::size_t>(at_ - start_);
    std::memset(at_, 'A', kCommitmentTextSize);
    at_ += kCommitmentTextSize;
    *at_++ = '"';
  }
  void content() {
    if (kept_ == Kept::kWhole) literal(",\"content\":\"whole\"");
  }
  std::size_t finish() {
    *start_ = '{';
    *at_++ = '}';
    return static_cast<std::size_t>(at_ - start_);
  }
  std::size_t commitment_place() const { return commitment_; }

 private:
  char* start_;
  char* at_;
  Kept kept_;
  std::size_t commitment_ = kNoCommitment;
};

void write_members(const Intent& intent, Members& out) {
  out.text(",\"agent\":\"", intent.agent);
  out.text(",\"approval\":\"", intent.approval);
  out.commitment(",\"arguments\":\"", intent.arguments);
  out.text(",\"call\":\"", intent.call);
  out.content();
  out.name(",\"effect\":\"", name_of(intent.effect));
  out.literal(",\"kind\":\"intent\"");
  out.text(",\"parent\":\"", intent.parent);
  if (intent.policy_epoch != 0) out.count(",\"policy_epoch\":", intent.policy_epoch);
  out.text(",\"rule\":\"", intent.rule);
  out.text(",\"run\":\"", intent.run);
  out.number(",\"time_us\":", intent.time_us);
  out.text(",\"tool\":\"", intent.tool);
  out.text(",\"trace\":\"", intent.trace);
  out.literal(",\"v\":1");
  out.name(",\"verdict\":\"", name_of(intent.verdict));
}

void write_members(const Outcome& outcome, Members& out) {
  out.text(",\"agent\":\"", outcome.agent);
  if (outcome.bytes != 0) out.number(",\"bytes\":", outcome.bytes);
  out.text(",\"call\":\"", outcome.call);
  if (outcome.code != 0) out.number(",\"code\":", outcome.code);
  out.content();
  out.number(",\"duration_us\":", outcome.duration_us);
  if (outcome.exit_status != -1) out.number(",\"exit_status\":", outcome.exit_status);
  out.count(",\"intent\":", outcome.intent);
  out.literal(",\"kind\":\"outcome\"");
  out.commitment(",\"result\":\"", outcome.result);
  out.name(",\"status\":\"", name_of(outcome.status));
  out.number(",\"time_us\":", outcome.time_us);
  out.literal(",\"v\":1");
}

void write_members(const Refused& refused, Members& out) {
  out.text(",\"agent\":\"", refused.agent);
  out.commitment(",\"arguments\":\"", refused.arguments);
  out.text(",\"call\":\"", refused.call);
  if (refused.code != 0) out.number(",\"code\":", refused.code);
  out.content();
  out.count(",\"count\":", refused.count);
  out.literal(",\"kind\":\"refused\"");
  if (refused.policy_epoch != 0) out.count(",\"policy_epoch\":", refused.policy_epoch);
  out.text(",\"reason\":\"", refused.reason);
  out.text(",\"rule\":\"", refused.rule);
  out.text(",\"run\":\"", refused.run);
  out.text(",\"step\":\"", refused.step);
  out.number(",\"time_us\":", refused.time_us);
  out.text(",\"tool\":\"", refused.tool);
  out.literal(",\"v\":1");
}

void write_members(const Event& event, Members& out) {
  out.text(",\"agent\":\"", event.agent);
  out.content();
  out.commitment(",\"detail\":\"", event.detail);
  out.literal(",\"kind\":\"event\"");
  out.text(",\"name\":\"", event.name);
  out.text(",\"run\":\"", event.run);
  out.number(",\"time_us\":", event.time_us);
  out.literal(",\"v\":1");
}

}  // namespace

std::size_t encode_leaf_without_commitment(const Entry& entry, Kept kept, std::string& out) {
  const std::size_t start = out.size();
  std::size_t place = kNoCommitment;
  out.resize_and_overwrite(start + kLeafOctetsMax, [&](char* octets, std::size_t) {
    Members members(octets + start, kept);
    std::visit([&](const auto& kind) { write_members(kind, members); }, entry);
    place = members.commitment_place();
    return start + members.finish();
  });
  return place;
}

void write_commitment(const crypto::Digest& commitment, char* place) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < 30; i += 3) {
    const std::uint32_t group = (std::uint32_t{commitment[i]} << 16) | (std::uint32_t{commitment[i + 1]} << 8) |
                                std::uint32_t{commitment[i + 2]};
    *place++ = kAlphabet[group >> 18];
    *place++ = kAlphabet[(group >> 12) & 63];
    *place++ = kAlphabet[(group >> 6) & 63];
    *place++ = kAlphabet[group & 63];
  }
  const std::uint32_t rest = (std::uint32_t{commitment[30]} << 10) | (std::uint32_t{commitment[31]} << 2);
  *place++ = kAlphabet[rest >> 12];
  *place++ = kAlphabet[(rest >> 6) & 63];
  *place++ = kAlphabet[rest & 63];
}

const Opening& opening_of(const Entry& entry) {
  struct Visitor {
    const Opening& operator()(const Intent& intent) const { return intent.arguments; }
    const Opening& operator()(const Outcome& outcome) const { return outcome.result; }
    const Opening& operator()(const Refused& refused) const { return refused.arguments; }
    const Opening& operator()(const Event& event) const { return event.detail; }
  };
  return std::visit(Visitor{}, entry);
}

void encode_leaf(const Entry& entry, const crypto::Digest& commitment, std::string& out) {
  const std::size_t start = out.size();
  const std::size_t place = encode_leaf_without_commitment(entry, Kept::kAsOpened, out);
  if (place != kNoCommitment) write_commitment(commitment, out.data() + start + place);
}

crypto::Digest commitment(const Salt& salt, std::string_view opening) {
  return crypto::sha256({reinterpret_cast<const char*>(salt.data()), salt.size()}, opening);
}

crypto::Digest leaf_hash(std::string_view leaf) { return crypto::sha256(std::string_view("\0", 1), leaf); }

crypto::Digest node_hash(const crypto::Digest& left, const crypto::Digest& right) {
  char content[65];
  content[0] = 1;
  std::memcpy(content + 1, left.data(), 32);
  std::memcpy(content + 33, right.data(), 32);
  return crypto::sha256_fast({content, sizeof(content)});
}

}  // namespace agentos::recorder
