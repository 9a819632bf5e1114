// Two sources, one order: first what was kept, then the chunk at hand.
#include "server/unix_door/line_splitter.h"

#include "abi/rpc.h"

namespace agentos::unix_door {
namespace {

constexpr std::size_t kLineBytesMax = abi::rpc::kLineBytesMax;
constexpr std::size_t kKeepBytes = 1024;  // capacity kept while nothing is

std::string_view without_return(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

void LineSplitter::feed(std::string_view chunk) {
  settle();
  chunk_ = chunk;
  fed_ += chunk.size();
}

LineSplitter::Step LineSplitter::next(std::string_view& line) {
  if (skipping_ && !skip_to_line_end()) return Step::kNeedMore;
  line_begin_ = fed_ - kept_bytes();
  const Step step = kept_at_ < kept_.size() ? from_kept(line) : from_chunk(line);
  line_end_ = fed_ - kept_bytes();
  return step;
}

bool LineSplitter::skip_to_line_end() {
  searched_ = 0;
  const std::size_t in_kept = kept_.find('\n', kept_at_);
  kept_at_ = in_kept == std::string::npos ? kept_.size() : in_kept + 1;
  if (in_kept == std::string::npos) {
    const std::size_t in_chunk = chunk_.find('\n');
    chunk_.remove_prefix(in_chunk == std::string_view::npos ? chunk_.size() : in_chunk + 1);
    if (in_chunk == std::string_view::npos) return false;
  }
  skipping_ = false;
  return true;
}

LineSplitter::Step LineSplitter::from_kept(std::string_view& line) {
  std::size_t end = kept_.find('\n', kept_at_ + searched_);
  if (end == std::string::npos) {  // the line goes on in the chunk: bring over as much as belongs to it
    searched_ = kept_.size() - kept_at_;
    const std::size_t in_chunk = chunk_.find('\n');
    const std::size_t wanted = in_chunk == std::string_view::npos ? chunk_.size() : in_chunk + 1;
    if (searched_ + wanted > kLineBytesMax + 2) {
      std::string().swap(kept_);
      kept_at_ = searched_ = 0;
      skipping_ = true;
      return Step::kTooLong;
    }
    kept_.append(chunk_.substr(0, wanted));
    chunk_.remove_prefix(wanted);
    if (in_chunk == std::string_view::npos) {
      searched_ = kept_.size() - kept_at_;
      return Step::kNeedMore;
    }
    end = kept_.size() - 1;
  }
  line = without_return(std::string_view(kept_).substr(kept_at_, end - kept_at_));
  kept_at_ = end + 1;
  searched_ = 0;
  return line.size() > kLineBytesMax ? Step::kTooLong : Step::kLine;
}

LineSplitter::Step LineSplitter::from_chunk(std::string_view& line) {
  const std::size_t end = chunk_.find('\n');
  if (end == std::string_view::npos) {
    if (chunk_.size() <= kLineBytesMax + 2) return Step::kNeedMore;
    chunk_ = {};
    skipping_ = true;
    return Step::kTooLong;
  }
  line = without_return(chunk_.substr(0, end));
  chunk_.remove_prefix(end + 1);
  return line.size() > kLineBytesMax ? Step::kTooLong : Step::kLine;
}

void LineSplitter::settle() {
  if (kept_at_ == kept_.size()) {
    kept_at_ = searched_ = 0;
    if (kept_.capacity() > kKeepBytes) {
      std::string(chunk_).swap(kept_);
    } else {
      kept_.assign(chunk_);
    }
  } else {
    kept_.erase(0, kept_at_);
    kept_at_ = 0;
    kept_.append(chunk_);
  }
  chunk_ = {};
}

}  // namespace agentos::unix_door
