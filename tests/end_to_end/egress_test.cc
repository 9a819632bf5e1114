// Agents reach hosts by the proxy alone: what policy allows arrives, everything else is refused and recorded.
#include "tests/end_to_end/egress_world.h"

namespace agentos::test {
namespace {

std::string joined(const std::vector<json::Value>& entries) {
  std::string out;
  for (const json::Value& entry : entries) out += json::write(entry) + "\n";
  return out;
}

TEST(Egress, a_program_that_knows_no_proxy_reaches_an_allowed_host_and_the_record_says_so) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  // No variable, no proxy: a name is looked up, a socket connected, a request sent.
  const auto ended = world.python(R"(
import socket
s = socket.create_connection(("api.example.com", 80), 10)
s.sendall(b"GET /plain?x=1 HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n")
data = b""
while True:
    got = s.recv(4096)
    if not got: break
    data += got
print(data.decode())
)");
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_NE(ended.output.find("200 OK"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("hello"), std::string::npos) << ended.output;
  ASSERT_EQ(server.heads().size(), 1U);
  EXPECT_TRUE(server.heads()[0].starts_with("GET /plain?x=1 HTTP/1.1\r\nHost: api.example.com\r\n"))
      << server.heads()[0];
  const std::string connects = joined(world.entries("intent", "connect"));
  EXPECT_NE(connects.find("93.184.215.14"), std::string::npos) << connects;
  EXPECT_NE(connects.find("python3"), std::string::npos) << connects;
  const std::string requests = joined(world.entries("intent", "http_request"));
  EXPECT_NE(requests.find("/plain?x=1"), std::string::npos) << requests;
  const auto outcomes = world.entries("outcome", "http_request");
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_GT(outcomes[0].int_or("bytes", 0), 60) << joined(outcomes);
  EXPECT_NE(joined(outcomes).find("200"), std::string::npos) << joined(outcomes);
}

TEST(Egress, curl_and_a_python_client_use_the_proxy_by_its_variables) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const auto python = world.python(
      "import urllib.request\nprint(urllib.request.urlopen('http://api.example.com/p', timeout=10).read().decode())");
  EXPECT_EQ(python.code, 0) << python.output;
  EXPECT_NE(python.output.find("hello"), std::string::npos) << python.output;
  if (std::filesystem::exists("/usr/bin/curl")) {
    const auto curl =
        world.run({"/usr/bin/curl", "-sS", "-m", "10", "http://api.example.com/one", "http://api.example.com/two"});
    EXPECT_EQ(curl.output, "hellohello");
    const auto socks = world.run(
        {"/usr/bin/curl", "-sS", "-m", "10", "--proxy", "socks5h://127.0.0.1:3128", "http://api.example.com/socks"});
    EXPECT_EQ(socks.output, "hello");
    const auto tunnel = world.run({"/usr/bin/curl", "-sS", "-m", "10", "-p", "http://api.example.com/tunnel"});
    EXPECT_EQ(tunnel.output, "hello") << "requests inside a tunnel are decided too";
  }
  if (std::filesystem::exists("/usr/bin/node")) {
    const auto node = world.run(
        {"/usr/bin/node", "-e", "fetch('http://api.example.com/node').then(r => r.text()).then(t => console.log(t))"});
    EXPECT_EQ(node.output, "hello\n");
  }
}

TEST(Egress, a_host_without_a_rule_gets_a_readable_403_and_stands_in_the_record_with_the_rule_that_would_allow_it) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const auto ended = world.python(R"(
import urllib.request, urllib.error
try:
    urllib.request.urlopen("http://other.example.com/", timeout=10)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
)");
  EXPECT_NE(ended.output.find("403"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("to allow it:"), std::string::npos) << ended.output;
  const std::string refused = joined(world.entries("refused", "http_request"));
  EXPECT_NE(refused.find("other.example.com"), std::string::npos) << refused;
  EXPECT_NE(refused.find("allowed by: {name: http_request-other.example.com, syscalls: [http_request]"),
            std::string::npos)
      << refused;
  EXPECT_EQ(server.connections(), 0);
}

TEST(Egress, the_rule_that_a_refusal_names_allows_the_call) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  std::string policy(kOneHost.substr(0, kOneHost.find("    - ")));
  policy += "    - {name: nothing, syscalls: [connect], arguments: {port: {in: [1]}}, action: allow}\n";
  const std::string script = R"(
import urllib.request, urllib.error
try:
    print(urllib.request.urlopen("http://api.example.com/named", timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.read().decode())
)";
  constexpr std::string_view kRule = "to allow it: a policy rule ";
  for (const std::string_view call : {"http_request", "connect"}) {
    const auto refused = world.python(script, policy);
    const std::size_t at = refused.output.find(kRule);
    ASSERT_NE(at, std::string::npos) << refused.output;
    const std::size_t from = at + kRule.size();
    const std::string rule = refused.output.substr(from, refused.output.find('\n', from) - from);
    EXPECT_NE(rule.find("syscalls: [" + std::string(call) + "]"), std::string::npos) << rule;
    policy += "    - " + rule + "\n";
  }
  EXPECT_EQ(world.python(script, policy).output, "200\n") << policy;
}

TEST(Egress, a_method_that_is_not_allowed_does_not_arrive) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const auto ended = world.python(R"(
import urllib.request, urllib.error
try:
    urllib.request.urlopen("http://api.example.com/", data=b"x", timeout=10)
except urllib.error.HTTPError as error:
    print(error.code)
)");
  EXPECT_EQ(ended.output, "403\n");
  EXPECT_TRUE(server.heads().empty());
}

TEST(Egress, what_a_name_resolves_to_is_judged_too) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const std::string script = R"(
import urllib.request, urllib.error, sys
for host in sys.argv[1:]:
    try:
        print(host, urllib.request.urlopen("http://" + host + "/", timeout=10).status)
    except urllib.error.HTTPError as error:
        print(host, error.code)
)";
  const auto ended =
      world.run({"/usr/bin/python3", "-B", "-c", script, "inside.example.com", "mixed.example.com"}, kAllowAll);
  EXPECT_EQ(ended.output, "inside.example.com 403\nmixed.example.com 403\n");
  const std::string refused = joined(world.entries("refused", "connect"));
  EXPECT_NE(refused.find("127.0.0.1"), std::string::npos) << refused;
  EXPECT_NE(refused.find("loopback"), std::string::npos) << refused;
  EXPECT_EQ(server.connections(), 0);
}

TEST(Egress, a_response_under_way_is_cut_when_another_policy_denies_it) {
  HttpServer server(
      [](const std::string&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"); });
  EgressWorld world(egress_to(server));
  const json::Value agent = world.start({"/usr/bin/python3", "-B", "-c", R"(
import urllib.request
try: print(urllib.request.urlopen("http://api.example.com/slow", timeout=50).read())
except Exception as error: print(type(error).__name__)
)"});
  for (int i = 0; i < 1000 && world.entries("intent", "http_request").empty(); ++i) usleep(10'000);
  Caller& boss = world.by_operator();
  const auto load = [&](const std::string& action) {
    const std::string text =
        "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: later}\nspec:\n  rules:\n    - {name: all, syscalls: "
        "[connect, http_request], action: " +
        action + "}\n";
    boss.must("policy_load", {{"documents", json::Array{json::Object{{"file", "later.yaml"}, {"text", text}}}}});
  };
  load("allow");
  EXPECT_TRUE(world.entries("outcome", "http_request").empty()) << "it goes on";
  load("deny");
  (void)boss.must("wait", {{"agent", std::string(agent.string_or("agent", "?"))}, {"timeout_ms", 60'000}});
  const std::string output = io::read_file(std::string(agent.string_or("output", "")), 1 << 20).value_or("");
  EXPECT_EQ(output, "IncompleteRead\n");
  const auto outcomes = world.entries("outcome", "http_request");
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].int_or("code", 0), -2) << json::write(outcomes[0]);
}

// The id of the approval that a connect to `host` waits for.
std::string approval_for(EgressWorld& world, const std::string& host) {
  for (int i = 0; i < 1000; ++i) {
    const json::Value reply = world.by_operator().must("approvals");
    for (const json::Value& one : reply.find("approvals")->as_array()) {
      if (one.string_or("preview", "").find(host) != std::string::npos)
        return std::string(one.string_or("approval", ""));
    }
    usleep(10'000);
  }
  return {};
}

TEST(Egress, no_name_is_looked_up_before_a_person_agreed_to_connect_to_it) {
  HttpServer server;
  const NameServer names;
  kernel::EgressOptions egress = egress_to(server);
  egress.settings.name_servers = {{net::IpAddress::v4(0x7f000001), names.port()}};
  EgressWorld world(std::move(egress));
  const json::Value agent = world.start({"/usr/bin/python3", "-B", "-c", R"(
import urllib.request
for host in ("the-password-is-hunter2.example.net", "api.example.com", "inside.example.com"):
    try: print(host, urllib.request.urlopen("http://" + host + "/asked", timeout=30).read().decode())
    except OSError as error: print(host, error)
)"},
                                        R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: asking}
spec:
  rules:
    - {name: hosts, syscalls: [connect], action: ask}
    - {name: requests, syscalls: [http_request], action: allow}
)");
  Caller& boss = world.by_operator();
  const std::string refused = approval_for(world, "hunter2.example.net");
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(boss.code("approve", {{"approval", refused}, {"granted", false}}), 0);
  const std::string granted = approval_for(world, "api.example.com");
  ASSERT_FALSE(granted.empty());
  EXPECT_EQ(boss.code("approve", {{"approval", granted}, {"granted", true}}), 0);
  const std::string inside = approval_for(world, "inside.example.com");
  ASSERT_FALSE(inside.empty());
  EXPECT_EQ(boss.code("approve", {{"approval", inside}, {"granted", true}}), 0);
  const json::Value exit =
      boss.must("wait", {{"agent", std::string(agent.string_or("agent", "?"))}, {"timeout_ms", 60'000}});
  EXPECT_EQ(exit.int_or("code", -1), 0);
  const std::string output = io::read_file(std::string(agent.string_or("output", "")), 1 << 20).value_or("");
  EXPECT_NE(output.find("hunter2.example.net HTTP Error 403"), std::string::npos) << output;
  EXPECT_NE(output.find("api.example.com hello"), std::string::npos) << output;
  EXPECT_NE(output.find("inside.example.com HTTP Error 403"), std::string::npos) << "what it leads to is judged\n"
                                                                                 << output;
  EXPECT_EQ(names.heard(), 0);
  // The call that was approved is the one that is carried out, with the addresses that were found.
  bool carried_out = false;
  for (const json::Value& entry : world.entries("intent", "connect")) {
    const std::string text = json::write(entry);
    carried_out =
        carried_out || (text.find(granted) != std::string::npos && text.find("93.184.215.14") != std::string::npos);
  }
  EXPECT_TRUE(carried_out) << joined(world.entries("intent", "connect"));
}

TEST(Egress, an_approved_name_that_leads_nowhere_ends_the_call) {
  HttpServer server;
  kernel::EgressOptions egress = egress_to(server);
  egress.settings.name_servers = {{net::IpAddress::v4(0x7f000001), 1}};  // nobody is there
  EgressWorld world(std::move(egress));
  const json::Value agent = world.start({"/usr/bin/python3", "-B", "-c", R"(
import urllib.request
try: urllib.request.urlopen("http://nowhere.example.net/", timeout=50)
except OSError as error: print(error)
)"},
                                        R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: asking}
spec:
  rules:
    - {name: hosts, syscalls: [connect], action: ask}
    - {name: requests, syscalls: [http_request], action: allow}
)");
  const std::string granted = approval_for(world, "nowhere.example.net");
  ASSERT_FALSE(granted.empty());
  EXPECT_EQ(world.by_operator().code("approve", {{"approval", granted}, {"granted", true}}), 0);
  (void)world.by_operator().must("wait",
                                 {{"agent", std::string(agent.string_or("agent", "?"))}, {"timeout_ms", 60'000}});
  const std::string output = io::read_file(std::string(agent.string_or("output", "")), 1 << 20).value_or("");
  EXPECT_NE(output.find("502"), std::string::npos) << output;
  const auto outcomes = world.entries("outcome", "connect");
  ASSERT_EQ(outcomes.size(), 1U) << joined(outcomes);
  EXPECT_NE(outcomes[0].int_or("code", 0), 0) << joined(outcomes);
}

TEST(Egress, a_profile_may_list_an_internal_address_and_policy_still_decides) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  const std::string script = "import urllib.request, urllib.error\ntry:\n    print(urllib.request.urlopen('" + url +
                             "', timeout=10).status)\nexcept urllib.error.HTTPError as error:\n    print(error.code)\n";
  EXPECT_EQ(world.python(script, kAllowAll, "{internal: [127.0.0.1]}").output, "200\n");
  EXPECT_EQ(world.python(script, kOneHost, "{internal: [127.0.0.1]}").output, "403\n");
  EXPECT_EQ(world.python(script, kAllowAll).output, "403\n");
}

TEST(Egress, a_proxy_that_dies_is_no_network_until_it_is_back) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const auto find_proxy = [] {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string pid = entry.path().filename();
      std::error_code error;
      const auto exe = std::filesystem::read_symlink(entry.path() / "exe", error);
      auto status = io::read_file(entry.path() / "stat", 4096);
      if (!error && exe.filename() == "agentos-egress" && status &&
          status->find(" " + std::to_string(::getpid()) + " ") != std::string::npos) {
        return std::stoi(pid);
      }
    }
    return -1;
  };
  const json::Value agent = world.start({"/usr/bin/python3", "-B", "-c", R"(
import time, urllib.request
for i in range(200):
    try:
        print(urllib.request.urlopen("http://api.example.com/", timeout=5).status, flush=True)
    except Exception as error:
        print("failed", flush=True)
    time.sleep(0.05)
)"});
  const auto output = [&] { return io::read_file(std::string(agent.string_or("output", "")), 1 << 20).value_or(""); };
  const auto wait_for = [&](std::size_t from, std::string_view text) {
    for (int i = 0; i < 400 && output().find(text, from) == std::string::npos; ++i) ::usleep(25'000);
    return output().find(text, from) != std::string::npos;
  };
  ASSERT_TRUE(wait_for(0, "200")) << output();
  const int first = find_proxy();
  ASSERT_GT(first, 0);
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  const std::size_t from = output().size();
  ASSERT_TRUE(wait_for(from, "200")) << "the agent keeps its network with the next proxy: " << output();
  EXPECT_NE(find_proxy(), first);
  world.by_operator().must("signal", {{"target", std::string(agent.string_or("agent", ""))}, {"signal", "SIGKILL"}});
  world.by_operator().must("wait", {{"agent", std::string(agent.string_or("agent", ""))}, {"timeout_ms", 20'000}});
}

TEST(Egress, without_a_network_nothing_changes) {
  HttpServer server;
  EgressWorld world(egress_to(server));
  const auto ended = world.python(
      "import socket\ntry:\n    socket.socket()\nexcept OSError as error:\n    print(error.errno)", kAllowAll, "none");
  EXPECT_EQ(ended.output, "13\n");
}

TEST(Egress, a_kernel_without_a_proxy_refuses_the_profile_by_name) {
  HttpServer server;
  kernel::EgressOptions none;
  EgressWorld world(none);
  const std::string profile =
      "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: online}\nextends: agent-default\nnetwork: proxy\n";
  auto result =
      world.by_operator().call("spawn", {{"command", json::Array{json::Value("/bin/true")}},
                                         {"working_directory", "/"},
                                         {"profile", json::Object{{"file", "online.yaml"}, {"text", profile}}}});
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("egress proxy"), std::string::npos) << result.error().message;
}

}  // namespace
}  // namespace agentos::test
