// agentos tool ls|add|rm: the tools agents may run with exec.
#include "apps/agentos/documents.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {

Result<int> verb_tool_ls(const Globals& globals, const ToolOptions&) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::ToolsReply reply = TRY(reached.client->call(abi::ToolsRequest{}));
  if (globals.format == Format::kJson) {
    print_json(*to_json(abi::row_of(abi::Call::kTools).reply, reply).find("tools"));
    return kExitOk;
  }
  Table table({{"TOOL"}, {"RUNS"}, {"READ-ONLY"}, {"SUMMARY", Align::kLeft, Fit::kFlexible}});
  for (const abi::ToolEntry& tool : reply.tools) {
    table.add({tool.name, tool.runs, tool.read_only ? "yes" : "no", tool.summary});
  }
  print_table(table);
  return kExitOk;
}

Result<int> verb_tool_add(const Globals& globals, const ToolOptions& options) {
  abi::ToolRegisterRequest request;
  request.manifest = TRY(read_document(options.file));
  request.replace = options.replace;
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::ToolRegisterReply reply = TRY(reached.client->call(request));
  if (globals.format == Format::kJson) {
    print_json(to_json(abi::row_of(abi::Call::kToolRegister).reply, reply));
  } else {
    for (const std::string& name : reply.tools) print("registered " + printable(name) + "\n");
  }
  return kExitOk;
}

Result<int> verb_tool_rm(const Globals& globals, const ToolOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  TRY(reached.client->call(abi::ToolRemoveRequest{.tool = options.name}));
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"removed", options.name}});
  } else {
    print("removed " + printable(options.name) + "\n");
  }
  return kExitOk;
}

}  // namespace agentos::cli
