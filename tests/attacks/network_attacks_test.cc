// Attacks on the network of an agent that has one: each program reaches the one allowed host first, then tries to reach
// something else and must end with 42. What the servers and the name server heard is asked afterwards.
#include "tests/end_to_end/egress_world.h"

namespace agentos::test {
namespace {

constexpr int kRefused = 42;

struct NetworkAttack {
  std::string_view program;
  bool recorded = true;  // a refusal of it stands in the record
};
constexpr NetworkAttack kAttacks[] = {
    {"another_path_or_method"},    {"direct_connection"},
    {"find_the_secret"},           {"metadata_address_in_ten_notations"},
    {"name_that_resolves_inside"}, {"names_as_messages"},
    {"other_sockets", false},  // seccomp answers, and tells nobody
    {"redirect_inside"},           {"second_request_on_a_connection"},
    {"smuggled_requests"},         {"stall_init", false},  // a connection that never came about is no refusal
    {"tunnel_into_the_host"},      {"tunnel_to_another_host"},
};

// Allows the one host, and names of the owner's that lead inside, for policy cannot know where they lead.
constexpr std::string_view kPolicy = R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: attacked}
spec:
  rules:
    - {name: hosts, syscalls: [connect], arguments: {host: {host: [api.example.com, inside.example.com, mixed.example.com]}}, action: allow}
    - name: reading
      syscalls: [http_request]
      arguments: {host: {host: [api.example.com, inside.example.com, mixed.example.com]}, method: {in: [GET, HEAD]}}
      action: allow
    - {name: key, syscalls: [secret_use], arguments: {secret: {in: [key]}, host: {host: [api.example.com]}}, action: allow}
)";

class NetworkAttacks : public testing::TestWithParam<NetworkAttack> {};

const char* secret_of_the_test(const char*) { return "hunter2-is-the-secret"; }

TEST_P(NetworkAttacks, is_refused) {
  HttpServer inside;
  HttpServer server([&](const std::string& head) {
    std::string location;
    if (head.starts_with("GET /redirect-inside")) location = "http://127.0.0.1:" + std::to_string(inside.port()) + "/";
    if (head.starts_with("GET /redirect-elsewhere")) location = "http://other.example/";
    if (location.empty()) return std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
  });
  const NameServer names;
  kernel::EgressOptions egress = egress_to(server);
  egress.settings.name_servers = {{net::IpAddress::v4(0x7f000001), names.port()}};
  egress.settings.rehearsal[{net::IpAddress::v4(0x7f000001), 80}] = {net::IpAddress::v4(0x7f000001), inside.port()};
  egress.settings.routes.push_back(
      {"keyed.internal", false, "api.example.com", 80, "key", egress::Placement::kHeader, "Authorization", "Bearer "});
  auto secrets = egress::SecretStore::load({{"key", egress::SecretSource::kEnvironment, "KEY"}},
                                           {.credentials_directory = {}, .variable = secret_of_the_test});
  ASSERT_TRUE(secrets.has_value()) << secrets.error().message;
  egress.secrets = *secrets;
  EgressWorld world(std::move(egress));
  const std::string folder = world.world().folder() + "/work";
  for (const std::string& file : {std::string("attack"), std::string(GetParam().program)}) {
    std::filesystem::copy_file(own_folder() + "/attacks/network/" + file + ".py", folder + "/" + file + ".py");
  }
  const auto ended = world.run(
      {"/usr/bin/python3", "-B", folder + "/" + std::string(GetParam().program) + ".py", std::to_string(inside.port())},
      kPolicy);
  EXPECT_EQ(ended.code, kRefused) << ended.output;
  EXPECT_EQ(inside.connections(), 0);
  EXPECT_EQ(names.heard(), 0) << "no name that policy does not allow is asked about";
  for (const std::string& head : server.heads()) {
    EXPECT_TRUE(head.starts_with("GET /")) << head;
    EXPECT_EQ(head.find("evil"), std::string::npos) << head;
    EXPECT_EQ(head.find("hidden"), std::string::npos) << head;
    const bool keyed = head.starts_with("GET /use") && head.find("X-Forwarded-Host") == std::string::npos;
    EXPECT_EQ(head.find("hunter2") != std::string::npos, keyed && head.find("Authorization") != std::string::npos)
        << head;
    EXPECT_EQ(head.find("placeholder"), std::string::npos) << head;
  }
  if (GetParam().program == "find_the_secret") {
    EXPECT_GE(server.heads().size(), 2U);
    EXPECT_NE(server.heads()[1].find("Authorization: Bearer hunter2-is-the-secret\r\n"), std::string::npos);
    EXPECT_EQ(world.entries("intent", "secret_use").size(), 1U);
  }
  std::size_t refusals = 0;
  for (json::Value& entry : world.record()) {
    EXPECT_EQ(json::write(entry).find("hunter2"), std::string::npos) << "a secret stands in the record";
    refusals += entry.string_or("kind", "") == "refused" ? 1 : 0;
  }
  EXPECT_EQ(refusals > 0, GetParam().recorded);
}

INSTANTIATE_TEST_SUITE_P(Programs, NetworkAttacks, testing::ValuesIn(kAttacks),
                         [](const auto& run) { return std::string(run.param.program); });

TEST(NetworkAttackPrograms, each_stands_in_the_table) {
  for (const auto& entry : std::filesystem::directory_iterator(NETWORK_ATTACKS)) {
    const std::string name = entry.path().stem();
    bool listed = name == "attack" || name == "__pycache__";
    for (const NetworkAttack& attack : kAttacks) listed = listed || attack.program == name;
    EXPECT_TRUE(listed) << name;
  }
}

}  // namespace
}  // namespace agentos::test
