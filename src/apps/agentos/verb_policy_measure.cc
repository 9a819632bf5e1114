// agentos policy bench: decisions a second and the latency of one, for documents and requests of one's own.
#include <fmt/format.h>

#include <cmath>

#include "apps/agentos/documents.h"
#include "apps/agentos/lines.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/report.h"
#include "lib/policy/tools/bench.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/test_document.h"

namespace agentos::cli {
namespace {

using Requests = std::vector<std::unique_ptr<const policy::tools::StatedRequest>>;

constexpr std::size_t kRequestsMax = 100'000;

// Requests of a file; the first that is wrong ends it.
class RequestLines final : public Lines {
 public:
  RequestLines(const policy::tools::PolicySet& set, Requests& requests) : set_(set), requests_(requests) {}
  void line(std::string_view text) override {
    ++number_;
    if (!status_ || text.empty()) return;
    if (requests_.size() == kRequestsMax) {
      status_ = fail(abi::error::invalid_policy, fmt::format("more than {} requests", kRequestsMax), "split the file");
      return;
    }
    auto stated = json::parse(text, {.bytes_max = kLineOctetsMax, .depth_max = 64});
    auto request = stated ? set_.read(*stated) : std::unexpected<Error>(stated.error());
    if (!request) {
      status_ = fail(abi::error::invalid_policy, fmt::format("line {}: {}", number_, request.error().message),
                     request.error().hint);
      return;
    }
    requests_.push_back(std::move(*request));
  }
  void line_too_long() override {
    if (status_) status_ = fail(ErrorCode::kTooLarge, fmt::format("line {} is too long", number_ + 1));
  }
  void pause() override {}
  Status status() const { return status_; }

 private:
  const policy::tools::PolicySet& set_;
  Requests& requests_;
  std::size_t number_ = 0;
  Status status_;
};

Status add_requests_of_test(const std::string& file, const policy::tools::PolicySet& set, Requests& requests) {
  const abi::Document document = TRY(read_document(file));
  const auto test = policy::tools::read_policy_test(document.text, file);
  if (!test) return invalid(test.error());
  for (const policy::tools::TestCase& one : test->cases) {
    auto request = set.read(one.request);
    if (!request) {
      return fail(abi::error::invalid_policy, fmt::format("{}:{}: {}", file, one.mark.line, request.error().message),
                  request.error().hint);
    }
    requests.push_back(std::move(*request));
  }
  return {};
}

}  // namespace

Result<int> verb_policy_bench(const Globals& globals, const PolicyOptions& options) {
  const policy::tools::PolicySet set = TRY(policy_set_of(globals, options, options.files));
  Requests requests;
  for (const std::string& file : options.tests) TRY(add_requests_of_test(file, set, requests));
  if (!options.batch.empty()) {
    RequestLines lines(set, requests);
    TRY(each_line(options.batch, lines));
    TRY(lines.status());
  }
  if (!options.request.empty()) {
    auto request = set.read(TRY(stated_request(options)));
    if (!request) return invalid(request.error());
    requests.push_back(std::move(*request));
  }
  if (requests.empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no request to decide", "add --test, --batch or --request");
  }
  const policy::tools::BenchResult result = policy::tools::bench(*set.program, requests, options.seconds);
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"requests", static_cast<std::int64_t>(requests.size())},
                            {"decisions", result.decisions},
                            {"decisions_per_second", std::round(result.per_second)},
                            {"p50_ns", std::round(result.p50_ns)},
                            {"p99_ns", std::round(result.p99_ns)},
                            {"clock_ns", std::round(result.clock_ns)}});
  } else {
    print(fmt::format(
        "{} requests, {} decisions: {:.0f} a second, p50 {:.0f} ns, p99 {:.0f} ns (clock's {:.0f} ns taken "
        "off)\n",
        requests.size(), result.decisions, result.per_second, result.p50_ns, result.p99_ns, result.clock_ns));
  }
  return kExitOk;
}

}  // namespace agentos::cli
