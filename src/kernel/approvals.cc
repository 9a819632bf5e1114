// Parked calls: an approval is bound to the exact arguments, expires, and lets its call re-enter once.
#include <pwd.h>

#include <algorithm>

#include "base/crypto/hash.h"
#include "kernel/admission.h"
#include "kernel/mcp_link.h"
#include "kernel/monitor.h"

namespace agentos::kernel {
namespace {

// Whether the operator is one of those that each rule names, by name or number of its user.
bool is_approver(const std::vector<std::vector<std::string>>& approvers, std::uint32_t uid) {
  if (approvers.empty()) return true;
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const bool known = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return std::ranges::all_of(approvers, [&](const std::vector<std::string>& names) {
    return std::ranges::any_of(names, [&](const std::string& name) {
      return name == std::to_string(uid) || (known && name == found->pw_name);
    });
  });
}

std::size_t escaped_bytes(std::string_view text) {
  std::string escaped;
  json::write_string(text, escaped);
  return escaped.size();
}

// Each text longer than `text_max` by its two ends and its size.
void shorten(json::Value& value, std::size_t text_max) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    if (text.size() <= text_max) return;
    std::string cut = json::to_valid_utf8(std::string_view(text).substr(0, text_max / 2));
    cut += " [... " + std::to_string(text.size()) + " octets in all ...] ";
    cut += json::to_valid_utf8(std::string_view(text).substr(text.size() - text_max / 2));
    value = std::move(cut);
  } else if (value.is_array()) {
    for (json::Value& element : value.as_array()) shorten(element, text_max);
  } else if (value.is_object()) {
    for (auto& [name, member] : value.as_object()) shorten(member, text_max);
  }
}

// What a person sees of the arguments: every name and every short value, long ones cut each by itself. What cannot be
// shown like that is cut at the end, and says so.
std::string shown_arguments(const std::string& arguments) {
  std::string shown = json::to_valid_utf8(arguments);
  if (escaped_bytes(shown) <= kPreviewBytesMax) return shown;
  if (auto parsed = json::parse(arguments, {.bytes_max = 4 << 20, .depth_max = 64})) {
    for (std::size_t text_max = 256; text_max >= 16; text_max /= 2) {
      json::Value value = *parsed;
      shorten(value, text_max);
      shown = json::write(value);
      if (escaped_bytes(shown) <= kPreviewBytesMax) return shown;
    }
  }
  const std::string mark = " [... CUT: the arguments have " + std::to_string(arguments.size()) + " octets]";
  do shown = json::to_valid_utf8(std::string_view(shown).substr(0, shown.size() * 3 / 4));
  while (escaped_bytes(shown) + mark.size() > kPreviewBytesMax);
  return shown + mark;
}

abi::ApprovalEntry entry_of(const Approval& approval) {
  return {.approval = approval.id,
          .agent = approval.agent == nullptr ? "" : approval.agent->id,
          .call = approval.call,
          .tool = approval.tool,
          .digest = approval.digest,
          .rule = approval.rule,
          .asked_us = approval.asked_us,
          .expires_us = approval.expires_us,
          .preview = approval.preview};
}

// A connect that was asked about by name: what the name leads to is not known yet.
bool waits_for_addresses(const CallContext& context) {
  return context.caller.maker == Maker::kEgress && context.row->call == abi::Call::kConnect &&
         static_cast<const abi::ConnectRequest*>(context.request)->addresses.empty();
}

}  // namespace

std::string stands_for(const CallContext& context) {
  const Facts& facts = context.facts;
  std::string about;
  for (const std::string_view part : {facts.path, facts.second_path, facts.target}) (about += part) += '\n';
  // Its addresses come after the approval: a rule about them that asks is another question.
  if (context.row->call == abi::Call::kConnect) about += context.decision.rule;
  return facts.tool_entry == nullptr ? about : about + facts.tool_entry->manifest.digest;
}

void Monitor::ask(CallContext& context) {
  Approval approval;
  approval.id = "approval-" + random_hex(random, 12);
  approval.agent = context.caller.agent;
  approval.call = context.row->name;
  approval.tool = context.facts.tool;
  approval.digest = crypto::base64url(crypto::sha256(context.arguments));
  approval.rule = context.decision.rule;
  approval.preview = shown_arguments(context.arguments);
  if (!context.facts.handle_path.empty()) approval.preview += " of " + context.facts.handle_path;
  context.asked_about = stands_for(context);
  approval.policy_epoch = context.decision.epoch;
  for (std::uint8_t i = 0; i < context.decision.details_count; ++i) {
    const std::vector<std::string>& names = context.decision.details[i]->approvers;
    if (!names.empty()) approval.approvers.push_back(names);
  }
  approval.asked_us = clock.wall_us();
  const std::int64_t timeout_ms =
      context.decision.ask_timeout_ms > 0 ? context.decision.ask_timeout_ms : options.ask_timeout_ms;
  approval.expires_us = approval.asked_us + timeout_ms * 1000;
  metrics.approvals_asked.fetch_add(1, std::memory_order_relaxed);
  const std::string id = approval.id;
  std::unique_lock lock(approvals_mutex_);
  const auto of_family = [&](const auto& one) {
    return one.second.agent != nullptr && context.caller.agent != nullptr &&
           one.second.agent->family == context.caller.agent->family;
  };
  if (approvals_.size() >= kApprovalsMax || std::ranges::count_if(approvals_, of_family) >= kApprovalsOfFamilyMax) {
    lock.unlock();
    return refuse(context, "approval", Error{abi::error::busy, "too many calls wait for an approval already", {}});
  }
  // Cancelled from outside (the agent ended, the client gave up): the approval goes with the call.
  approval.parked = context.park([this, id] {
    std::lock_guard held(approvals_mutex_);
    approvals_.erase(id);
  });
  approval.timer =
      reactor.after_ms(timeout_ms, [this, id] { (void)approve(id, false, {}, "nobody answered in time", {}); });
  const std::int64_t expires_us = approval.expires_us;
  const std::shared_ptr<McpLink> link = context.caller.agent == nullptr ? nullptr : context.agent().mcp;
  const std::uint64_t token = context.token;
  const abi::ApprovalEntry entry = options.on_approval ? entry_of(approval) : abi::ApprovalEntry{};
  approvals_.emplace(id, std::move(approval));
  lock.unlock();  // from here on the call may be over
  if (options.on_approval) options.on_approval(entry);
  if (link != nullptr) link->waits_for_approval(token, id, expires_us);
}

void Monitor::close_ask(CallContext& context, recorder::OutcomeStatus status) {
  if (!std::exchange(context.intent_asks, false)) return;
  recorder::Outcome entry;
  entry.intent = context.intent;
  if (context.caller.agent != nullptr) entry.agent = context.agent().id;
  entry.call = context.row->name;
  entry.status = status;
  if (status != recorder::OutcomeStatus::kOk) entry.code = static_cast<std::int32_t>(abi::error::approval_required);
  entry.duration_us = (clock.monotonic_ns() - context.start_ns) / 1000;
  entry.time_us = clock.wall_us();
  (void)recorder->append(entry);  // a log that fails now stops the call at its own intent
}

Status Monitor::approve(std::string_view id, bool granted, std::string_view digest, std::string_view reason,
                        std::optional<std::uint32_t> operator_uid) {
  Approval approval;
  {
    std::lock_guard lock(approvals_mutex_);
    const auto found = approvals_.find(id);
    if (found == approvals_.end()) {
      return fail(abi::error::not_found, "no approval " + std::string(id) + " waits", "agentos approve ls lists them");
    }
    if (granted && operator_uid && !is_approver(found->second.approvers, *operator_uid)) {
      return fail(abi::error::not_permitted, "the rule names who may approve this call, and you are not among them",
                  "agentos approve show names the rule");
    }
    if (!digest.empty() && digest != found->second.digest) {
      return fail(abi::error::not_permitted, "the digest is not that of the call that waits",
                  "look at it again: agentos approve show");
    }
    approval = std::move(found->second);
    approvals_.erase(found);
  }
  reactor.cancel(approval.timer);
  if (approval.parked == nullptr) return approval.decided(granted, reason, operator_uid);
  if (!approval.parked->claim()) return fail(abi::error::not_found, "the call no longer waits");
  CallContext* context = approval.parked->context;
  const std::string why(reason);
  if (!granted) {
    reactor.post([this, context, why] {
      context->denial["rule"] = context->decision.rule;
      refuse(*context, "approval",
             Error{abi::error::approval_required, "the approval was refused" + (why.empty() ? "" : ": " + why), {}});
    });
    return {};
  }
  // The same bytes re-enter with the approval as a fact.
  reactor.post([this, context, id = approval.id, epoch = approval.policy_epoch] {
    context->approval = id;
    context->approval_epoch = epoch;
    if (waits_for_addresses(*context)) return egress->look_up(*context);
    go_on_with_approval(*context);
  });
  return {};
}

Result<std::string> Monitor::ask_operator(Approval approval, std::string_view arguments) {
  approval.id = "approval-" + random_hex(random, 12);
  approval.digest = crypto::base64url(crypto::sha256(arguments));
  approval.preview = json::to_valid_utf8(arguments.substr(0, kPreviewBytesMax));
  approval.asked_us = clock.wall_us();
  approval.expires_us = approval.asked_us + options.ask_timeout_ms * 1000;
  metrics.approvals_asked.fetch_add(1, std::memory_order_relaxed);
  std::string id = approval.id;
  const abi::ApprovalEntry entry = entry_of(approval);
  std::unique_lock lock(approvals_mutex_);
  if (approvals_.size() >= kApprovalsMax) {
    return fail(abi::error::busy, "too many calls wait for an approval already");
  }
  approval.timer = reactor.after_ms(options.ask_timeout_ms,
                                    [this, id] { (void)approve(id, false, {}, "nobody answered in time", {}); });
  approvals_.emplace(id, std::move(approval));
  lock.unlock();
  if (options.on_approval) options.on_approval(entry);
  return id;
}

void Monitor::withdraw_approval(std::string_view id) {
  Reactor::TimerId timer = 0;
  {
    const std::lock_guard lock(approvals_mutex_);
    const auto found = approvals_.find(id);
    if (found == approvals_.end()) return;
    timer = found->second.timer;
    approvals_.erase(found);
  }
  reactor.cancel(timer);
}

void Monitor::go_on_with_approval(CallContext& context) {
  close_ask(context, recorder::OutcomeStatus::kOk);
  context.decided_us = clock.wall_us();
  step_from_gate(context);
}

// The approval is of what stands for the same: addresses are added to a name, and rules about them are decided now.
void Monitor::go_on_with(CallContext& context, const json::Value& params) {
  context.facts = Facts();
  context.findings.forget();
  context.request = nullptr;
  context.arguments.clear();
  context.params = params;
  go_on_with_approval(context);
}

std::vector<abi::ApprovalEntry> Monitor::approvals() const {
  std::lock_guard lock(approvals_mutex_);
  std::vector<abi::ApprovalEntry> out;
  for (const auto& [id, approval] : approvals_) {
    out.push_back(entry_of(approval));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.asked_us < b.asked_us; });
  return out;
}

}  // namespace agentos::kernel
