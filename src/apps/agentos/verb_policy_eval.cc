// agentos policy eval: requests decided by documents, without a kernel. One request gives its decision and an exit
// code; a batch gives a decision a line, in order, also for a line that cannot be read.
#include <fmt/format.h>

#include "apps/agentos/lines.h"
#include "apps/agentos/outline.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/report.h"
#include "lib/policy/rule.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kPendingOctetsMax = 1 << 20;  // answers held back while there is more to read

class NativeBatch final : public Lines {
 public:
  explicit NativeBatch(const policy::tools::PolicySet& set) : set_(set) {}

  void line(std::string_view text) override {
    ++line_number_;
    auto stated = json::parse(text, {.bytes_max = kLineOctetsMax, .depth_max = 64, .values_max = 1'000'000});
    if (!stated) return report(stated.error());
    const auto request = set_.read(*stated);
    if (!request) return report(request.error());
    json::write(json::Value(policy::tools::to_json(set_.program->decide((*request)->request()))), pending_);
    pending_ += '\n';
    if (pending_.size() >= kPendingOctetsMax) pause();
  }
  void line_too_long() override {
    ++line_number_;
    report({ErrorCode::kTooLarge, fmt::format("longer than {} octets", kLineOctetsMax), "split the batch"});
  }
  void pause() override {
    if (!pending_.empty()) print(pending_);
    pending_.clear();
  }
  int exit_code() const { return unread_ == 0 ? kExitOk : kExitInvalid; }

 private:
  void report(Error error) {
    ++unread_;
    error.message = fmt::format("line {}: {}", line_number_, error.message);
    json::write(json::Value(json::Object{{"error", json::to_valid_utf8(error.message)}}), pending_);
    pending_ += '\n';
    pause();
    print_error(error);
  }

  const policy::tools::PolicySet& set_;
  std::string pending_;
  std::size_t line_number_ = 0;
  std::size_t unread_ = 0;
};

}  // namespace

Result<int> verb_policy_eval(const Globals& globals, const PolicyOptions& options) {
  if (options.files.empty()) {
    if (!options.batch.empty()) return evaluate_originals(options.batch);
    return fail(ErrorCode::kInvalidArgument, "there is no document to decide by",
                "agentos policy eval rules.yaml --request '{\"call\": \"read\", \"path\": \"/state/a\"}'");
  }
  const policy::tools::PolicySet set = TRY(policy_set_of(globals, options, options.files));
  if (!options.batch.empty()) {
    NativeBatch batch(set);
    TRY(each_line(options.batch, batch));
    return batch.exit_code();
  }
  const json::Value stated = TRY(stated_request(options));
  const auto request = set.read(stated);
  if (!request) return invalid(request.error());
  const policy::Decision decision = set.program->decide((*request)->request());
  const json::Value shown = policy::tools::to_json(decision);
  if (globals.format == Format::kJson) {
    print_json(shown);
  } else {
    print(outline(shown));
  }
  return exit_code_of(decision.verdict);
}

}  // namespace agentos::cli
