// Content changes charge first and act second, so a refused change leaves no trace; capacity follows size, so that a
// shrunken file cannot hold on to memory nobody is charged for.
#include "lib/vfs/fs/memory/node.h"

#include <algorithm>

#include <fmt/format.h>

namespace agentos::vfs::memory {
namespace {
// A file may keep this much, or a quarter of its capacity unused, before memory is given back.
constexpr std::size_t kSlackBytes = 4096;
constexpr std::int64_t kPoolStep = 64 << 10;  // a small change asks no pool
}  // namespace

Status Ledger::charge(std::int64_t bytes_more, std::int64_t nodes_more) {
  if (bytes_more > 0 && bytes_more > limits.bytes_max - bytes) [[unlikely]] {
    return fail(ErrorCode::kNoSpace,
                fmt::format("{} octets more do not fit: {} of {} are used", bytes_more, bytes, limits.bytes_max),
                "unlink what is no longer needed");
  }
  if (nodes_more > 0 && nodes_more > limits.nodes_max - nodes) [[unlikely]] {
    return fail(ErrorCode::kNoSpace, fmt::format("{} of {} files and directories are used", nodes, limits.nodes_max),
                "unlink what is no longer needed");
  }
  TRY(share(bytes + bytes_more));
  bytes += bytes_more;
  nodes += nodes_more;
  return {};
}

Status Ledger::share(std::int64_t bytes_wanted) {
  if (limits.pool == nullptr) return {};
  const std::int64_t wanted = (bytes_wanted + kPoolStep - 1) / kPoolStep * kPoolStep;
  if (wanted > taken) {
    if (!limits.pool->take(wanted - taken)) {
      return fail(ErrorCode::kNoSpace, "what agents of one family may hold in memory is used up",
                  "unlink files or read pipes, also of parents and children");
    }
    taken = wanted;
  } else if (taken - wanted > kPoolStep) {
    limits.pool->give(taken - wanted - kPoolStep);
    taken = wanted + kPoolStep;
  }
  return {};
}

Node::Node(NodeKind kind, Ledger* ledger, std::int64_t now_us)
    : ledger_(ledger), created_us_(now_us), modified_us_(now_us), kind_(kind) {}

Node::~Node() {
  if (ledger_ != nullptr) --ledger_->nodes;
}

File::~File() {
  ledger()->bytes -= size();
  ledger()->give_back();
}

std::string File::read_at(std::int64_t offset, std::int64_t size) const {
  const auto start = static_cast<std::size_t>(offset);
  if (start >= content_.size()) return {};
  return content_.substr(start, size < 0 ? std::string::npos : static_cast<std::size_t>(size));
}

Status File::resize_charge(std::int64_t size_new, Charged charged) {
  const std::int64_t bound = ledger()->limits.file_bytes_max;
  if (size_new > bound && size_new > size()) [[unlikely]] {
    return fail(ErrorCode::kTooLarge, fmt::format("the file would have {} octets", size_new),
                fmt::format("a file has at most {} octets; split it", bound));
  }
  const std::int64_t growth = size_new - size();
  if (charged == Charged::kWithinLimits) return ledger()->charge(growth, 0);
  ledger()->bytes += growth;
  return {};
}

void File::give_back_capacity() {
  if (content_.capacity() > kSlackBytes && content_.capacity() / 4 > content_.size()) content_.shrink_to_fit();
}

Status File::replace(std::string_view content, Charged charged) {
  if (content.size() != content_.size()) {
    TRY(resize_charge(static_cast<std::int64_t>(content.size()), charged));
  }
  content_.assign(content);
  give_back_capacity();
  return {};
}

Status File::write_at(std::int64_t offset, std::string_view content) {
  if (content.empty()) return {};
  std::int64_t end = 0;
  if (__builtin_add_overflow(offset, static_cast<std::int64_t>(content.size()), &end)) {
    return fail(ErrorCode::kTooLarge, "the end of the write is beyond any file", "use a smaller offset");
  }
  if (end > size()) {
    TRY(resize_charge(end, Charged::kWithinLimits));
    if (offset >= size()) {
      content_.resize(static_cast<std::size_t>(offset));
      content_.append(content);
      return {};
    }
    content_.resize(static_cast<std::size_t>(end));
  }
  content_.replace(static_cast<std::size_t>(offset), content.size(), content);
  return {};
}

Node* Directory::find(std::string_view name) const {
  const auto found = entries.find(name);
  return found == entries.end() ? nullptr : found->second.get();
}

}  // namespace agentos::vfs::memory
