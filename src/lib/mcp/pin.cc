// See pin.h.
#include "lib/mcp/pin.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/crypto/hash.h"

namespace agentos::mcp {
namespace {

constexpr std::int64_t kPinVersion = 1;

struct Kind {
  std::string_view word, key;
  json::Array Pin::* list;
  std::string_view name;  // the member an item is known by
};
constexpr Kind kKinds[] = {{"tool", "tools", &Pin::tools, "name"},
                           {"prompt", "prompts", &Pin::prompts, "name"},
                           {"resource", "resources", &Pin::resources, "uri"},
                           {"template", "templates", &Pin::templates, "uriTemplate"}};
const Kind& kind_of(ItemKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

using ByName = std::map<std::string, const json::Value*, std::less<>>;

// A name that comes again is an item of its own, so that none hides behind another.
ByName by_name(const Kind& kind, const json::Array& definitions) {
  ByName out;
  std::map<std::string, int, std::less<>> counts;
  for (const json::Value& definition : definitions) {
    const std::string name(definition.string_or(kind.name, ""));
    const int count = ++counts[name];
    std::string own = count == 1 ? name : name + " #" + std::to_string(count);
    while (!out.emplace(own, &definition).second) own += " #2";
  }
  return out;
}

std::string without_name(const Kind& kind, const json::Value& definition) {
  json::Value copy = definition;
  copy.as_object().erase(kind.name);
  return json::write_canonical(copy);
}

json::Array names_in_both(const Kind& kind, const json::Array& of, const ByName& other) {
  json::Array out;
  std::set<std::string_view> seen;
  for (const json::Value& definition : of) {
    const std::string_view name = definition.string_or(kind.name, "");
    if (other.contains(name) && seen.insert(name).second) out.emplace_back(name);
  }
  return out;
}

void compare_lists(const Kind& kind, const json::Array& before, const json::Array& now, std::vector<Difference>& out) {
  const ByName old_items = by_name(kind, before);
  const ByName new_items = by_name(kind, now);
  std::multimap<std::string, std::string> removed;  // by what they are but for their name
  for (const auto& [name, definition] : old_items) {
    const auto found = new_items.find(name);
    if (found == new_items.end()) {
      removed.emplace(without_name(kind, *definition), name);
    } else if (json::write_canonical(*definition) != json::write_canonical(*found->second)) {
      out.push_back({Difference::What::kChanged, std::string(kind.word) + " " + name, *definition, *found->second});
    }
  }
  for (const auto& [name, definition] : new_items) {
    if (old_items.contains(name)) continue;
    const auto same = removed.find(without_name(kind, *definition));
    if (same == removed.end()) {
      out.push_back({Difference::What::kAdded, std::string(kind.word) + " " + name, {}, *definition});
      continue;
    }
    out.push_back({Difference::What::kRenamed, std::string(kind.word) + " " + name, same->second, name});
    removed.erase(same);
  }
  for (const auto& [unused, name] : removed) {
    out.push_back({Difference::What::kRemoved, std::string(kind.word) + " " + name, *old_items.at(name), {}});
  }
  json::Array old_order = names_in_both(kind, before, new_items);
  json::Array new_order = names_in_both(kind, now, old_items);
  if (old_order != new_order) {
    out.push_back({Difference::What::kReordered, "order of " + std::string(kind.key), std::move(old_order),
                   std::move(new_order)});
  }
}

void compare_texts(std::string_view item, const json::Value& before, const json::Value& now,
                   std::vector<Difference>& out) {
  if (before == now) return;
  out.push_back({Difference::What::kChanged, std::string(item), before, now});
}

json::Array array_of(const json::Value& document, std::string_view key) {
  const json::Value* list = document.find(key);
  json::Array out;
  if (list == nullptr || !list->is_array()) return out;
  for (const json::Value& item : list->as_array()) {
    if (item.is_object()) out.push_back(item);
  }
  return out;
}

json::Value object_of(const json::Value& document, std::string_view key) {
  const json::Value* object = document.find(key);
  return object != nullptr && object->is_object() ? *object : json::Value(json::Object{});
}

}  // namespace

std::string_view item_name(ItemKind kind, const json::Value& definition) {
  return definition.string_or(kind_of(kind).name, "");
}

const json::Array& items_of(const Pin& pin, ItemKind kind) { return pin.*kind_of(kind).list; }

bool concerns(const Difference& difference, ItemKind kind, std::string_view name) {
  std::string_view item = difference.item;
  const std::string_view word = kind_of(kind).word;
  if (!item.starts_with(word) || item.substr(word.size(), 1) != " ") return false;
  item.remove_prefix(word.size() + 1);
  if (difference.what == Difference::What::kRenamed && difference.before == json::Value(name)) return true;
  return item == name || (item.starts_with(name) && item.substr(name.size()).starts_with(" #"));
}

json::Array held_by(const Pin& pin, ItemKind kind, json::Array offered) {
  std::set<std::string> pinned;
  for (const json::Value& definition : items_of(pin, kind)) pinned.insert(json::write_canonical(definition));
  json::Array out;
  for (json::Value& definition : offered) {
    if (definition.is_object() && pinned.contains(json::write_canonical(definition))) {
      out.push_back(std::move(definition));
    }
  }
  return out;
}

std::string_view name_of(Difference::What what) {
  static constexpr std::string_view kNames[] = {"added", "removed", "renamed", "changed", "reordered"};
  return kNames[static_cast<std::size_t>(what)];
}

json::Value to_json(const Pin& pin) {
  json::Object out;
  out["version"] = kPinVersion;
  out["server"] = pin.server;
  out["command_digest"] = pin.command_digest;
  out["revision"] = pin.revision;
  out["pinned_us"] = pin.pinned_us;
  out["info"] = pin.info;
  out["capabilities"] = pin.capabilities;
  out["instructions"] = pin.instructions;
  for (const Kind& kind : kKinds) out[kind.key] = pin.*kind.list;
  return out;
}

Result<Pin> pin_of(const json::Value& document) {
  if (document.int_or("version", 0) != kPinVersion || document.string_or("server", "").empty()) {
    return fail(ErrorCode::kCorrupt, "that is no pin of version 1");
  }
  Pin pin;
  pin.server = document.string_or("server", "");
  pin.command_digest = document.string_or("command_digest", "");
  pin.revision = document.string_or("revision", "");
  pin.pinned_us = document.int_or("pinned_us", 0);
  pin.info = object_of(document, "info");
  pin.capabilities = object_of(document, "capabilities");
  pin.instructions = document.string_or("instructions", "");
  for (const Kind& kind : kKinds) pin.*kind.list = array_of(document, kind.key);
  return pin;
}

std::string Pin::digest() const {
  json::Value document = to_json(*this);
  document.as_object().erase("pinned_us");
  return "sha256:" + crypto::hex(crypto::sha256(json::write_canonical(document)));
}

std::vector<Difference> compare(const Pin& pinned, const Pin& now) {
  std::vector<Difference> out;
  compare_texts("command", pinned.command_digest, now.command_digest, out);
  compare_texts("name", pinned.info.string_or("name", ""), now.info.string_or("name", ""), out);
  compare_texts("version", pinned.info.string_or("version", ""), now.info.string_or("version", ""), out);
  compare_texts("instructions", pinned.instructions, now.instructions, out);
  compare_texts("capabilities", pinned.capabilities, now.capabilities, out);
  for (const Kind& kind : kKinds) compare_lists(kind, pinned.*kind.list, now.*kind.list, out);
  return out;
}

json::Value to_json(const Difference& difference) {
  json::Object out;
  out["what"] = name_of(difference.what);
  out["item"] = difference.item;
  out["before"] = difference.before;
  out["after"] = difference.after;
  return out;
}

bool is_of_whole_server(const Difference& difference) {
  return difference.item == "command" || difference.item == "name";
}

}  // namespace agentos::mcp
