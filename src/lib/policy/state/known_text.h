// A text with its hash, so that a table split into shards hashes once and looks up without making a string.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace agentos::policy {

struct KnownText {
  explicit KnownText(std::string_view known) : text(known), hash(std::hash<std::string_view>{}(known)) {}
  // The low bits choose a bucket within a shard, so the shard is chosen by high ones.
  std::size_t shard(std::size_t shards) const { return (hash >> 48) % shards; }
  std::string_view text;
  std::size_t hash;
};

struct KnownTextHash {
  using is_transparent = void;
  std::size_t operator()(const KnownText& known) const { return known.hash; }
  std::size_t operator()(const std::string& text) const { return std::hash<std::string_view>{}(text); }
};

struct KnownTextEqual {
  using is_transparent = void;
  bool operator()(const std::string& a, const std::string& b) const { return a == b; }
  bool operator()(const KnownText& a, const std::string& b) const { return a.text == b; }
  bool operator()(const std::string& a, const KnownText& b) const { return a == b.text; }
};

template <class Value>
using TextMap = std::unordered_map<std::string, Value, KnownTextHash, KnownTextEqual>;

}  // namespace agentos::policy
