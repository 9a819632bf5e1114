// The grammar of the command line: verbs, options, help with examples. One verb is chosen, then run.
#include "apps/agentos/cli.h"

#include <algorithm>
#include <tuple>

#include "apps/agentos/cli_words.h"
#include "apps/agentos/completion.h"
#include "apps/agentos/report.h"
#include "apps/agentos/verbs.h"
#include "base/yaml/document.h"

namespace agentos::cli {

CLI::App* add_verb(CLI::App& parent, Words& words, const char* name, const char* summary, const std::string& examples,
                   Act act) {
  CLI::App* verb = parent.add_subcommand(name, summary);
  verb->fallthrough();
  if (!examples.empty()) verb->footer("Examples:\n" + examples);
  if (act) verb->callback([&words, act = std::move(act)] { words.act = act; });
  return verb;
}

namespace {

// What a kernel keeps of calls, and for how long; of serve, and of run for its own kernel.
void add_record_options(CLI::App& verb, RecordOptions& options) {
  verb.add_flag("--record-content", options.content,
                "Record arguments and results in full, secrets in them too; default: a digest and a cleaned preview");
  verb.add_option("--log-disk-max", options.disk_max, "Disk budget of the log, like 8G; oldest segments go first");
  verb.add_option("--log-segment", options.segment, "Size of a segment, like 64M");
  verb.add_option("--log-keep", options.keep, "Remove segments older than this, like 30d; default: only the budget");
}

void add_run(CLI::App& program, Words& words) {
  RunOptions& run = words.run;
  CLI::App* verb =
      add_verb(program, words, "run", "Run a program as a governed agent",
               "  agentos run -- python3 my_agent.py\n"
               "  agentos run --policy rules.yaml --timeout 10m --memory 1G -- ./agent --verbose\n"
               "  agentos run --timeline -- sh -c 'echo hello'     what it does, live on standard error\n"
               "  agentos run --detach --name nightly -- ./agent   then: agentos logs nightly\n"
               "  agentos run --workspace . -- ./agent             then: agentos diff, commit or discard\n\n"
               "Exit code: the program's own; 128+n for signal n; 125 nothing was started, 126 it cannot be\n"
               "executed, 127 it was not found, 3 the policy or profile is not valid.",
               [&words] { return verb_run(words.globals, words.run); });
  verb->add_option("--policy", run.policies, "Policy: a file, or a built-in one by name (may be repeated)")
      ->expected(1)
      ->take_all();
  verb->add_option("--allow-env", run.allow_environment,
                   "Name of a variable whose value the agent gets to see; recorded by name (may be repeated)")
      ->expected(1)
      ->take_all();
  verb->add_option("--profile", run.profile, "Sandbox profile: a file, or a built-in one by name");
  verb->add_option("--workspace", run.workspace,
                   "A folder the agent may change: it gets a private copy in its place, with profile workspace");
  verb->add_option("--workspace-name", run.workspace_name, "The copy's name; one that exists is used again");
  verb->add_option("--name", run.name, "A name for people and policy; default: the program's");
  verb->add_option("--timeout", run.timeout, "Wall time after which it is killed, like 30s or 10m");
  verb->add_option("--calls", run.calls, "Calls it may make in all")->check(CLI::PositiveNumber);
  verb->add_option("--bytes", run.bytes, "Octets its calls may move")->check(CLI::PositiveNumber);
  verb->add_option("--tokens", run.tokens, "Highest context budget it may set")->check(CLI::NonNegativeNumber);
  verb->add_option("--memory", run.memory, "Memory of each of its processes, like 512M");
  verb->add_option("--cpu", run.cpu_seconds, "Processor seconds of each of its processes")->check(CLI::PositiveNumber);
  verb->add_option("--processes", run.processes, "Processes at once")->check(CLI::PositiveNumber);
  verb->add_option("--max-open-files", run.open_files, "Open files of each process")->check(CLI::PositiveNumber);
  verb->add_flag("--private", run.own_kernel, "A kernel, state directory and log of its own for this run");
  add_record_options(*verb, run.record);
  verb->add_flag("--detach", run.detach, "Start it, print its id, and leave it running");
  verb->add_flag("--timeline", run.timeline, "Draw its calls on standard error while it runs");
  verb->add_flag("--trace", run.trace, "Record every file it opens or executes; costs microseconds an open");
  CLI::Option* learn =
      verb->add_option("--learn", run.learn,
                       "Trace, and write the smallest profile and policy for it into this folder; changes nothing");
  learn->excludes("--detach");
  verb->add_option("command", run.command, "The program and its arguments, after --");
}

void add_serve(CLI::App& program, Words& words) {
  ServeOptions& serve = words.serve;
  CLI::App* verb = add_verb(program, words, "serve", "Run the kernel (other verbs start one when needed)",
                            "  agentos serve                          in front of you, until Ctrl-C\n"
                            "  agentos serve --background --policy org.yaml --tools ./tools\n"
                            "  agentos serve --mode always            both entries on disk before each reply",
                            [&words] { return verb_serve(words.globals, words.serve); });
  verb->add_flag("--background", serve.background, "Start it and return when it answers");
  verb->add_flag("--stop", serve.stop, "Stop the running kernel in order; its agents get SIGTERM and a grace period");
  verb->add_option("--policy", serve.policies, "Policy that governs every agent (may be repeated)")
      ->expected(1)
      ->take_all();
  verb->add_option("--tools", serve.tools_directory, "Directory of tool manifests to register");
  verb->add_option("--mode", serve.mode, "When entries are on disk: effects, always or interval")
      ->capture_default_str();
  verb->add_option("--policy-key", serve.policy_keys,
                   "Public key of who may sign policy; then only signed bundles and built-in policies govern (may be "
                   "repeated)");
  verb->add_option("--secrets", serve.secrets,
                   "Document of secrets and of the routes on which the egress proxy puts them into requests; default: "
                   "what agentos secret keeps");
  verb->add_option("--notify", serve.notify,
                   "A program run when a call waits for a person: its argument is the approval's id, its input a line "
                   "of JSON");
  verb->add_flag("--permissive", serve.permissive, "DANGEROUS: allow every call whatever policy says; recorded");
  add_record_options(*verb, serve.record);
  verb->add_option("--idle-exit", serve.idle_exit, "Leave after being idle this long, like 10m; default: never");
}

void add_agents(CLI::App& program, Words& words) {
  CLI::App* ps = add_verb(program, words, "ps", "List agents", "  agentos ps --all\n  agentos ps --format json",
                          [&words] { return verb_ps(words.globals, words.ps); });
  ps->add_flag("-a,--all", words.ps.all, "Also the ones that have ended");
  using Verb = Result<int> (*)(const Globals&, const AgentOptions&);
  const std::tuple<const char*, const char*, const char*, Verb> verbs[] = {
      {"inspect", "Describe one agent in full", "  agentos inspect demo-1", verb_inspect},
      {"kill", "End an agent's whole process tree now", "  agentos kill demo-1 --reason 'ran wild'", verb_kill},
      {"stop", "Freeze an agent until cont", "  agentos stop demo-1", verb_stop},
      {"cont", "Let a stopped agent go on", "  agentos cont demo-1\n  agentos cont --all    after freeze", verb_cont},
      {"signal", "Send a signal of the table to an agent",
       "  agentos signal demo-1 SIGTERM\n\nSignals: SIGSTOP SIGCONT SIGINT SIGKILL SIGTERM SIGUSR1 SIGUSR2 SIGPOLICY "
       "SIGTRUST\n"
       "SIGBUDGET SIGLOOP SIGDRIFT (AgentOS's own, not Linux's: docs/reference/signals.md)",
       verb_signal}};
  for (const auto& [name, summary, examples, function] : verbs) {
    CLI::App* verb = add_verb(program, words, name, summary, examples,
                              [&words, function = function] { return function(words.globals, words.agent); });
    CLI::Option* agent = verb->add_option("agent", words.agent.agent, "Its id, or a name only one has");
    const std::string_view which = name;
    if (which == "cont") verb->add_flag("--all", words.agent.all, "Thaw everything that freeze --all froze");
    if (which != "cont") agent->required();
    if (which == "signal") verb->add_option("signal", words.agent.signal, "Name or number")->required();
    if (which != "inspect") verb->add_option("--reason", words.agent.reason, "Why, for the record");
  }
  CLI::App* freeze = add_verb(program, words, "freeze", "Stop every agent at once",
                              "  agentos freeze --all --reason 'incident 12'\n  agentos freeze --all --thaw",
                              [&words] { return verb_freeze(words.globals, words.freeze); });
  freeze->add_flag("--all", words.freeze.all, "Every agent; required, so that it is meant");
  freeze->add_flag("--thaw", words.freeze.thaw, "Let them go on");
  freeze->add_option("--reason", words.freeze.reason, "Why, for the record");
  CLI::App* logs =
      add_verb(program, words, "logs", "Show what a detached agent printed", "  agentos logs nightly --follow",
               [&words] { return verb_logs(words.globals, words.logs); });
  logs->add_option("agent", words.logs.agent, "Its id or name")->required();
  logs->add_flag("-f,--follow", words.logs.follow, "Go on until it ends");
}

void add_approve(CLI::App& program, Words& words) {
  CLI::App* approve = add_verb(program, words, "approve", "Answer calls that wait for a person", "", nullptr);
  approve->require_subcommand(1);
  add_verb(*approve, words, "ls", "List what waits", "  agentos approve ls",
           [&words] { return verb_approve_ls(words.globals, words.approve); });
  using Verb = Result<int> (*)(const Globals&, const ApproveOptions&);
  const std::tuple<const char*, const char*, const char*, Verb> verbs[] = {
      {"show", "Show one in full", "  agentos approve show ap-1", verb_approve_show},
      {"grant", "Let the call go on, once", "  agentos approve grant ap-1 --reason 'checked with Kim'",
       verb_approve_grant},
      {"deny", "Refuse the call", "  agentos approve deny ap-1", verb_approve_deny}};
  for (const auto& [name, summary, examples, function] : verbs) {
    CLI::App* verb = add_verb(*approve, words, name, summary, examples,
                              [&words, function = function] { return function(words.globals, words.approve); });
    verb->add_option("approval", words.approve.approval, "Its id")->required();
    if (function == verb_approve_show) continue;
    verb->add_option("--digest", words.approve.digest, "Refuse unless its arguments have this digest");
    verb->add_option("--reason", words.approve.reason, "For the record and the agent");
  }
}

void add_tool(CLI::App& program, Words& words) {
  CLI::App* tool = add_verb(program, words, "tool", "List, register and remove tools", "", nullptr);
  tool->require_subcommand(1);
  add_verb(*tool, words, "ls", "List tools", "  agentos tool ls",
           [&words] { return verb_tool_ls(words.globals, words.tool); });
  CLI::App* add =
      add_verb(*tool, words, "add", "Register the tools of a manifest", "  agentos tool add search.yaml --replace",
               [&words] { return verb_tool_add(words.globals, words.tool); });
  add->add_option("manifest", words.tool.file, "A file of Tool documents")->required();
  add->add_flag("--replace", words.tool.replace, "Replace tools of the same names");
  CLI::App* remove = add_verb(*tool, words, "rm", "Remove a tool; running calls go on", "  agentos tool rm search",
                              [&words] { return verb_tool_rm(words.globals, words.tool); });
  remove->add_option("tool", words.tool.name, "Its name")->required();
}

CommandWords words_of(const CLI::App& command) {
  CommandWords words{command.get_name(), command.get_description(), {}, {}};
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words.options.push_back("--" + name);
  }
  for (const CLI::App* child : command.get_subcommands(nullptr)) words.children.push_back(words_of(*child));
  return words;
}

void add_rest(CLI::App& program, Words& words) {
  using Verb = Result<int> (*)(const Globals&);
  const std::tuple<const char*, const char*, const char*, Verb> verbs[] = {
      {"syscalls", "List the calls there are", "  agentos syscalls --format json", verb_syscalls},
      {"doctor", "Say what this host can enforce, and how to mend what is missing", "  agentos doctor", verb_doctor},
      {"metrics", "Show the kernel's counters and latencies", "  agentos metrics --format json", verb_metrics},
      {"version", "Show versions", "  agentos version", verb_version}};
  for (const auto& [name, summary, examples, function] : verbs) {
    add_verb(program, words, name, summary, examples,
             [&words, function = function] { return function(words.globals); });
  }
  CLI::App* completion = add_verb(program, words, "completion", "Print a shell's completion script",
                                  "  source <(agentos completion bash)", [&words, &program]() -> Result<int> {
                                    print(TRY(completion_script(words.shell, words_of(program))));
                                    return kExitOk;
                                  });
  completion->add_option("shell", words.shell, "bash, zsh or fish")->required();
}

void define(CLI::App& program, Words& words) {
  program.name("agentos");
  program.require_subcommand(1);
  program.add_option("--format", words.format, "table for people, json for programs; jsonl where entries are listed")
      ->check(CLI::IsMember({"table", "json", "jsonl"}));
  program.add_option("--socket", words.globals.socket, "The kernel's socket; default: AGENTOS_SOCKET or this user's");
  program.add_option("--state-dir", words.globals.state_directory, "State and log; default: ~/.local/state/agentos");
  program.add_flag_callback(
      "-v,--verbose", [&words] { words.globals.detail = Detail::kVerbose; }, "Say more on standard error");
  program.footer(
      "Begin with:\n  agentos run -- python3 my_agent.py\n  agentos log timeline\n  agentos doctor\n\n"
      "Each verb has examples: agentos VERB --help");
  add_run(program, words);
  add_serve(program, words);
  add_agents(program, words);
  add_workspaces(program, words);
  add_log(program, words);
  add_policy(program, words);
  add_mcp(program, words);
  add_approve(program, words);
  add_tool(program, words);
  add_secrets(program, words);
  add_rest(program, words);
}

// The command that the words before the first option name, as far as they do; `unknown` is the word that is none.
const CLI::App* command_of(const CLI::App& program, const std::vector<std::string>& words, std::string& path,
                           std::string& unknown) {
  const CLI::App* command = &program;
  for (const std::string& word : words) {
    if (word.starts_with('-') || command->get_subcommands(nullptr).empty()) break;
    const auto children = command->get_subcommands(nullptr);
    const auto found = std::find_if(children.begin(), children.end(),
                                    [&](const CLI::App* child) { return child->get_name() == word; });
    if (found == children.end()) {
      unknown = word;
      break;
    }
    command = *found;
    path += " " + word;
  }
  return command;
}

// A mistake on one line, with the help that fits.
int report_usage(const CLI::App& program, const CLI::ParseError& error, const std::vector<std::string>& words) {
  std::string path, unknown;
  const CLI::App* command = command_of(program, words, path, unknown);
  std::string what = error.what();
  std::string fix = "agentos" + path + " --help";
  if (const std::size_t end = what.find('\n'); end != std::string::npos) what.resize(end);
  const auto children = command->get_subcommands(nullptr);
  if (!unknown.empty()) {
    what = "there is no verb \"" + path.substr(std::min<std::size_t>(1, path.size())) + (path.empty() ? "" : " ") +
           unknown + "\"";
    std::vector<std::string_view> names;
    for (const CLI::App* child : children) names.push_back(child->get_name());
    if (const std::string_view near = yaml::nearest(unknown, names); !near.empty()) {
      fix = "did you mean agentos" + path + " " + std::string(near) + "? all: " + fix;
    }
  } else if (!children.empty()) {
    what = "agentos" + path + " needs one of:";
    for (const CLI::App* child : children) what += " " + child->get_name();
  }
  print_error(Error{ErrorCode::kInvalidArgument, std::move(what), std::move(fix)});
  return kExitUsage;
}

int run_verb(Words& words) {
  words.globals.format = words.format == "json"    ? Format::kJson
                         : words.format == "jsonl" ? Format::kJsonLines
                                                   : Format::kTable;
  if (!words.act) return kExitUsage;
  if (words.globals.format == Format::kJsonLines && !words.lists_entries) {
    print_error(
        Error{ErrorCode::kInvalidArgument, "this verb lists no entries, so it has no JSON lines", "--format json"});
    return kExitUsage;
  }
  const Result<int> code = words.act();
  if (code) return *code;
  print_error(code.error());
  return exit_code_of(code.error());
}

}  // namespace

int run_program(int argument_count, char** arguments) {
  std::vector<std::string> before, after;  // of "--"
  bool seen = false;
  for (int i = 1; i < argument_count; ++i) {
    const std::string word = arguments[i];
    if (!seen && word == "--") {
      seen = true;
    } else {
      (seen ? after : before).push_back(word);
    }
  }
  if (before.size() > 1 && before[0] == "help") {
    before.erase(before.begin());
    before.emplace_back("--help");
  } else if (before == std::vector<std::string>{"help"} || (before.empty() && !seen)) {
    before = {"--help"};
  }
  Words words;
  CLI::App program("AgentOS runs AI agents the way an operating system runs programs.");
  try {
    define(program, words);
    std::vector<std::string> reversed(before.rbegin(), before.rend());
    program.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // help was asked for
    return report_usage(program, error, before);
  } catch (const std::exception& error) {
    print_error(Error{ErrorCode::kInternal, error.what(), {}});
    return exit_code_of(Error{});
  }
  std::vector<std::string>* command = nullptr;
  if (program.got_subcommand("run")) command = &words.run.command;
  if (program.got_subcommand("replay")) command = &words.replay.command;
  if (program.got_subcommand("mcp") && program.get_subcommand("mcp")->got_subcommand("wrap")) {
    command = &words.wrap.command;
  }
  if (!after.empty() && command == nullptr) {
    print_error(
        Error{ErrorCode::kInvalidArgument, "only run, replay and mcp wrap take words after --", "agentos run --help"});
    return kExitUsage;
  }
  if (command != nullptr) command->insert(command->end(), after.begin(), after.end());
  return run_verb(words);
}

}  // namespace agentos::cli
