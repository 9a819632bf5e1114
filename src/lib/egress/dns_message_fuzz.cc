// No message turns in circles; a question that is read can be answered, and the answer is read.
#include "lib/egress/dns_message.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  (void)read_dns_answer(text, size > 1 ? static_cast<std::uint16_t>(octets[0] << 8 | octets[1]) : 0, "a.example",
                        DnsType::kA);
  const auto question = read_dns_query(text);
  if (!question || question->name.empty() || question->type != 1) return 0;
  const agentos::net::IpAddress address = agentos::net::IpAddress::v4(1);
  const std::string answer = answer_dns(*question, DnsCode::kNoError, &address);
  if (answer.size() > kDnsMessageBytesMax) return 0;
  if (const auto again = read_dns_answer(answer, question->id, question->name, DnsType::kA);
      again && again->addresses.size() != 1) {
    std::abort();
  }
  return 0;
}
