// Octets from outside: a line, its message, its request. What is taken reads back as itself; what is refused says why.
#include "abi/rpc.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "abi/table.h"
#include "base/error.h"

namespace {

using namespace agentos;

// Known calls: decoding and encoding again must come to rest after one round.
void check_request(const abi::Row& row, const json::Value& params) {
  const auto first = row.request.make();
  const Status status = row.request.decode(params, first.get());
  if (!status) {
    CHECK(!status.error().message.empty() && json::valid_utf8(status.error().message));
    return;
  }
  std::string encoded;
  row.request.encode(first.get(), encoded);
  const auto parsed = json::parse(encoded, {.bytes_max = 8 << 20});
  CHECK(parsed.has_value());
  CHECK(json::write_canonical(*parsed) == encoded);
  const auto second = row.request.make();
  CHECK(row.request.decode(*parsed, second.get()).has_value());
  std::string again;
  row.request.encode(second.get(), again);
  CHECK(again == encoded);
}

void check_written(const abi::rpc::Message& message) {
  std::string line;
  if (message.kind == abi::rpc::Message::Kind::kResponse) {
    if (message.is_error) CHECK(json::valid_utf8(abi::rpc::error_of(message.error).message));
    return;
  }
  abi::rpc::write_request(line, message.id, message.method, json::write(message.params));
  CHECK(line.find('\n') == line.size() - 1);
  line.pop_back();
  const auto again = abi::rpc::parse(line);
  if (!again) {
    CHECK(again.error().error.code == abi::error::too_large);  // escapes may take more room than they did
    return;
  }
  CHECK(again->id == message.id && again->method == message.method && again->params == message.params);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(octets), size);
  const auto message = abi::rpc::parse(line);
  if (!message) {
    std::string answer;
    abi::rpc::write_error(answer, message.error().id, message.error().error);
    CHECK(answer.find('\n') == answer.size() - 1 && json::valid_utf8(answer));
    return 0;
  }
  check_written(*message);
  if (message->kind != abi::rpc::Message::Kind::kRequest) return 0;
  if (const abi::Row* row = abi::find_row(message->method)) check_request(*row, message->params);
  return 0;
}
