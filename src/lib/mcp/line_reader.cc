// See line_reader.h.
#include "lib/mcp/line_reader.h"

#include <algorithm>

namespace agentos::mcp {

void LineReader::skip(std::string_view octets) {
  skipped_bytes_ += octets.size();
  tail_ += octets.substr(octets.size() - std::min(octets.size(), kEdgeBytes));
  if (tail_.size() > kEdgeBytes) tail_.erase(0, tail_.size() - kEdgeBytes);
}

void LineReader::feed(std::string_view chunk) {
  if (read_ > 0) {
    kept_.erase(0, read_);
    searched_ -= std::min(searched_, read_);
    read_ = 0;
  }
  if (skipping_) {
    const std::size_t end = chunk.find('\n');
    skip(chunk.substr(0, end));
    if (end == std::string_view::npos) return;
    skipping_ = false;
    skipped_ = true;
    chunk.remove_prefix(end + 1);
  }
  kept_ += chunk;
}

LineReader::Step LineReader::next(std::string_view& line) {
  if (skipped_) {
    skipped_ = false;
    return Step::kTooLong;
  }
  for (;;) {
    const std::size_t end = kept_.find('\n', std::max(read_, searched_));
    if (end == std::string::npos) {
      searched_ = kept_.size();
      if (kept_.size() - read_ <= line_bytes_max_) return Step::kNeedMore;
      head_.assign(kept_, read_, kEdgeBytes);
      tail_.clear();
      skipped_bytes_ = 0;
      skip(std::string_view(kept_).substr(read_));
      kept_.clear();
      kept_.shrink_to_fit();
      read_ = searched_ = 0;
      skipping_ = true;
      return Step::kNeedMore;
    }
    line = std::string_view(kept_).substr(read_, end - read_);
    read_ = searched_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.size() <= line_bytes_max_) return Step::kLine;
    head_ = line.substr(0, kEdgeBytes);
    tail_.clear();
    skipped_bytes_ = 0;
    skip(line);
    return Step::kTooLong;
  }
}

}  // namespace agentos::mcp
