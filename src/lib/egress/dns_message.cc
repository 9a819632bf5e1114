// Names are read with every pointer going backwards and counted, so no message can turn in circles.
#include "lib/egress/dns_message.h"

#include <array>
#include <span>

#include "lib/canonical/host.h"

namespace agentos::egress {
namespace {

constexpr std::size_t kHeader = 12, kLabelMax = 63, kNameMax = 253;
constexpr std::uint16_t kResponse = 0x8000, kRecursionDesired = 0x0100, kRecursionAvailable = 0x0080;
constexpr std::uint16_t kTruncated = 0x0200, kOpcode = 0x7800, kCode = 0x000f, kInternet = 1;
constexpr std::uint32_t kStubSeconds = 30;

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}
  std::size_t at() const { return at_; }

  Result<std::uint16_t> number() {
    if (at_ + 2 > message_.size()) return ends();
    const auto value = static_cast<std::uint16_t>(octet(at_) << 8 | octet(at_ + 1));
    at_ += 2;
    return value;
  }
  Result<std::string_view> take(std::size_t size) {
    if (size > message_.size() - at_) return ends();
    const std::string_view out = message_.substr(at_, size);
    at_ += size;
    return out;
  }
  // Lower case, without the last dot.
  Result<std::string> name() {
    std::string out;
    std::size_t place = at_, bound = at_;
    bool moved = false;
    for (std::size_t pointers = 0;;) {
      if (place >= message_.size()) return ends();
      const std::uint8_t size = octet(place);
      if (size == 0) {
        if (!moved) at_ = place + 1;
        return out;
      }
      if (size >= 0xc0) {
        if (place + 2 > message_.size()) return ends();
        const std::size_t target = std::size_t{size & 0x3fU} << 8 | octet(place + 1);
        if (target >= bound || ++pointers > kDnsPointersMax) return bad("a DNS name turns in circles");
        if (!moved) at_ = place + 2;
        moved = true;
        place = bound = target;
        continue;
      }
      if (size > kLabelMax) return bad("a DNS label is too long");
      if (place + 1 + size > message_.size()) return ends();
      if (!out.empty()) out += '.';
      for (const char c : message_.substr(place + 1, size)) {
        if (c == '.' || c == '\0') return bad("a DNS label has an octet no host name has");
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      }
      if (out.size() > kNameMax) return bad("a DNS name is too long");
      place += 1 + std::size_t{size};
    }
  }

 private:
  static std::unexpected<Error> bad(const char* what) { return fail(ErrorCode::kMalformed, what); }
  static std::unexpected<Error> ends() { return bad("the DNS message ends in the middle"); }
  std::uint8_t octet(std::size_t at) const { return static_cast<std::uint8_t>(message_[at]); }

  std::string_view message_;
  std::size_t at_ = 0;
};

void put(std::string& out, std::uint32_t value, int octets) {
  for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

struct Counts {
  std::uint16_t id = 0, flags = 0, questions = 0, answers = 0;
};

Result<Counts> read_header(Reader& reader) {
  Counts out;
  out.id = TRY(reader.number());
  out.flags = TRY(reader.number());
  out.questions = TRY(reader.number());
  out.answers = TRY(reader.number());
  TRY(reader.number());
  TRY(reader.number());
  return out;
}

struct Record {
  std::string owner;
  std::uint16_t type = 0;
  std::string_view content;
  std::string alias;  // of kAlias
};

Result<Record> read_record(Reader& reader) {
  Record out;
  out.owner = TRY(reader.name());
  out.type = TRY(reader.number());
  const std::uint16_t of_class = TRY(reader.number());
  TRY(reader.take(4));
  const std::uint16_t size = TRY(reader.number());
  if (of_class != kInternet) out.type = 0;
  if (out.type != static_cast<std::uint16_t>(DnsType::kAlias)) {
    out.content = TRY(reader.take(size));
    return out;
  }
  const std::size_t start = reader.at();
  out.alias = TRY(reader.name());
  if (reader.at() != start + size) return fail(ErrorCode::kMalformed, "a DNS alias is not as long as it says");
  return out;
}

template <std::size_t kSize>
net::IpAddress address_of(std::string_view content) {
  std::array<std::uint8_t, kSize> raw{};
  for (std::size_t i = 0; i < kSize; ++i) raw[i] = static_cast<std::uint8_t>(content[i]);
  return net::IpAddress::from_octets(std::span<const std::uint8_t, kSize>(raw)).unmapped();
}

void take_addresses(const std::vector<Record>& records, std::string owner, DnsType type, DnsAnswer& out) {
  for (std::size_t alias = 0; alias <= kAliasesMax; ++alias) {
    const std::string* next = nullptr;
    for (const Record& record : records) {
      if (record.owner != owner) continue;
      if (record.type == static_cast<std::uint16_t>(DnsType::kAlias)) next = &record.alias;
      if (record.type != static_cast<std::uint16_t>(type) || out.addresses.size() >= kAddressesMax) continue;
      if (type == DnsType::kA && record.content.size() == 4) out.addresses.push_back(address_of<4>(record.content));
      if (type == DnsType::kAaaa && record.content.size() == 16)
        out.addresses.push_back(address_of<16>(record.content));
    }
    if (next == nullptr || !out.addresses.empty()) return;
    owner = *next;
  }
}

}  // namespace

Result<DnsQuestion> read_dns_query(std::string_view message) {
  if (message.size() > kDnsMessageBytesMax) return fail(ErrorCode::kMalformed, "the DNS query is too long");
  Reader reader(message);
  const Counts counts = TRY(read_header(reader));
  if ((counts.flags & (kResponse | kOpcode)) != 0 || counts.questions != 1) {
    return fail(ErrorCode::kMalformed, "not a DNS query with one question");
  }
  DnsQuestion out;
  out.id = counts.id;
  out.flags = counts.flags;
  const std::string name = TRY(reader.name());
  out.type = TRY(reader.number());
  if (TRY(reader.number()) != kInternet) return fail(ErrorCode::kMalformed, "the DNS query is not about the internet");
  out.section = message.substr(kHeader, reader.at() - kHeader);
  if (const auto host = canonical::read_host(name); host && !host->is_ip()) out.name = host->text();
  return out;
}

std::string answer_dns(const DnsQuestion& question, DnsCode code, const net::IpAddress* address) {
  std::string out;
  put(out, question.id, 2);
  put(out, kResponse | (question.flags & kRecursionDesired) | kRecursionAvailable | static_cast<std::uint32_t>(code),
      2);
  put(out, 1, 2);
  put(out, address != nullptr ? 1 : 0, 2);
  put(out, 0, 4);
  out += question.section;
  if (address == nullptr) return out;
  put(out, 0xc000 | kHeader, 2);
  put(out, static_cast<std::uint32_t>(DnsType::kA), 2);
  put(out, kInternet, 2);
  put(out, kStubSeconds, 4);
  put(out, 4, 2);
  put(out, static_cast<std::uint32_t>(address->low()), 4);
  return out;
}

std::string write_dns_query(std::uint16_t id, std::string_view name, DnsType type) {
  std::string out;
  put(out, id, 2);
  put(out, kRecursionDesired, 2);
  put(out, 1, 2);
  put(out, 0, 2);
  put(out, 0, 4);
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
  }
  out += '\0';
  put(out, static_cast<std::uint32_t>(type), 2);
  put(out, kInternet, 2);
  return out;
}

Result<DnsAnswer> read_dns_answer(std::string_view message, std::uint16_t id, std::string_view name, DnsType type) {
  Reader reader(message.substr(0, kDnsMessageBytesMax));
  const Counts counts = TRY(read_header(reader));
  if (counts.id != id || (counts.flags & kResponse) == 0 || (counts.flags & kOpcode) != 0 || counts.questions != 1) {
    return fail(ErrorCode::kMalformed, "not the answer to the DNS query");
  }
  const std::string asked = TRY(reader.name());
  if (asked != name || TRY(reader.number()) != static_cast<std::uint16_t>(type) || TRY(reader.number()) != kInternet) {
    return fail(ErrorCode::kMalformed, "the DNS answer is about another question");
  }
  DnsAnswer out;
  out.code = static_cast<DnsCode>(counts.flags & kCode);
  out.truncated = (counts.flags & kTruncated) != 0;
  if (out.code != DnsCode::kNoError || out.truncated) return out;
  std::vector<Record> records;
  for (std::size_t i = 0; i < counts.answers && i < kDnsRecordsMax; ++i) records.push_back(TRY(read_record(reader)));
  take_addresses(records, std::string(name), type, out);
  return out;
}

}  // namespace agentos::egress
