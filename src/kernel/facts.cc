// One function per shape of request; the canonical forms are made here and nowhere else.
#include "kernel/facts.h"

#include <mutex>

#include "abi/calls.h"
#include "kernel/call_context.h"
#include "kernel/checkpoints.h"
#include "kernel/mcp_link.h"
#include "kernel/monitor.h"
#include "lib/vfs/path.h"

namespace agentos::kernel {
namespace {

template <class Request>
const Request& request_of(const CallContext& context) {
  return *static_cast<const Request*>(context.request);
}

Status take_path(std::string_view raw, std::string& scratch, std::string_view& out) {
  out = TRY(vfs::canonicalize(raw, scratch));
  return {};
}

void take_handle(CallContext& context, std::int64_t number) {
  std::lock_guard lock(context.agent().mutex);
  if (const Handle* handle = context.agent().find_handle(number)) {
    context.facts.handle_path = handle->path;
    context.facts.path = context.facts.handle_path;
  }
}

// Read, write and stat name a path or a handle; policy sees the path either way.
template <class Request>
Status path_or_handle(CallContext& context) {
  const auto& request = request_of<Request>(context);
  if (request.path.empty() != request.handle.has_value()) {
    return fail(abi::error::invalid_argument, "exactly one of \"path\" and \"handle\" must be given");
  }
  if (!request.handle) return take_path(request.path, context.facts.path_scratch, context.facts.path);
  take_handle(context, *request.handle);
  return {};
}

// Policy sees the file behind a checkpoint's id.
template <class Request>
Status take_checkpoint(CallContext& context) {
  TRY(checkpoint_path(request_of<Request>(context).id, context.facts.path_scratch));
  context.facts.path = context.facts.path_scratch;
  return {};
}

void take_target(CallContext& context, std::string_view word) {
  const Agent* caller = context.caller.agent.get();
  if (word.empty() && caller != nullptr) word = caller->id;
  context.facts.target = word;
  if (auto target = context.monitor.agents.find(word); target != nullptr) {
    context.facts.target_parent = target->parent_id;
  }
}

void exec_facts(CallContext& context) {
  const auto& request = request_of<abi::ExecRequest>(context);
  Facts& facts = context.facts;
  facts.tool = request.tool;
  facts.tool_entry = tools_of(context)->find(request.tool);
  if (facts.tool_entry != nullptr) facts.tool_facts = tool_facts(*facts.tool_entry);
  if (facts.tool_entry != nullptr && facts.tool_entry->input != nullptr) {
    for (const schema::Violation& violation : facts.tool_entry->input->validate(request.arguments, 4)) {
      if (!facts.schema_problem.empty()) facts.schema_problem += "; ";
      facts.schema_problem += (violation.instance.empty() ? "arguments" : violation.instance) + " " + violation.message;
    }
  }
  facts.arguments.over(request.arguments);
}

// Policy decides on the name, the server acts on the params: they must say the same.
Status mcp_request_facts(CallContext& context) {
  const auto& request = request_of<abi::McpRequestRequest>(context);
  // One thing, so that nobody can take another member for the name than policy did.
  std::string_view named;
  int things = 0;
  const auto take = [&](const json::Value& from, std::string_view key) {
    const json::Value* member = from.find(key);
    if (member == nullptr) return;
    ++things;
    if (member->is_string()) named = member->as_string();
  };
  for (const std::string_view key : {"uri", "name", "taskId"}) take(request.params, key);
  if (const json::Value* reference = request.params.find("ref"); reference != nullptr) {
    take(*reference, "uri");
    take(*reference, "name");
  }
  if (things > 1) {
    return fail(abi::error::invalid_argument, "\"params\" name more than one thing",
                "give one of uri, name, taskId and ref, as the method asks");
  }
  if (request.name == named) return {};
  return fail(abi::error::invalid_argument,
              "\"name\" must be what \"params\" name, \"" + std::string(named.substr(0, 256)) + "\"");
}

void signal_facts(CallContext& context) {
  const auto& request = request_of<abi::SignalRequest>(context);
  take_target(context, request.target);
  json::Object arguments;
  const abi::SignalInfo* signal = abi::find_signal(request.signal);
  arguments["signal"] = signal == nullptr ? std::string_view(request.signal) : signal->name;
  arguments["target"] = context.facts.target;
  context.facts.arguments.own(json::Value(std::move(arguments)));
}

}  // namespace

const json::Value* BudgetFacts::find(std::string_view name) const {
  if (agent_ == nullptr || name != "budget") return nullptr;
  if (budget_.is_null()) {
    static constexpr const char* kNames[] = {"calls", "bytes", "tokens", "money_micros", "time_ms", "concurrency"};
    json::Object left;
    for (int i = 0; i < Quota::kResourceCount; ++i) {
      const auto resource = static_cast<Quota::Resource>(i);
      left[kNames[i]] = agent_->quota->available(resource);
    }
    budget_ = std::move(left);
  }
  return &budget_;
}

std::shared_ptr<const tool::Registry> tools_of(const CallContext& context) {
  const Agent* agent = context.caller.agent.get();
  if (agent != nullptr && agent->mcp != nullptr) return agent->mcp->tools();
  return {std::shared_ptr<void>(), &context.monitor.tools};  // the kernel's own outlives every call
}

policy::ToolFacts tool_facts(const tool::Tool& tool) {
  policy::ToolFacts facts;
  facts.name = tool.manifest.name;
  facts.manifest = &tool.description;
  facts.server = tool.manifest.server;
  return facts;
}

const json::Value* FactArguments::all() const {
  if (value_ == nullptr && canonical_ != nullptr) {
    if (auto parsed = json::parse(*canonical_, {.bytes_max = 4 << 20, .depth_max = 64})) owned_ = std::move(*parsed);
    value_ = &owned_;
  }
  return value_;
}

const json::Value* FactArguments::find(std::string_view name) const {
  const json::Value* object = all();
  return object == nullptr ? nullptr : object->find(name);
}

bool FactArguments::text(std::string_view name, std::string_view& out) const {
  const json::Value* member = find(name);
  if (member == nullptr || !member->is_string()) return false;
  out = member->as_string();
  return true;
}

bool FactArguments::integer(std::string_view name, std::int64_t& out) const {
  const json::Value* member = find(name);
  if (member == nullptr || !member->is_int()) return false;
  out = member->as_int();
  return true;
}

bool FactArguments::present(std::string_view name) const { return find(name) != nullptr; }

Status gather_facts(CallContext& context) {
  Facts& facts = context.facts;
  facts.arguments.lazily(context.arguments);
  switch (context.row->call) {
    case abi::Call::kOpen:
      return take_path(request_of<abi::OpenRequest>(context).path, facts.path_scratch, facts.path);
    case abi::Call::kRead:
      return path_or_handle<abi::ReadRequest>(context);
    case abi::Call::kWrite:
      return path_or_handle<abi::WriteRequest>(context);
    case abi::Call::kStat:
      return path_or_handle<abi::StatRequest>(context);
    case abi::Call::kList:
      return take_path(request_of<abi::ListRequest>(context).path, facts.path_scratch, facts.path);
    case abi::Call::kMkdir:
      return take_path(request_of<abi::MkdirRequest>(context).path, facts.path_scratch, facts.path);
    case abi::Call::kUnlink:
      return take_path(request_of<abi::UnlinkRequest>(context).path, facts.path_scratch, facts.path);
    case abi::Call::kRename:
      TRY(take_path(request_of<abi::RenameRequest>(context).path, facts.path_scratch, facts.path));
      return take_path(request_of<abi::RenameRequest>(context).to, facts.second_path_scratch, facts.second_path);
    case abi::Call::kCheckpointSave:
      return take_checkpoint<abi::CheckpointSaveRequest>(context);
    case abi::Call::kCheckpointLoad:
      return take_checkpoint<abi::CheckpointLoadRequest>(context);
    case abi::Call::kSeek:
      take_handle(context, request_of<abi::SeekRequest>(context).handle);
      return {};
    case abi::Call::kExec:
      exec_facts(context);
      return {};
    case abi::Call::kMcpRequest:
      return mcp_request_facts(context);
    case abi::Call::kSignal:
      signal_facts(context);
      return {};
    case abi::Call::kSend:
      if (request_of<abi::SendRequest>(context).handle.has_value() ==
          !request_of<abi::SendRequest>(context).target.empty()) {
        return fail(abi::error::invalid_argument, "exactly one of \"handle\" and \"target\" must be given");
      }
      if (!request_of<abi::SendRequest>(context).target.empty())
        take_target(context, request_of<abi::SendRequest>(context).target);
      return {};
    case abi::Call::kAttach:
      take_target(context, request_of<abi::AttachRequest>(context).agent);
      return {};
    case abi::Call::kWait:
      take_target(context, request_of<abi::WaitRequest>(context).agent);
      return {};
    default:
      return {};
  }
}

policy::Request policy_request(const CallContext& context) {
  policy::Request request;
  if (const Agent* agent = context.caller.agent.get()) {
    request.principal.agent = agent->id;
    request.principal.name = agent->name;
    request.principal.parent = agent->parent_id;
    request.principal.ring = agent->ring;
    request.principal.labels = agent->labels;
    request.principal.chain = agent->chain;
    if (context.flow != nullptr) request.principal.flow = *context.flow;
    request.principal.facts = &context.agent_facts;
  }
  request.call = context.row->number;
  request.call_name = context.row->name;
  request.tool = context.facts.tool;
  request.path = context.facts.path;
  request.path_to = context.facts.second_path;
  request.target = context.facts.target;
  request.target_parent = context.facts.target_parent;
  request.arguments = &context.facts.arguments;
  request.changes = context.row->effect != abi::Effect::none;
  if (context.facts.tool_entry != nullptr) request.tool_facts = &context.facts.tool_facts;
  request.findings = &context.findings;
  request.sql = context.monitor.sql.get();
  if (context.past) request.past = &*context.past;
  request.time_us = context.decided_us;
  return request;
}

}  // namespace agentos::kernel
