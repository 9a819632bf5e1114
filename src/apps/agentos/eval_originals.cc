// agentos policy eval --batch without documents: decisions of the original's documents, a JSON request a line in and a
// decision a line out.
//
// Every line in gives one line out, in order, also when it cannot be read. Works without a kernel.
#include <fmt/format.h>

#include <list>
#include <unordered_map>

#include "apps/agentos/lines.h"
#include "apps/agentos/report.h"
#include "apps/agentos/verbs.h"
#include "lib/policy/original/original.h"

namespace agentos::cli {
namespace {

using policy::original::Documents;

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

class Batch final : public Lines {
 public:
  // One line without its newline.
  void line(std::string_view line) override {
    ++line_number_;
    if (Status status = decide(line); !status) report(std::move(status).error());
    if (pending_.size() >= kPendingOctetsMax) flush();
  }
  void line_too_long() override {
    ++line_number_;
    report({ErrorCode::kTooLarge, fmt::format("longer than {} octets", kLineOctetsMax), "split the batch"});
  }
  void pause() override { flush(); }
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

}  // namespace

Result<int> evaluate_originals(const std::string& file) {
  Batch batch;
  TRY(each_line(file, batch));
  return batch.exit_code();
}

}  // namespace agentos::cli
