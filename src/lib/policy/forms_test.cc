// Rules on canonical forms: whatever way a text is dodged with, it is its form that is decided on.
#include <gtest/gtest.h>

#include "lib/policy/language_fixture.h"
#include "lib/policy/sql_fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using namespace language;

Asked tool(const std::string& argument, const std::string& value) {
  Asked asked{.call = "exec", .tool = "t"};
  asked.arguments.values[argument] = value;
  return asked;
}

// The verdict of one rule `when`, with action `action`, about args.x = `value`.
std::string when(const std::string& action, const std::string& expression, const std::string& value) {
  const auto program = with_rules("    - {name: r, tools: [t], when: '" + expression + "', action: " + action + "}\n");
  return decide(program, tool("x", value));
}
// The same of an argument clause {x: {...}}.
std::string clause(const std::string& action, const std::string& comparison, const std::string& value) {
  const auto program =
      with_rules("    - {name: r, tools: [t], arguments: {x: " + comparison + "}, action: " + action + "}\n");
  return decide(program, tool("x", value));
}
// Of a deny rule in a document that otherwise allows: "deny p/r" when it caught it.
std::string caught(const std::string& comparison, const std::string& value) {
  const auto program = with_rules("    - {name: r, tools: [t], arguments: {x: " + comparison +
                                  "}, action: deny}\n    - {name: all, tools: [t], action: allow}\n");
  return decide(program, tool("x", value));
}

TEST(Forms, every_notation_of_an_address_is_one_host) {
  for (const char* text : {"127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]",
                           "::ffff:7f00:1", "127。0。0。1", "%31%32%37.0.0.1", "127.0.0.1."}) {
    EXPECT_EQ(when("deny", "host(args.x).is_loopback", text), "deny p/r") << text;
    EXPECT_EQ(when("allow", "host(args.x).text == \"127.0.0.1\"", text), "allow p/r") << text;
    EXPECT_EQ(when("allow", "host_matches(args.x, \"127.0.0.0/8\")", text), "allow p/r") << text;
    EXPECT_EQ(when("allow", "cidr(\"127.0.0.0/8\").containsIP(host(args.x).ip)", text), "allow p/r") << text;
    EXPECT_EQ(caught("{host: [127.0.0.1]}", text), "deny p/r") << text;
  }
  for (const char* text : {"http://2130706433/", "http://user@0x7f.1:80/", "http:\\\\127.1\\x",
                           "http://[::ffff:7f00:1]/", "ws://127.0.0.1"}) {
    EXPECT_EQ(when("allow", "url(args.x).host == \"127.0.0.1\"", text), "allow p/r") << text;
    EXPECT_EQ(caught("{host: [127.0.0.0/8]}", text), "deny p/r") << text;
  }
}

TEST(Forms, classes_of_addresses_are_known) {
  const struct {
    const char* text;
    const char* field;
  } cases[] = {{"10.1.2.3", "is_private"},           {"192.168.0.1", "is_private"},  {"fd00::1", "is_private"},
               {"169.254.169.254", "is_link_local"}, {"fe80::1", "is_link_local"},   {"::1", "is_loopback"},
               {"localhost", "is_loopback"},         {"a.localhost", "is_loopback"}, {"0x0a010203", "is_private"}};
  for (const auto& one : cases) {
    EXPECT_EQ(when("allow", std::string("host(args.x).") + one.field, one.text), "allow p/r") << one.text;
    EXPECT_EQ(when("allow", "host(args.x).is_internal", one.text), "allow p/r") << one.text;
  }
  for (const char* text : {"example.com", "8.8.8.8", "2606:4700::1"}) {
    EXPECT_EQ(when("allow", "!host(args.x).is_internal", text), "allow p/r") << text;
  }
  EXPECT_EQ(when("allow", "host(args.x).address_class == \"name\" && host(args.x).kind == \"name\"", "a.example"),
            "allow p/r");
}

TEST(Forms, a_host_that_only_looks_like_another_is_not_it) {
  const std::string rule = "{host: [\"*.example.com\", example.com]}";
  for (const char* good : {"https://example.com/a", "https://API.Example.COM.:443/", "http://a.b.example.com"}) {
    EXPECT_EQ(clause("allow", rule, good), "allow p/r") << good;
  }
  for (const char* bad :
       {"https://example.com@evil.example/", "https://evil.example/example.com", "https://evil.example#@example.com",
        "https://example.com\\@evil.example", "https://example.com.evil.example", "https://evilexample.com",
        "https://exаmple.com/", "https://evil.example?x=.example.com", "https://a@b@example.com/", "https:example.com",
        "https://exam\tple.com/", "javascript:alert(1)", "//example.com", ""}) {
    EXPECT_NE(clause("allow", rule, bad).substr(0, 5), "allow") << bad;
  }
  EXPECT_EQ(clause("allow", "{host: [\"xn--mnchen-3ya.de\"]}", "https://MÜNCHEN.de/"), "allow p/r");
}

TEST(Forms, parts_of_a_url_are_compared_in_one_spelling) {
  EXPECT_EQ(clause("allow", "{scheme: [https], port: [443], url_path: [\"/v1/**\"]}", "HTTPS://a.example/v1/x"),
            "allow p/r");
  EXPECT_EQ(clause("allow", "{scheme: [https]}", "http://a.example/"), "deny default-deny");
  EXPECT_EQ(clause("allow", "{url_path: [\"/v1/**\"]}", "http://a.example/v1/%2e%2e/admin"), "deny default-deny");
  EXPECT_EQ(clause("allow", "{url_path: [\"/v1/**\"]}", "http://a.example/v1/..%2fadmin"), "deny default-deny");
  EXPECT_EQ(caught("{url_path: [\"/admin/**\"]}", "http://a.example/v1/%2e%2e/%61dmin"), "deny p/r");
  EXPECT_EQ(when("allow", "url(args.x).path == \"/admin\" && url(args.x).query == \"q=1\" && url(args.x).port == 8080",
                 "http://a.example:8080/b/../admin?q=1#f"),
            "allow p/r");
  EXPECT_EQ(
      when("allow", "url(args.x).ambiguous && \"dot_segments\" in url(args.x).oddities", "http://a.example/b/../c"),
      "allow p/r");
  EXPECT_EQ(when("allow", "host_matches(url(args.x), [\"*.b.example\", \"a.example\"]) && url(args.x).has_userinfo",
                 "http://u:p@a.example"),
            "allow p/r");
}

TEST(Forms, paths_are_compared_without_their_detours) {
  const std::string rule = "{under: /project}";
  for (const char* good : {"/project", "/project/a", "//project///a", "/project/./a/"}) {
    EXPECT_EQ(clause("allow", rule, good), "allow p/r") << good;
  }
  for (const char* bad : {"/workshop", "/project/../etc/passwd", "/project/link/../a", "../project/a", "work/a",
                          "~/project", "/etc", "", "/project/\x01", "/project/../project/a"}) {
    EXPECT_NE(clause("allow", rule, bad).substr(0, 5), "allow") << bad;
  }
  for (const char* bad :
       {"/etc/passwd", "//etc/passwd", "/project/../etc/passwd", "/./etc//passwd", "/project/link/../x"}) {
    EXPECT_EQ(caught("{path: [\"/etc/**\"]}", bad), "deny p/r") << bad;
  }
  EXPECT_EQ(caught("{path: [\"/etc/**\"]}", "/project/a"), "allow p/all");
  EXPECT_EQ(
      when("allow", "path_matches(path(args.x, \"/project\"), [\"/project/**\"]) && !path(args.x, \"/project\").climbs",
           "src/a.cc"),
      "allow p/r");
  EXPECT_EQ(when("allow", "path_matches(path(args.x, \"/project\"), \"/project/**\")", "../etc/passwd"),
            "deny default-deny");
  EXPECT_EQ(when("allow", "path(args.x).name == \"c\" && path(args.x).folder == \"/a\"", "/a//b/../c/"), "allow p/r");
}

TEST(Forms, programs_are_found_behind_quotes_wrappers_and_nested_shells) {
  for (const char* text :
       {"rm -rf /", "r'm' -rf /", "\"rm\" /", "\\rm /", "sh -c 'rm /'", "env X=1 rm /", "sudo -u a rm /", "ls; rm /",
        "ls | xargs rm", "/bin/rm /", "bash -lc \"ls && rm x\"", "echo $(rm x)", "find . -exec rm {} ;",
        "nohup nice rm x &", "{ rm x; }", "if true; then rm x; fi"}) {
    EXPECT_EQ(caught("{programs: [rm]}", text), "deny p/r") << text;
    EXPECT_EQ(when("deny", "\"rm\" in shell(args.x).programs", text), "deny p/r") << text;
    EXPECT_NE(clause("allow", "{programs: [ls, echo, find, env, sudo, sh, bash]}", text).substr(0, 5), "allow") << text;
  }
  // Not known from the text: an error for the deny rule.
  for (const char* text : {"$X /", "PATH=/tmp ls", "sh ./script", "eval \"$X\"", "alias ls=rm", "$'rm' x"}) {
    EXPECT_EQ(caught("{programs: [rm]}", text), "deny p/r") << text;
    EXPECT_EQ(clause("allow", "{programs: [ls, sh, eval, alias]}", text), "deny default-deny") << text;
  }
  EXPECT_EQ(caught("{programs: [rm]}", "ls 'rm'"), "allow p/all");
  EXPECT_EQ(clause("allow", "{programs: [git, ls]}", "git status && ls -l"), "allow p/r");
  EXPECT_EQ(clause("allow", "{programs: [git]}", "./git status"), "deny default-deny");
  EXPECT_EQ(clause("allow", "{programs: [git]}", "/tmp/git status"), "deny default-deny");
  EXPECT_EQ(clause("allow", "{programs: [git]}", "/usr/bin/git status"), "allow p/r");
  EXPECT_EQ(clause("allow", "{programs: [git]}", "git 'unbalanced"), "deny p/r");
  EXPECT_EQ(clause("allow", "{programs: [git]}", ""), "deny default-deny");
  EXPECT_EQ(clause("allow", "{programs: [env, git]}", "env -S 'rm x' git"), "deny default-deny");
  EXPECT_EQ(when("allow", "shell(args.x).launches && !shell(args.x).ambiguous", "python3 -c pass"), "allow p/r");
}

TEST(Forms, files_a_command_writes_have_to_be_allowed) {
  EXPECT_EQ(clause("allow", "{programs: [git]}", "git log > /etc/passwd"), "deny default-deny");
  EXPECT_EQ(clause("allow", "{programs: [git]}", "git log > /dev/null 2>&1 < /project/in"), "allow p/r");
  const std::string rule = "{programs: [git], redirects_to: [\"/project/**\"]}";
  EXPECT_EQ(clause("allow", rule, "git log >> /project/log"), "allow p/r");
  for (const char* bad : {"git log > /project/../etc/passwd", "git log > log", "git log > $F", "git log > ~/x",
                          "git log &> /etc/x", "git log >| /etc/x"}) {
    EXPECT_EQ(clause("allow", rule, bad), "deny default-deny") << bad;
  }
  EXPECT_EQ(caught("{redirects_to: [\"/etc/**\"]}", "cat <> /etc/x"), "deny p/r");
  EXPECT_EQ(caught("{redirects_to: [\"/etc/**\"]}", "cd /etc; echo > passwd"), "deny p/r");
  EXPECT_EQ(when("allow",
                 "shell(args.x).redirects_to == [\"/a\"] && shell(args.x).has_redirects && "
                 "!shell(args.x).has_substitution && shell(args.x).commands == [[\"git\", \"log x\"]] && "
                 "shell(args.x).words == [\"git\", \"log x\"] && !shell(args.x).dynamic",
                 "git 'log x' > /a"),
            "allow p/r");
}

TEST(Forms, misleading_text_has_hazards) {
  EXPECT_EQ(when("deny", "size(hazards(args.x)) > 0",
                 "pay \xe2\x80\xae"
                 "moc.live"),
            "deny p/r");
  EXPECT_EQ(when("allow", "\"bidirectional\" in hazards(args.x)",
                 "pay \xe2\x80\xae"
                 "moc.live"),
            "allow p/r");
  EXPECT_EQ(when("allow", "hazards(args.x) == []", "plain"), "allow p/r");
  EXPECT_EQ(clause("allow", "{text_hazards: []}", "plain"), "allow p/r");
  EXPECT_EQ(clause("allow", "{text_hazards: []}", "p\xd0\xb0ypal"), "deny default-deny");
  EXPECT_EQ(caught("{text_hazards: [zero_width]}",
                   "a\xe2\x80\x8b"
                   "b"),
            "deny p/r");
}

TEST(Forms, sql_is_compared_by_what_it_would_do) {
  FakeSql sql;
  const auto decided = [&](const std::string& action, const std::string& comparison, const std::string& text) {
    const auto program =
        with_rules("    - {name: r, tools: [t], arguments: {x: " + comparison + "}, action: " + action + "}\n" +
                   (action == "deny" ? "    - {name: all, tools: [t], action: allow}\n" : ""));
    const Asked asked = tool("x", text);
    Request request = asked.request();
    request.sql = &sql;
    return decide(program, request);
  };
  const std::string rule = "{statements: [select], tables: [public.*]}";
  EXPECT_EQ(decided("allow", rule, "select * from public.t"), "allow p/r");
  EXPECT_EQ(decided("allow", rule, "select * from t"), "deny default-deny");
  EXPECT_EQ(decided("allow", rule, "delete from public.t"), "deny default-deny");
  EXPECT_EQ(decided("allow", rule, "with x as (delete from public.t returning *) select * from x"),
            "deny default-deny");
  EXPECT_EQ(decided("allow", rule, "select pg_read_file('/etc/passwd')"), "deny default-deny");
  EXPECT_EQ(
      decided("allow", "{statements: [select], sql_hazards: [server_function]}", "select pg_read_file('/etc/passwd')"),
      "allow p/r");
  EXPECT_EQ(decided("deny", "{tables: [public.secrets]}", "select * from secrets"), "deny p/r");
  EXPECT_EQ(decided("deny", "{writes: [public.t]}", "delete from public.t"), "deny p/r");
  EXPECT_EQ(decided("deny", "{writes: [public.t]}", "select * from public.t"), "allow p/all");
  EXPECT_EQ(decided("deny", "{functions: [pg_read_file]}", "select pg_read_file('/etc/passwd')"), "deny p/r");
  EXPECT_EQ(decided("allow", rule, "this is no sql"), "deny p/r");
  // Without a reader of SQL nothing about SQL is known.
  EXPECT_EQ(clause("allow", rule, "select 1"), "deny p/r");
  EXPECT_EQ(when("allow", "sql(args.x).read_only", "select 1"), "deny p/r");
}

TEST(Forms, a_text_is_read_once_a_decision) {
  FakeSql sql;
  std::string rules;
  for (int i = 0; i < 5; ++i) {
    rules += "    - {name: r" + std::to_string(i) +
             ", tools: [t], when: '\"delete\" in sql(args.x).statements', action: deny}\n";
  }
  const auto program =
      with_rules(rules +
                 "    - {name: all, tools: [t], arguments: {x: {statements: [select]}}, action: allow}\n"
                 "    - {name: other, tools: [u], when: 'sql(args.x).read_only', action: allow}\n");
  const Asked asked = tool("x", "select * from public.t");
  Request request = asked.request();
  request.sql = &sql;
  EXPECT_EQ(decide(program, request), "allow p/all");
  EXPECT_EQ(sql.parsed, 1);
  EXPECT_EQ(decide(program, request), "allow p/all");
  EXPECT_EQ(sql.parsed, 2);
}

TEST(Forms, what_is_no_pattern_is_refused_when_the_document_is_loaded) {
  for (const char* rule :
       {"when: 'host_matches(args.x, \"a..b\")'", "when: 'path_matches(args.x, [\"/a\", \"b\"])'",
        "when: 'url(args.x).hots == \"a\"'", "when: 'url(args.x)'", "arguments: {x: {host: [\"a b\"]}}",
        "arguments: {x: {scheme: [gopher]}}", "arguments: {x: {under: work}}", "arguments: {x: {under: /project/}}",
        "arguments: {x: {port: [0]}}", "arguments: {x: {programs: []}}", "arguments: {x: {sql_hazards: [dll]}}",
        "arguments: {x: {text_hazards: [zero]}}", "arguments: {x: {hosts: [a]}}"}) {
    const Error error = refusal(std::string("    - {name: r, tools: [t], ") + rule + ", action: allow}\n");
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << rule << ": " << error.message;
    EXPECT_TRUE(error.message.starts_with("p0.yaml:6:")) << rule << ": " << error.message;
  }
}

TEST(Forms, explanations_show_the_forms_and_what_would_pass) {
  const auto program = with_rules(
      "    - {name: r, tools: [t], arguments: {x: {host: [\"*.example.com\"], scheme: [https]}}, action: allow}\n");
  const Asked asked = tool("x", "http://user@2130706433/");
  const json::Value explained = program->explain(asked.request());
  const json::Value* with = explained.find("allow_with");
  ASSERT_NE(with, nullptr);
  EXPECT_EQ(with->find("flips")->as_bool(), true) << json::write(explained);
  const json::Array& failed = with->find("failed")->as_array();
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].string_or("clause", ""), "arguments.x");
  EXPECT_EQ(json::write(*failed[0].find("pattern")), R"({"host":["*.example.com"]})");
  EXPECT_EQ(failed[0].string_or("actual", ""), "127.0.0.1 (odd: host)");
  EXPECT_EQ(failed[0].string_or("would_pass", ""), "https://www.example.com/");

  const auto by_expression =
      with_rules("    - {name: r, tools: [t], when: 'host_matches(url(args.x), \"*.example.com\")', action: allow}\n");
  const json::Value said = by_expression->explain(asked.request());
  EXPECT_NE(json::write(said).find(R"("url(args.x).host":"127.0.0.1")"), std::string::npos) << json::write(said);
  EXPECT_EQ(said.find("allow_with")->find("flips")->as_bool(), true) << json::write(said);
}

TEST(Forms, a_clause_without_a_form_says_why_it_denies) {
  const auto program = with_rules("    - {name: r, tools: [t], arguments: {x: {programs: [git]}}, action: allow}\n");
  const Asked asked = tool("x", "git 'a");
  const Decision decision = program->decide(asked.request());
  EXPECT_EQ(decision.rule, "p/r");
  EXPECT_NE(decision.reason.find("argument \"x\" has no form"), std::string_view::npos) << decision.reason;
  EXPECT_FALSE(decision.failure.empty());
}

}  // namespace
}  // namespace agentos::policy
