// A tool's manifest: what it is called, takes and returns, what it touches, and how it is run. MANIFEST.md is its page.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::tool {

inline constexpr std::size_t kNameBytesMax = 128;  // [A-Za-z0-9_.:/-], starts with a letter

enum class Runs : std::uint8_t {
  kBuiltin,  // a function of ours, pure and quick
  kHost,     // a function of the program that embeds the kernel; trusted
  kProcess,  // a confined child process, one per call
  kMcp,      // a tool of an MCP server
};
std::string_view name_of(Runs);  // "builtin" "host" "process" "mcp"

struct Manifest {
  std::string name;
  std::string summary;
  json::Value input_schema = json::Object{};  // JSON Schema 2020-12 of the arguments; {} accepts any object
  json::Value output_schema;                  // null: any
  Runs runs = Runs::kProcess;
  std::vector<std::string> command;      // kProcess: argv. A word "{name}" is replaced by argument `name` as one word;
                                         // without any such word the arguments come as JSON on standard input
  bool output_json = true;               // kProcess: standard output is one JSON value; false: text
  std::string profile = "tool";          // preset or file; kProcess
  std::vector<std::string> read_paths;   // host paths the process may read, beside the profile's
  std::vector<std::string> write_paths;  // host paths it may write
  std::int64_t timeout_ms = 30'000;      // hard deadline; an exec may ask for less
  std::int64_t output_bytes_max = 1 << 20;
  bool read_only = false;                    // declared: changes nothing outside itself
  std::int64_t cost_tokens = 0;              // of one call, as who registers it says: limits count it
  std::int64_t cost_money_micros = 0;        // the same in millionths; budgets count it, too
  std::string server;                        // kMcp: whose tool it is
  json::Value annotations = json::Object{};  // kMcp: what the server declares; its word, not a proof
  json::Value findings = json::Array{};      // kMcp: what is odd about the definition: {kind, where, severity}
  std::string drift;                         // kMcp: how it differs from its pin; empty: it does not
  json::Value definition;                    // kMcp: the whole definition, for clients
  std::string digest;                        // "sha256:<hex>" of the canonical manifest; filled by the registry
};

// A YAML or JSON document (`apiVersion: agentos/v1`, `kind: Tool`), or several in one YAML stream.
// kMalformed with file:line:column; relative command and path words resolve against `folder`.
Result<std::vector<Manifest>> parse_manifests(std::string_view text, std::string_view file, std::string_view folder);
json::Value to_json(const Manifest& manifest);

}  // namespace agentos::tool
