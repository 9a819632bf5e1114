// A pin: all that was accepted of one MCP server as a set, and how what it offers now differs from it.
//
// A set, not a list of tools: what is added, removed, renamed, reshaped or put in another order is a difference, and so
// are another command, another name, other instructions. Whole definitions are kept, so that a difference can be shown
// and lists can be answered before the server is there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::mcp {

inline constexpr std::size_t kPinBytesMax = 16 << 20;  // of the document

struct Pin {
  std::string server;
  std::string command_digest;  // of the command as it was given
  std::string revision;        // of the protocol the server spoke
  std::int64_t pinned_us = 0;
  json::Value info = json::Object{};
  json::Value capabilities = json::Object{};
  std::string instructions;
  json::Array tools, prompts, resources, templates;  // definitions, in the server's order

  std::string digest() const;  // "sha256:<hex>" of everything but the time
  std::size_t items() const { return tools.size() + prompts.size() + resources.size() + templates.size(); }
};

json::Value to_json(const Pin& pin);
Result<Pin> pin_of(const json::Value& document);  // kCorrupt

struct Difference {
  enum class What : std::uint8_t { kAdded, kRemoved, kRenamed, kChanged, kReordered };
  What what = What::kChanged;
  // "tool read_file", "prompt greet", "resource file:///a", "template test://{id}", "command", "name", "version",
  // "instructions", "capabilities", "order of tools"; a second definition of one name has " #2" behind it.
  std::string item;
  json::Value before, after;  // null where there is none
};
std::string_view name_of(Difference::What what);
std::vector<Difference> compare(const Pin& pinned, const Pin& now);
json::Value to_json(const Difference& difference);

// Whether the difference takes the ground from under the whole server: it is started or named differently.
bool is_of_whole_server(const Difference& difference);

// What a definition is known by: "name" of a tool or prompt, "uri" of a resource, "uriTemplate" of a template.
enum class ItemKind : std::uint8_t { kTool, kPrompt, kResource, kTemplate };
std::string_view item_name(ItemKind kind, const json::Value& definition);
const json::Array& items_of(const Pin& pin, ItemKind kind);

// Whether a difference is about the items of that name. Removed ones count: they were accepted, and are no more.
bool concerns(const Difference& difference, ItemKind kind, std::string_view name);

// What of `offered` the pin holds, word for word.
json::Array held_by(const Pin& pin, ItemKind kind, json::Array offered);

}  // namespace agentos::mcp
