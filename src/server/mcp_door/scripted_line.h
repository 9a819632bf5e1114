// A SpokenLine that keeps what was written and answers calls at once, for tests and the fuzz target: status, tools,
// list, read and getpolicy as a small agent would see them; "recv" waits; the rest is denied.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "abi/speaker.h"

namespace agentos::mcp_door {

class ScriptedLine final : public abi::SpokenLine {
 public:
  std::string agent() const override { return "agent-1"; }
  bool submit(const abi::rpc::Id& request, std::string row, json::Value params, abi::CallDone done) override {
    if (waiting_.size() >= waiting_max) return false;
    calls.push_back(row + " " + json::write(params));
    if (row == "recv") {
      waiting_.emplace_back(request, std::move(done));
      return true;
    }
    done(answer(row, params));
    return true;
  }
  bool is_under_way(const abi::rpc::Id& request) const override {
    return std::ranges::any_of(waiting_, [&](const auto& one) { return one.first == request; });
  }
  void cancel(const abi::rpc::Id& request) override {
    std::vector<abi::CallDone> over;
    std::erase_if(waiting_, [&](auto& one) {
      const bool named = one.first == request;
      if (named) over.push_back(std::move(one.second));
      return named;
    });
    for (const abi::CallDone& done : over) {
      abi::CallOutput output;
      output.status = fail(abi::error::cancelled, "it was cancelled");
      done(std::move(output));
    }
  }
  void reject(const Error&) override { ++rejected; }
  void write(std::string_view lines, std::vector<io::Fd> descriptors) override {
    written += lines;
    descriptors_written += descriptors.size();
  }

  std::string written;
  std::vector<std::string> calls;
  std::size_t descriptors_written = 0, waiting_max = 4;
  int rejected = 0;

 private:
  static abi::CallOutput answer(const std::string& name, const json::Value& params) {
    abi::CallOutput output;
    output.row = abi::find_row(name);
    if (output.row == nullptr) {
      output.status = fail(abi::error::unknown_call, "there is no such call");
      return output;
    }
    output.reply = output.row->reply.make();
    const std::string path(params.string_or("path", ""));
    if (name == "status") {
      static_cast<abi::StatusReply*>(output.reply.get())->rights = {"self", "exec"};
    } else if (name == "tools") {
      abi::ToolEntry entry;
      entry.name = "add";
      static_cast<abi::ToolsReply*>(output.reply.get())->tools.push_back(std::move(entry));
    } else if (name == "list") {
      abi::StatReply entry;
      entry.path = path == "/" ? "/mem/working" : path + "/a";
      entry.kind = path == "/" ? "directory" : "file";
      static_cast<abi::ListReply*>(output.reply.get())->entries.push_back(std::move(entry));
    } else if (name == "read" && path == "/mem/working/a") {
      *static_cast<abi::ReadReply*>(output.reply.get()) = {.data = Bytes("x"), .end = true};
    } else if (name == "getpolicy") {
      auto parsed = json::parse(R"({"policies":[{"name":"house"}]})");
      static_cast<abi::GetpolicyReply*>(output.reply.get())->rules = *parsed;
      static_cast<abi::GetpolicyReply*>(output.reply.get())->documents =
          *json::parse(R"({"documents":[{"name":"house"}]})");
    } else if (name == "exec" && params.string_or("tool", "") == "add") {
      static_cast<abi::ExecReply*>(output.reply.get())->result = *params.find("arguments");
    } else {
      output.status = fail(abi::error::denied, "policy says no");
      return output;
    }
    output.row->reply.encode(output.reply.get(), output.reply_json);
    return output;
  }

  std::vector<std::pair<abi::rpc::Id, abi::CallDone>> waiting_;
};

}  // namespace agentos::mcp_door
