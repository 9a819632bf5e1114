// What the files of the command line's grammar share: the options of every verb, and how a verb is declared.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "apps/agentos/verbs.h"

namespace agentos::cli {

using Act = std::function<Result<int>()>;

struct Words {
  Globals globals;
  std::string format = "table";
  RunOptions run;
  ServeOptions serve;
  PsOptions ps;
  AgentOptions agent;
  FreezeOptions freeze;
  LogsOptions logs;
  LogOptions log;
  ProofOptions proof;
  ReplayOptions replay;
  PolicyOptions policy;
  ApproveOptions approve;
  ToolOptions tool;
  McpWrapOptions wrap;
  McpServeOptions mcp_serve;
  McpReachOptions mcp_reach;
  McpConnectOptions connect;
  McpOptions mcp;
  WorkspaceOptions workspace;
  SecretOptions secret;
  std::string shell;
  Act act;
  bool lists_entries = false;  // the chosen verb prints JSON lines, too
};

// A verb below `parent` that does `act` when it is chosen; without one it only has verbs of its own.
CLI::App* add_verb(CLI::App& parent, Words& words, const char* name, const char* summary, const std::string& examples,
                   Act act);

void add_policy(CLI::App& program, Words& words);      // cli_policy.cc
void add_log_proofs(CLI::App& log, Words& words);      // cli_log_proofs.cc
void add_mcp(CLI::App& program, Words& words);         // cli_mcp.cc
void add_log(CLI::App& program, Words& words);         // cli_log.cc
void add_workspaces(CLI::App& program, Words& words);  // cli_workspace.cc
void add_secrets(CLI::App& program, Words& words);     // cli_secret.cc

}  // namespace agentos::cli
