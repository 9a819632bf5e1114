// The grammar of agentos mcp.
#include <tuple>

#include "apps/agentos/cli_words.h"

namespace agentos::cli {
namespace {

void add_wrap(CLI::App& mcp, Words& words) {
  McpWrapOptions& wrap = words.wrap;
  CLI::App* verb = add_verb(
      mcp, words, "wrap", "Put AgentOS between an MCP client and a server, on standard input and output",
      "  agentos mcp wrap -- npx -y @modelcontextprotocol/server-everything\n"
      "  agentos mcp wrap --policy rules.yaml --write . -- npx -y @modelcontextprotocol/server-filesystem .\n\n"
      "In a client's configuration write \"command\": \"agentos\" and the old command after \"mcp\", \"wrap\", "
      "\"--\".\n"
      "Without --policy the built-in wrap-default governs: agentos policy show wrap-default. What the server offers\n"
      "is pinned when it is first seen; agentos mcp pin ls shows what differs since.",
      [&words] { return verb_mcp_wrap(words.globals, words.wrap); });
  verb->add_option("--policy", wrap.policies, "Policy: a file, or a built-in one by name (may be repeated)")
      ->expected(1)
      ->take_all();
  verb->add_option("--profile", wrap.profile, "Sandbox profile of the server; default mcp-server");
  verb->add_option("--name", wrap.name, "The server's name, for people, policy and its pin; default: from its command");
  verb->add_option("--drift", wrap.drift, "When the server differs from its pin: warn, block what differs, or ask")
      ->check(CLI::IsMember({"warn", "block", "ask"}))
      ->capture_default_str();
  verb->add_flag("--trusted-ui", wrap.trusted_ui,
                 "The client asks its own person about calls that wait for one: its interface is trusted");
  verb->add_option("--env", wrap.environment, "A variable the server gets (may be repeated)")->expected(1)->take_all();
  verb->add_option("--read", wrap.read_paths, "A path it may read and run (may be repeated)")->expected(1)->take_all();
  verb->add_option("--write", wrap.write_paths, "A path it may read and write (may be repeated)")
      ->expected(1)
      ->take_all();
  verb->add_option("command", wrap.command, "The server and its arguments, after --");
}

void add_serve_http(CLI::App& verb, McpServeOptions& serve) {
  CLI::Option* http =
      verb.add_option("--http", serve.http,
                      "Serve streamable HTTP at [HOST:]PORT instead; without HOST this machine alone can reach it");
  const auto with_http = [http](CLI::Option* option) { option->needs(http); };
  with_http(verb.add_option("--path", serve.http_path, "Path of the endpoint")->capture_default_str());
  with_http(verb.add_option("--token-file", serve.token_file,
                            "The bearer token clients need: read from this file, or made and written to it. Without "
                            "it a new one is printed on standard error"));
  with_http(verb.add_flag("--no-token", serve.no_token,
                          "Serve every program of this machine without a token; at an address of this machine alone"));
  with_http(verb.add_option("--tls-cert", serve.tls_certificate, "Serve HTTPS with this certificate chain (PEM)"));
  with_http(verb.add_option("--tls-key", serve.tls_key, "The key of the certificate (PEM, without a passphrase)"));
  with_http(verb.add_option("--allow-origin", serve.allow_origins,
                            "Pages of this origin may use it, as https://app.example (may be repeated)")
                ->expected(1)
                ->take_all());
  with_http(verb.add_option("--allow-host", serve.allow_hosts,
                            "A name clients may know it by, beside localhost (may be repeated)")
                ->expected(1)
                ->take_all());
}

void add_serve_map(CLI::App& mcp, Words& words) {
  McpServeOptions& serve = words.mcp_serve;
  CLI::App* verb = add_verb(
      mcp, words, "serve", "One MCP server in front of many, on standard input and output or over HTTP",
      "  agentos mcp serve servers.json\n"
      "  agentos mcp serve --http 8080 --token-file token servers.json\n"
      "  agentos mcp import cursor --out servers.json && agentos mcp serve --policy rules.yaml servers.json\n\n"
      "The file holds the usual map: {\"mcpServers\": {\"NAME\": {\"command\": ..., \"args\": [...], \"env\": "
      "{...}}}},\n"
      "and for a server elsewhere {\"url\": \"https://...\", \"headers\": {...}}.\n"
      "Tools and prompts of more than one server are called NAME__TOOL.",
      [&words] { return verb_mcp_serve(words.globals, words.mcp_serve); });
  verb->add_option("config", serve.config, "The file")->required();
  verb->add_option("--policy", serve.policies, "Policy: a file, or a built-in one by name (may be repeated)")
      ->expected(1)
      ->take_all();
  add_serve_http(*verb, serve);
  verb->add_option("--profile", serve.profile, "Sandbox profile of the servers; default mcp-server");
  verb->add_option("--name", serve.name, "A name for people and policy; default mcp-serve");
  verb->add_option("--drift", serve.drift, "When a server differs from its pin: warn, block what differs, or ask")
      ->check(CLI::IsMember({"warn", "block", "ask"}))
      ->capture_default_str();
  verb->add_flag("--trusted-ui", serve.trusted_ui,
                 "The client asks its own person about calls that wait for one: its interface is trusted");
  verb->add_option("--read", serve.read_paths, "A path they may read and run (may be repeated)")
      ->expected(1)
      ->take_all();
  verb->add_option("--write", serve.write_paths, "A path they may read and write (may be repeated)")
      ->expected(1)
      ->take_all();
}

void add_reach(CLI::App& mcp, Words& words) {
  McpReachOptions& reach = words.mcp_reach;
  CLI::App* verb = add_verb(mcp, words, "reach", "Speak with a server over HTTP as if a command had started it",
                            "  agentos mcp wrap --profile online.yaml --policy rules.yaml -- agentos mcp reach "
                            "https://mcp.example.com/mcp\n\n"
                            "agentos mcp serve does so for the entries of its map that have a \"url\".",
                            [&words] { return verb_mcp_reach(words.globals, words.mcp_reach); });
  verb->add_option("url", reach.url, "The server's endpoint")->required();
  verb->add_option("--header", reach.headers,
                   "NAME=VARIABLE: a field of every request, its value from a variable "
                   "(may be repeated)")
      ->expected(1)
      ->take_all();
}

void add_connect(CLI::App& mcp, Words& words) {
  McpConnectOptions& connect = words.connect;
  using Verb = Result<int> (*)(const Globals&, const McpConnectOptions&);
  const std::tuple<const char*, const char*, const char*, Verb> verbs[] = {
      {"connect", "Put agentos mcp wrap in front of the servers a client starts",
       "  agentos mcp connect claude-code --dry-run     what would change\n"
       "  agentos mcp connect cursor --policy rules.yaml\n"
       "  agentos mcp connect cursor --undo\n\n"
       "Clients: claude-desktop, claude-code, cursor, vscode. The file is kept beside itself before it is changed.",
       verb_mcp_connect},
      {"import", "Write the servers a client starts as a map for agentos mcp serve",
       "  agentos mcp import vscode --out servers.json", verb_mcp_import},
      {"doctor", "Look at the configurations of clients: what is wrapped, what is not", "  agentos mcp doctor",
       verb_mcp_doctor}};
  for (const auto& [name, summary, examples, function] : verbs) {
    CLI::App* verb = add_verb(mcp, words, name, summary, examples,
                              [&words, function = function] { return function(words.globals, words.connect); });
    const std::string_view which = name;
    if (which == "doctor") continue;
    verb->add_option("client", connect.client, "Which client")->required();
    verb->add_option("--file", connect.file, "Its configuration, when it is not in the usual place");
    if (which == "import") {
      verb->add_option("--out", connect.out, "The file to write; default: standard output");
      continue;
    }
    verb->add_option("--server", connect.servers, "Only this server (may be repeated)")->expected(1)->take_all();
    verb->add_option("--policy", connect.policies, "Policy for them (may be repeated)")->expected(1)->take_all();
    verb->add_flag("--dry-run", connect.dry_run, "Say what would change, and change nothing");
    verb->add_flag("--undo", connect.undo, "Take agentos mcp wrap away again");
  }
}

}  // namespace

void add_mcp(CLI::App& program, Words& words) {
  CLI::App* mcp = add_verb(program, words, "mcp", "Govern MCP servers and clients", "", nullptr);
  mcp->require_subcommand(1);
  add_wrap(*mcp, words);
  add_serve_map(*mcp, words);
  add_reach(*mcp, words);
  add_connect(*mcp, words);
  using Verb = Result<int> (*)(const Globals&, const McpOptions&);
  add_verb(*mcp, words, "list", "List the MCP servers in use", "  agentos mcp list --format json",
           [&words] { return verb_mcp_list(words.globals, words.mcp); });
  CLI::App* inspect =
      add_verb(*mcp, words, "inspect", "Show what a server offers, what of it is hidden, and what is odd about it",
               "  agentos mcp inspect filesystem", [&words] { return verb_mcp_inspect(words.globals, words.mcp); });
  inspect->add_option("server", words.mcp.server, "Its name")->required();
  CLI::App* pin = add_verb(*mcp, words, "pin", "What servers were accepted with", "", nullptr);
  pin->require_subcommand(1);
  const std::tuple<const char*, const char*, const char*, Verb> verbs[] = {
      {"ls", "List pins and whether servers differ from them", "  agentos mcp pin ls", verb_pin_ls},
      {"show", "Show a pin and each difference", "  agentos mcp pin show filesystem", verb_pin_show},
      {"approve", "Accept what the server offers now", "  agentos mcp pin approve filesystem", verb_pin_approve},
      {"reset", "Forget a pin; the next connection pins anew", "  agentos mcp pin reset filesystem", verb_pin_reset}};
  for (const auto& [name, summary, examples, function] : verbs) {
    CLI::App* verb = add_verb(*pin, words, name, summary, examples,
                              [&words, function = function] { return function(words.globals, words.mcp); });
    const std::string_view which = name;
    if (which == "ls") continue;
    verb->add_option("server", words.mcp.server, "Its name")->required();
    if (which == "approve") {
      verb->add_option("--digest", words.mcp.digest, "Of what was looked at; refused when it has changed since");
    }
  }
}

}  // namespace agentos::cli
