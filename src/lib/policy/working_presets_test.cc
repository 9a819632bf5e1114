// The built-in documents for kinds of agents decide as their summaries say. tests/policies has the same as documents.
#include <gtest/gtest.h>

#include "lib/policy/language_fixture.h"
#include "lib/policy/redaction.h"
#include "lib/policy/sql_fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using namespace language;

std::shared_ptr<const Program> working_preset(std::string_view name, const std::string& extra = {}) {
  std::vector<std::string> texts = {std::string(preset(name))};
  if (!extra.empty()) texts = {extra};
  return program_of(texts);
}

// "allow", "ask" or "deny".
std::string verdict(const std::shared_ptr<const Program>& program, const Request& request) {
  const std::string decided = decide(program, request);
  return decided.substr(0, decided.find(' '));
}

std::string of_tool(const std::shared_ptr<const Program>& program, const std::string& tool,
                    const std::map<std::string, std::string>& arguments) {
  static FakeSql sql;
  Asked asked{.call = "exec", .tool = tool};
  for (const auto& [name, value] : arguments) asked.arguments.values[name] = value;
  Request request = asked.request();
  request.sql = &sql;
  return verdict(program, request);
}

std::string with_manifest(const std::shared_ptr<const Program>& program, const char* manifest, Phase phase) {
  const auto parsed = json::parse(manifest);
  ToolFacts facts;
  facts.manifest = &*parsed;
  const Asked asked{.call = "exec", .tool = "thing"};
  Request request = asked.request();
  request.tool_facts = &facts;
  request.phase = phase;
  return verdict(program, request);
}

TEST(WorkingPresets, wrap_default_lists_all_allows_readers_and_asks_for_the_rest) {
  const auto program = working_preset("wrap-default");
  const char* readers[] = {R"({"read_only": true})", R"({"annotations": {"readOnlyHint": true}})",
                           R"({"annotations": {"readOnlyHint": true, "destructiveHint": false}})"};
  const char* others[] = {"{}",
                          R"({"read_only": false})",
                          R"({"read_only": "yes"})",
                          R"({"annotations": {}})",
                          R"({"annotations": {"destructiveHint": false}})",
                          R"({"annotations": {"readOnlyHint": false}})",
                          R"({"annotations": {"readOnlyHint": true, "destructiveHint": true}})"};
  for (const char* manifest : readers) EXPECT_EQ(with_manifest(program, manifest, Phase::kCall), "allow") << manifest;
  for (const char* manifest : others) EXPECT_EQ(with_manifest(program, manifest, Phase::kCall), "ask") << manifest;
  for (const char* manifest : others) EXPECT_EQ(with_manifest(program, manifest, Phase::kList), "allow") << manifest;
  EXPECT_EQ(of_tool(program, "unknown", {}), "ask") << "a tool nothing is known of";
  const Asked asked{.call = "exec", .tool = "thing"};
  Request request = asked.request();
  ResultFacts result;
  request.phase = Phase::kResult;
  request.result = &result;
  result.size_bytes = 1 << 20;
  EXPECT_EQ(verdict(program, request), "allow");
  result.size_bytes = (1 << 20) + 1;
  EXPECT_EQ(verdict(program, request), "deny");
}

TEST(WorkingPresets, wrap_default_trusts_the_tools_a_document_adds) {
  const auto program = working_preset(
      "", document("mine", "    []\n",
                   "  combining: priority_first_match\n  extends: [wrap-default]\n  tables: {trusted: [make]}\n"));
  EXPECT_EQ(of_tool(program, "make", {}), "allow");
  EXPECT_EQ(of_tool(program, "break", {}), "ask");
}

TEST(WorkingPresets, coding_agent_runs_everyday_commands_in_its_folder) {
  const auto program = working_preset("coding-agent");
  const auto run = [&](const std::string& command) { return of_tool(program, "bash", {{"command", command}}); };
  for (const char* command :
       {"ls -la", "git status && git diff", "git commit -m 'push later'", "make -j2 test", "cargo build 2>&1 | tail -5",
        "cd src && grep -rn foo *.cc", "python3 -m pytest tests", "rm -rf build", "rm *.o", "env CI=1 npm test",
        "sh -c 'ls | wc -l'", "echo hi > out.txt", "cp a.txt /tmp/a.txt", "find . -name '*.o' -exec rm {} +",
        "/usr/bin/git log", "sed -i 's/a/b/' src/a.cc"}) {
    EXPECT_EQ(run(command), "allow") << command;
  }
  for (const char* command : {"git push",
                              "git -C x push origin main",
                              "env X=1 git push",
                              "sh -c 'git push'",
                              "npm publish",
                              "cargo publish",
                              "rm -rf /",
                              "rm -rf ../other",
                              "rm -rf $HOME",
                              "rm ~/x",
                              "rm {/etc/a,b}",
                              "bash -c 'rm /etc/hosts'",
                              "find / -delete",
                              "cp key.pem /etc/ssl",
                              "cd / && ls",
                              "echo x > /etc/hosts",
                              "echo x > $F",
                              "echo x > ~/.bashrc",
                              "systemctl stop x",
                              "./run.sh",
                              "PATH=/evil:$PATH ls",
                              "$TOOL x",
                              "sudo make install",
                              "docker run x"}) {
    EXPECT_EQ(run(command), "ask") << command;
  }
  for (const char* command : {"curl https://evil.example", "env wget x", "sh -c 'nc evil 1'", "ls | xargs curl",
                              "echo $(curl evil)", "/usr/bin/ssh host", "echo 'unbalanced"}) {
    EXPECT_EQ(run(command), "deny") << command;
  }
}

TEST(WorkingPresets, coding_agent_keeps_files_and_network_to_its_own) {
  const auto program = working_preset("coding-agent");
  const auto file = [&](const char* tool, const char* path) { return of_tool(program, tool, {{"path", path}}); };
  for (const char* path : {"/project/a.cc", "src/a.cc", "/project//x/./y"}) {
    EXPECT_EQ(file("write_file", path), "allow") << path;
  }
  for (const char* path :
       {"/etc/passwd", "../x", "/project/../etc/passwd", "/project/link/../x", "~/x", "/workshop/x"}) {
    EXPECT_EQ(file("read_file", path), "ask") << path;
    EXPECT_EQ(file("delete_file", path), "ask") << path;
  }
  EXPECT_EQ(of_tool(program, "move_file", {{"source", "a"}, {"destination", "b"}}), "allow");
  EXPECT_EQ(of_tool(program, "move_file", {{"source", "a"}, {"destination", "/etc/b"}}), "ask");
  const auto fetch = [&](const char* url) { return of_tool(program, "fetch", {{"url", url}}); };
  EXPECT_EQ(fetch("https://packages.example/left-pad"), "deny") << "no registry is built in";
}

TEST(WorkingPresets, coding_agent_reaches_the_registries_a_document_names) {
  const auto program =
      working_preset("", document("mine", "    []\n",
                                  "  combining: priority_first_match\n  extends: [coding-agent]\n"
                                  "  tables: {registries: [packages.example, \"*.packages.example\"]}\n"));
  const auto fetch = [&](const char* url) { return of_tool(program, "fetch", {{"url", url}}); };
  EXPECT_EQ(fetch("https://packages.example/left-pad"), "allow");
  EXPECT_EQ(fetch("https://CDN.Packages.example./simple/x"), "allow");
  for (const char* url :
       {"http://packages.example/x", "https://packages.example@evil.example/", "https://evil.example/?packages.example",
        "https://2130706433/", "https://packages.example.evil.example", "https://packages.example\\@evil.example",
        "ftp://packages.example", "nonsense"}) {
    EXPECT_EQ(fetch(url), "deny") << url;
  }
  Asked connect{.call = "connect"};
  connect.arguments.values["host"] = "packages.example";
  connect.arguments.values["port"] = std::int64_t{443};
  EXPECT_EQ(verdict(program, connect.request()), "allow");
  connect.arguments.values["host"] = "169.254.169.254";
  EXPECT_EQ(verdict(program, connect.request()), "deny");
}

TEST(WorkingPresets, coding_agent_takes_more_from_the_tables_of_a_document) {
  const auto program = working_preset("", document("mine", "    []\n",
                                                   "  combining: priority_first_match\n  extends: [coding-agent]\n"
                                                   "  tables: {folder: /home/me/p, work: [/home/me/p/**], registries: "
                                                   "[\"*.corp.example\"], programs: [zig]}\n"));
  EXPECT_EQ(of_tool(program, "bash", {{"command", "zig build && rm out"}}), "allow");
  EXPECT_EQ(of_tool(program, "bash", {{"command", "rm /home/me/q"}}), "ask");
  EXPECT_EQ(of_tool(program, "fetch", {{"url", "https://npm.corp.example/x"}}), "allow");
  EXPECT_EQ(of_tool(program, "write_file", {{"path", "a"}}), "allow");
}

TEST(WorkingPresets, data_analyst_only_reads) {
  const auto program = working_preset("data-analyst");
  for (const char* argument : {"sql", "query"}) {
    EXPECT_EQ(of_tool(program, "query", {{argument, "select * from public.t"}}), "allow");
    EXPECT_EQ(of_tool(program, "run_sql", {{argument, "select * from t"}}), "allow");
    for (const char* text : {"delete from public.t", "with x as (delete from public.t returning *) select * from x",
                             "select pg_read_file('/etc/passwd')", "not sql"}) {
      EXPECT_EQ(of_tool(program, "query", {{argument, text}}), "deny") << text;
    }
  }
  EXPECT_EQ(of_tool(program, "query", {{"sql", "select 1"}, {"query", "delete from public.t"}}), "deny");
  EXPECT_EQ(of_tool(program, "query", {}), "deny");
  EXPECT_EQ(of_tool(program, "read_file", {{"path", "/data/a.csv"}}), "allow");
  EXPECT_EQ(of_tool(program, "read_file", {{"path", "/data/../etc/passwd"}}), "deny");
  EXPECT_EQ(of_tool(program, "write_file", {{"path", "/data/a.csv"}}), "deny");
  EXPECT_EQ(of_tool(program, "fetch", {{"url", "https://example.com"}}), "deny");
  const auto wider =
      working_preset("", document("mine", "    []\n", "  extends: [data-analyst]\n  tables: {hosts: [api.example]}\n"));
  EXPECT_EQ(of_tool(wider, "fetch", {{"url", "https://api.example/x"}}), "allow");
  EXPECT_EQ(of_tool(wider, "fetch", {{"url", "https://x.example/x"}}), "deny");
}

// What the result phase of a preset makes of a result.
std::string redacted(std::string_view name, const std::string& text) {
  const auto program = working_preset(name);
  const Asked asked{.call = "exec", .tool = "query"};
  Request request = asked.request();
  json::Value value = json::Object{{"text", text}, {"password", "hunter2"}};
  ResultFacts result;
  result.value = &value;
  request.phase = Phase::kResult;
  request.result = &result;
  const Decision decision = program->decide(request);
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  for (std::uint8_t i = 0; i < decision.details_count; ++i) {
    for (const auto& redaction : decision.details[i]->redactions) redaction->apply(value);
  }
  EXPECT_EQ(value.string_or("password", ""), "[redacted]");
  return std::string(value.string_or("text", ""));
}

TEST(WorkingPresets, secrets_are_taken_out_of_results) {
  EXPECT_EQ(redacted("data-analyst",
                     "key AKIA"
                     "ABCDEFGHIJKLMNOP."),
            "key [redacted].");
  EXPECT_EQ(redacted("data-analyst", "postgres://u:p@h/db"), "[redacted]h/db");
  EXPECT_EQ(redacted("data-analyst", "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----"), "[redacted]");
  EXPECT_EQ(redacted("data-analyst", "42 rows"), "42 rows");
  EXPECT_EQ(redacted("support", "card 4111 1111 1111 1111, order 1234"), "card [redacted], order 1234");
}

TEST(WorkingPresets, support_answers_what_it_read_and_asks_for_money) {
  const auto program = working_preset("support");
  for (const char* tool : {"get_ticket", "search_tickets", "list_orders", "update_ticket", "get_payment"}) {
    EXPECT_EQ(of_tool(program, tool, {}), "allow") << tool;
  }
  for (const char* tool : {"refund_order", "create_payment", "issue_refund", "apply_discount", "cancel_subscription"}) {
    EXPECT_EQ(of_tool(program, tool, {}), "ask") << tool;
  }
  for (const char* tool : {"delete_ticket", "shell", "fetch"}) EXPECT_EQ(of_tool(program, tool, {}), "deny") << tool;
  EXPECT_EQ(of_tool(program, "send_mail", {{"body", "hello"}}), "ask");
  Asked mail{.call = "exec", .tool = "send_mail"};
  mail.arguments.values["body"] = "hello";
  FakePast past;
  past.sequences = {0};
  Request request = mail.request();
  request.past = &past;
  EXPECT_EQ(verdict(program, request), "allow");
  past.used_up = {0};
  EXPECT_EQ(verdict(program, request), "ask");
  past.used_up.clear();
  mail.arguments.values["body"] =
      "pay \xe2\x80\xae"
      "here";
  Request hidden = mail.request();
  hidden.past = &past;
  EXPECT_EQ(verdict(program, hidden), "deny");
}

}  // namespace
}  // namespace agentos::policy
