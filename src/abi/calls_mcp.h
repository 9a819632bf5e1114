// Requests and replies of the calls about MCP: mcp_request mcp_open mcp_servers pins pin_decide.
#pragma once

#include <string>
#include <vector>

#include "abi/calls_operator.h"
#include "abi/field.h"

namespace agentos::abi {

struct McpRequestReply {
  json::Value result;
  static constexpr auto kFields =
      std::tuple{Required<&McpRequestReply::result>{"result", "What the other side answered."}};
};
struct McpRequestRequest {
  using Reply = McpRequestReply;
  std::string server;
  std::string method;
  std::string name;
  json::Value params = json::Object{};
  json::Value extra = json::Object{};
  static constexpr auto kFields =
      std::tuple{Required<&McpRequestRequest::server>{"server", "The configured server.", {.size_max = 128}},
                 Required<&McpRequestRequest::method>{"method", "MCP method.", {.size_max = 128}},
                 Optional<&McpRequestRequest::name>{
                     "name", "What params name: a URI, a prompt, a task. Must be what they do.", {.size_max = 8192}},
                 Optional<&McpRequestRequest::params>{"params", "Of the method.", {.json_object = true}},
                 Optional<&McpRequestRequest::extra>{
                     "extra", "What a server gets beside them: logLevel client progress.", {.json_object = true}}};
};

struct McpServerSpec {
  std::string name;
  std::vector<std::string> command;
  std::string working_directory;
  json::Value environment = json::Object{};
  std::vector<std::string> environment_pass;
  std::string profile_preset;
  std::optional<Document> profile;
  std::vector<std::string> read_paths;
  std::vector<std::string> write_paths;
  static constexpr auto kFields = std::tuple{
      Required<&McpServerSpec::name>{"name", "Of the server, for people, policy and pins.", {.size_max = 64}},
      Required<&McpServerSpec::command>{"command", "Program and arguments.", {.size_max = 4096}},
      Required<&McpServerSpec::working_directory>{"working_directory", "Absolute path.", {.size_max = 4096}},
      Optional<&McpServerSpec::environment>{
          "environment", "The client's environment; the profile says what passes.", {.json_object = true}},
      Optional<&McpServerSpec::environment_pass>{"environment_pass",
                                                 "Names that pass beside the profile's; their values come in a fourth "
                                                 "descriptor, a file of {server: {name: value}}.",
                                                 {.size_max = 64}},
      Optional<&McpServerSpec::profile_preset>{
          "profile_preset", "A built-in profile; default mcp-server.", {.size_max = 64}},
      Optional<&McpServerSpec::profile>{"profile", "A profile document instead."},
      Optional<&McpServerSpec::read_paths>{"read_paths", "Absolute paths it may read and run.", {.size_max = 64}},
      Optional<&McpServerSpec::write_paths>{"write_paths", "Absolute paths it may read and write.", {.size_max = 64}}};
};
inline constexpr std::string_view kDriftModes[] = {"warn", "block", "ask"};
struct McpOpenReply {
  std::string agent;
  std::string policy;
  static constexpr auto kFields =
      std::tuple{Required<&McpOpenReply::agent>{"agent", "The agent that is served."},
                 Required<&McpOpenReply::policy>{"policy", "Names of the policy documents in force."}};
};
struct McpOpenRequest {
  using Reply = McpOpenReply;
  std::string name;
  std::vector<McpServerSpec> servers;
  std::vector<Document> policy;
  std::string drift = "block";
  bool trusted_ui = false;
  static constexpr auto kFields = std::tuple{
      Required<&McpOpenRequest::name>{"name", "For people and policy.", {.size_max = 64}},
      Required<&McpOpenRequest::servers>{
          "servers", "What it may use; with one, names of tools stay as they are.", {.size_max = 64}},
      Optional<&McpOpenRequest::policy>{"policy", "Documents that govern it; default wrap-default.", {.size_max = 64}},
      Optional<&McpOpenRequest::drift>{
          "drift", "When a server differs from its pin: warn, block what differs, or ask.", {.choices = kDriftModes}},
      Optional<&McpOpenRequest::trusted_ui>{
          "trusted_ui", "The client's interface asks its person about calls that wait for an approval."}};
};

struct McpServerEntry {
  std::string agent;
  std::string server;
  std::string process;
  std::string state;
  std::string trouble;
  std::string revision;
  std::string drift;
  json::Value offers;
  static constexpr auto kFields = std::tuple{
      Required<&McpServerEntry::agent>{"agent", "Who uses it."},
      Required<&McpServerEntry::server>{"server", "Its name."},
      Required<&McpServerEntry::process>{"process", "The agent its process is, or empty."},
      Required<&McpServerEntry::state>{"state", "stopped, starting, ready, pausing or refused."},
      Required<&McpServerEntry::trouble>{"trouble", "Why it is not ready; empty when nothing is wrong."},
      Required<&McpServerEntry::revision>{"revision", "Of the protocol it speaks; empty before it is known."},
      Required<&McpServerEntry::drift>{"drift", "none, or what differs from its pin."},
      Required<&McpServerEntry::offers>{"offers", "Its identity, tools with findings, prompts and templates."}};
};
struct McpServersReply {
  std::vector<McpServerEntry> servers;
  static constexpr auto kFields = std::tuple{Required<&McpServersReply::servers>{"servers", "By agent and name."}};
};
struct McpServersRequest {
  using Reply = McpServersReply;
  static constexpr auto kFields = std::tuple{};
};

struct PinEntry {
  std::string server;
  std::string digest;
  std::string offered;
  std::int64_t pinned_us = 0;
  std::int64_t items = 0;
  std::string drift;
  json::Value differences;
  static constexpr auto kFields =
      std::tuple{Required<&PinEntry::server>{"server", "Name and command it belongs to."},
                 Required<&PinEntry::digest>{"digest", "Of all that is pinned."},
                 Required<&PinEntry::offered>{"offered", "The same of what is offered now; empty: not in use."},
                 Required<&PinEntry::pinned_us>{"pinned_us", "When it was accepted."},
                 Required<&PinEntry::items>{"items", "Tools, prompts, resources and templates pinned."},
                 Required<&PinEntry::drift>{"drift", "none, or a count of what differs."},
                 Required<&PinEntry::differences>{"differences",
                                                  "Each with what it is, what was pinned and what is offered now."}};
};
struct PinsReply {
  std::vector<PinEntry> pins;
  static constexpr auto kFields = std::tuple{Required<&PinsReply::pins>{"pins", "By server."}};
};
struct PinsRequest {
  using Reply = PinsReply;
  std::string server;
  static constexpr auto kFields =
      std::tuple{Optional<&PinsRequest::server>{"server", "Only this one.", {.size_max = 256}}};
};
struct PinDecideRequest {
  using Reply = EmptyReply;
  std::string server;
  bool approve = false;
  std::string digest;
  static constexpr auto kFields = std::tuple{
      Required<&PinDecideRequest::server>{"server", "As pins lists it.", {.size_max = 256}},
      Required<&PinDecideRequest::approve>{"approve", "true: what it offers now is the pin; false: forget the pin."},
      Optional<&PinDecideRequest::digest>{
          "digest", "When given, it must be that of what is offered now.", {.size_max = 128}}};
};
using PinDecideReply = EmptyReply;

}  // namespace agentos::abi
