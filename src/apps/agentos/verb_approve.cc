// agentos approve ls|show|grant|deny: calls that wait for a person.
#include "apps/agentos/outline.h"
#include "apps/agentos/pin_diff.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/clock.h"

namespace agentos::cli {
namespace {

Result<abi::ApprovalEntry> find_approval(client::Client& client, const std::string& id) {
  const abi::ApprovalsReply reply = TRY(client.call(abi::ApprovalsRequest{}));
  for (const abi::ApprovalEntry& entry : reply.approvals) {
    if (entry.approval == id) return entry;
  }
  return fail(ErrorCode::kNotFound, "no approval " + id + " is waiting", "agentos approve ls lists them");
}

// Of an approval of drift, what would be accepted; empty when it is no longer that.
Result<std::string> drift_of(client::Client& client, const abi::ApprovalEntry& entry) {
  const auto wanted = entry.call == abi::row_of(abi::Call::kPinDecide).name ? json::parse(entry.preview)
                                                                            : Result<json::Value>(json::Value());
  if (!wanted || !wanted->is_object()) return std::string();
  const abi::PinsReply pins =
      TRY(client.call(abi::PinsRequest{.server = std::string(wanted->string_or("server", ""))}));
  if (pins.pins.empty() || pins.pins[0].offered != wanted->string_or("digest", "")) return std::string();
  return pin_diff(pins.pins[0].differences);
}

enum class Answer : std::uint8_t { kGrant, kDeny };

Result<int> answer(const Globals& globals, const ApproveOptions& options, Answer answer) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  abi::ApproveRequest request;
  request.approval = options.approval;
  request.granted = answer == Answer::kGrant;
  // Bound to what was seen: the digest given, or the one that is waiting now.
  request.digest = options.digest;
  if (request.digest.empty()) request.digest = TRY(find_approval(*reached.client, options.approval)).digest;
  request.reason = options.reason;
  TRY(reached.client->call(request));
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"approval", options.approval}, {"granted", request.granted}});
  } else {
    print(printable(options.approval) + (request.granted ? " granted\n" : " denied\n"));
  }
  return kExitOk;
}

}  // namespace

Result<int> verb_approve_ls(const Globals& globals, const ApproveOptions&) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::ApprovalsReply reply = TRY(reached.client->call(abi::ApprovalsRequest{}));
  if (globals.format == Format::kJson) {
    print_json(*to_json(abi::row_of(abi::Call::kApprovals).reply, reply).find("approvals"));
    return kExitOk;
  }
  const std::int64_t now_us = RealClock().wall_us();
  Table table({{"APPROVAL"},
               {"AGENT"},
               {"CALL"},
               {"RULE"},
               {"LEFT", Align::kRight},
               {"ARGUMENTS", Align::kLeft, Fit::kFlexible}});
  for (const abi::ApprovalEntry& entry : reply.approvals) {
    table.add({entry.approval, entry.agent, entry.tool.empty() ? entry.call : entry.call + " " + entry.tool, entry.rule,
               show_duration_us(std::max<std::int64_t>(0, entry.expires_us - now_us)), entry.preview});
  }
  print_table(table);
  return kExitOk;
}

Result<int> verb_approve_show(const Globals& globals, const ApproveOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  const abi::ApprovalEntry entry = TRY(find_approval(*reached.client, options.approval));
  abi::ApprovalsReply one;
  one.approvals.push_back(entry);
  const json::Value value = to_json(abi::row_of(abi::Call::kApprovals).reply, one).find("approvals")->as_array()[0];
  if (globals.format == Format::kJson) {
    print_json(value);
  } else {
    print(outline(value) + TRY(drift_of(*reached.client, entry)));
  }
  return kExitOk;
}

Result<int> verb_approve_grant(const Globals& globals, const ApproveOptions& options) {
  return answer(globals, options, Answer::kGrant);
}

Result<int> verb_approve_deny(const Globals& globals, const ApproveOptions& options) {
  return answer(globals, options, Answer::kDeny);
}

}  // namespace agentos::cli
