// Wrapping the servers of a client's configuration and taking it back.
#include "apps/agentos/client_config.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

json::Value parsed(std::string_view text) { return *json::parse(text); }
constexpr std::string_view kConfig =
    R"({"theme":"dark","mcpServers":{"files":{"command":"npx","args":["-y","server-filesystem","."],"env":{"TOKEN":"x"}},"web":{"url":"https://example.com"}}})";

TEST(ClientConfig, wrapping_keeps_everything_else_and_unwrapping_gives_back_what_was) {
  json::Value config = parsed(kConfig);
  const auto changes = wrap_servers(config, "mcpServers",
                                    {.program = "/usr/bin/agentos", .options = {"--policy", "/p.yaml"}, .servers = {}});
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(
      json::write(*config.find("mcpServers")->find("files")),
      R"({"command":"/usr/bin/agentos","args":["mcp","wrap","--name","files","--policy","/p.yaml","--env","TOKEN","--","npx","-y","server-filesystem","."],"env":{"TOKEN":"x"}})");
  EXPECT_FALSE(changes[1].skipped.empty()) << "a server behind a URL is not started here";
  EXPECT_EQ(wrap_servers(config, "mcpServers", {.program = "agentos", .options = {}, .servers = {"files"}})[0].skipped,
            "it is wrapped already");
  unwrap_servers(config, "mcpServers", {});
  EXPECT_EQ(config, parsed(kConfig));
}

TEST(ClientConfig, the_map_for_serve_has_servers_unwrapped_and_those_with_a_url) {
  json::Value config = parsed(kConfig);
  wrap_servers(config, "mcpServers", {.program = "agentos", .options = {}, .servers = {}});
  const json::Object servers = plain_servers(config, "mcpServers");
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers.find("files")->string_or("command", ""), "npx");
  EXPECT_EQ(servers.find("web")->string_or("url", ""), "https://example.com");
}

TEST(ClientConfig, places_are_of_the_client_and_unknown_clients_are_told) {
  EXPECT_EQ(config_place("claude-desktop", "/nowhere", "/home/u", "/home/u/.config")->file,
            "/home/u/.config/Claude/claude_desktop_config.json");
  EXPECT_EQ(config_place("vscode", "/nowhere", "/home/u", "/home/u/.config")->key, "servers");
  EXPECT_FALSE(config_place("notepad", "/nowhere", "/home/u", "/home/u/.config").has_value());
}

}  // namespace
}  // namespace agentos::cli
