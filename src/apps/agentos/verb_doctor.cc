// agentos doctor: what this host can enforce and whether the program finds what it needs, each with its mend.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "client/place.h"
#include "lib/sandbox/launcher.h"

namespace agentos::cli {
namespace {

json::Value finding(std::string what, std::string state, std::string detail, std::string mend) {
  json::Object out;
  out["mechanism"] = std::move(what);
  out["state"] = std::move(state);
  out["detail"] = std::move(detail);
  out["mend"] = std::move(mend);
  return out;
}

json::Value finding_of(std::string what, const Result<std::string>& result) {
  if (result) return finding(std::move(what), "ok", *result, "");
  return finding(std::move(what), "missing", result.error().message, result.error().hint);
}

Result<std::string> writable_state(const Globals& globals) {
  std::string state = state_directory_of(globals);
  TRY(client::own_directory(state));
  if (::access(state.c_str(), W_OK | X_OK) != 0) return fail_errno(errno, "cannot write to " + state);
  return state;
}

json::Value kernel_finding(const Globals& globals) {
  auto reached = reach_kernel(globals, Start::kNever);
  if (reached) {
    return finding("running kernel", reached->hello.state == "running" ? "ok" : "limited",
                   reached->hello.version + ", " + reached->hello.state + ", at " + reached->socket, "");
  }
  if (reached.error().code == abi::error::no_kernel) {
    return finding("running kernel", "ok", "none now; a verb that needs one starts it", "");
  }
  return finding("running kernel", "missing", reached.error().message, reached.error().hint);
}

// What the running kernel says of its record; nothing without one.
std::optional<json::Value> record_finding(const Globals& globals) {
  auto reached = reach_kernel(globals, Start::kNever);
  if (!reached) return std::nullopt;
  const auto reply = reached->client->call(abi::MetricsRequest{});
  const json::Value* log = reply ? reply->metrics.find("log") : nullptr;
  if (log == nullptr) return std::nullopt;
  const std::string error(log->string_or("error", "")), signer(log->string_or("signer_error", ""));
  const std::string covered =
      fmt::format("{} of {} entries signed", log->int_or("signed", 0), log->int_or("entries", 0));
  if (!error.empty()) return finding("record", "missing", error, "mend the disk; recording resumes by itself");
  if (!signer.empty())
    return finding("record", "limited", covered + "; nothing is signed now: " + signer,
                   "the signer is started again by itself; when it does not come back, stop and start the kernel");
  return finding("record", "ok", covered, "");
}

}  // namespace

Result<int> verb_doctor(const Globals& globals) {
  json::Array findings;
  findings.push_back(finding_of("agentos-init", find_init_program()));
  findings.push_back(finding_of("agentos-parser", find_parser_program()));
  findings.push_back(finding_of("agentos-signer", find_signer_program()));
  findings.push_back(finding_of("agentos-egress", find_egress_program()));
  findings.push_back(finding_of("state directory", writable_state(globals)));
  findings.push_back(finding_of("socket", socket_of(globals)));
  findings.push_back(kernel_finding(globals));
  if (auto record = record_finding(globals)) findings.push_back(std::move(*record));
  const json::Value host = sandbox::host_report(find_init_program().value_or(""));
  if (host.is_array()) findings.insert(findings.end(), host.as_array().begin(), host.as_array().end());
  int missing = 0;
  for (const json::Value& one : findings) missing += one.string_or("state", "") == "missing" ? 1 : 0;
  if (globals.format == Format::kJson) {
    print_json(json::Value(std::move(findings)));
    return missing == 0 ? kExitOk : kExitFailure;
  }
  Table table({{"WHAT"}, {"STATE"}, {"DETAIL", Align::kLeft, Fit::kFlexible}});
  std::string mends;
  for (const json::Value& one : findings) {
    const std::string state(one.string_or("state", "?"));
    const Style style = state == "ok" ? Style::kGood : state == "limited" ? Style::kWarn : Style::kBad;
    table.add({std::string(one.string_or("mechanism", "?")), {state, style}, std::string(one.string_or("detail", ""))});
    if (const std::string_view mend = one.string_or("mend", ""); !mend.empty() && state != "ok") {
      mends += "  " + printable(one.string_or("mechanism", "?")) + ": " + printable(mend) + "\n";
    }
  }
  print_table(table);
  if (!mends.empty()) print("\nto mend:\n" + mends);
  return missing == 0 ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
