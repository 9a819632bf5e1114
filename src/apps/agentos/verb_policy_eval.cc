// agentos policy eval --batch: decisions of the original's documents, a JSON request a line in and a decision a line
// out.
//
// Every line in gives one line out, in order, also when it cannot be read. Works without a kernel.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <unordered_map>

#include "apps/agentos/report.h"
#include "apps/agentos/verbs.h"
#include "base/io/fd.h"
#include "lib/policy/original/original.h"

namespace agentos::cli {
namespace {

using policy::original::Documents;

constexpr std::size_t kLineOctetsMax = 4 << 20;
constexpr std::size_t kReadOctets = 256 * 1024;
constexpr std::size_t kPendingOctetsMax = 1 << 20;  // answers held back while there is more to read
constexpr std::size_t kCompiledSetsMax = 256;
constexpr json::ParseLimits kLimits{.bytes_max = kLineOctetsMax, .depth_max = 64, .values_max = 1'000'000};

// The sets used last, by their canonical text: a batch asks the same documents again and again.
class CompiledSets {
 public:
  Result<std::shared_ptr<const Documents>> of(const json::Value& list) {
    json::write(list, key_);
    if (const auto found = by_text_.find(key_); found != by_text_.end()) {
      used_.splice(used_.begin(), used_, found->second);
      key_.clear();
      return used_.front().second;
    }
    auto compiled = Documents::compile(list);
    if (compiled) {
      if (used_.size() == kCompiledSetsMax) {
        by_text_.erase(used_.back().first);
        used_.pop_back();
      }
      used_.emplace_front(key_, *compiled);
      by_text_.emplace(used_.front().first, used_.begin());
    }
    key_.clear();
    return compiled;
  }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const Documents>>;
  std::list<Entry> used_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
  std::string key_;
};

class Batch {
 public:
  // One line without its newline.
  void answer(std::string_view line) {
    ++line_number_;
    if (Status status = decide(line); !status) report(std::move(status).error());
    if (pending_.size() >= kPendingOctetsMax) flush();
  }
  void answer_too_long() {
    ++line_number_;
    report({ErrorCode::kTooLarge, fmt::format("longer than {} octets", kLineOctetsMax), "split the batch"});
  }
  void flush() {
    if (!pending_.empty()) print(pending_);
    pending_.clear();
  }
  int exit_code() const { return unread_ == 0 ? kExitOk : kExitInvalid; }

 private:
  Status decide(std::string_view line) {
    const json::Value request = TRY(json::parse(line, kLimits));
    const json::Value* documents = request.find("documents");
    const json::Value* context = request.find("context");
    if (documents == nullptr || context == nullptr || !context->is_object()) {
      return fail(ErrorCode::kInvalidArgument, "not a request", "a line is {\"documents\": [...], \"context\": {...}}");
    }
    const auto compiled = TRY(sets_.of(*documents));
    const policy::original::Answer answer = compiled->decide(*context);
    pending_ += answer.allowed ? "{\"allowed\":true,\"action\":" : "{\"allowed\":false,\"action\":";
    json::write_string(action_name(answer.action), pending_);
    pending_ += ",\"matched_rule\":";
    if (answer.matched_rule) {
      json::write_string(*answer.matched_rule, pending_);
    } else {
      pending_ += "null";
    }
    pending_ += ",\"reason\":";
    json::write_string(answer.reason, pending_);
    pending_ += "}\n";
    return {};
  }

  void report(Error error) {
    ++unread_;
    error.message = fmt::format("line {}: {}", line_number_, error.message);
    pending_ += "{\"error\":";
    json::write_string(json::to_valid_utf8(error.message), pending_);
    pending_ += "}\n";
    flush();
    print_error(error);
  }

  CompiledSets sets_;
  std::string pending_;
  std::size_t line_number_ = 0;
  std::size_t unread_ = 0;
};

// Lines of a descriptor; answers are written before every wait for more.
Status answer_lines(int descriptor, Batch& batch) {
  std::string text;
  std::string buffer(kReadOctets, '\0');
  bool skipping = false;  // the rest of a line too long
  for (;;) {
    batch.flush();
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno(errno, "cannot read the batch");
    if (size == 0) break;
    std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      if (!skipping && text.empty()) {
        batch.answer(rest.substr(0, end));
      } else if (!skipping) {
        batch.answer(text.append(rest.substr(0, end)));
      }
      text.clear();
      skipping = false;
      rest.remove_prefix(end + 1);
    }
    if (!skipping) text.append(rest);
    if (text.size() <= kLineOctetsMax) continue;
    batch.answer_too_long();
    text.clear();
    skipping = true;
  }
  if (!text.empty()) batch.answer(text);
  batch.flush();
  return {};
}

}  // namespace

Result<int> verb_policy_eval(const Globals&, const PolicyOptions& options) {
  Batch batch;
  if (options.batch == "-") {
    TRY(answer_lines(STDIN_FILENO, batch));
    return batch.exit_code();
  }
  const io::Fd file(::open(options.batch.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail_errno(errno, "cannot open " + options.batch);
  TRY(answer_lines(file.get(), batch));
  return batch.exit_code();
}

}  // namespace agentos::cli
