// The revisions of the Model Context Protocol spoken here, oldest first. Two eras: legacy revisions open a session with
// `initialize`; a modern one carries version and capabilities in every request. Source: modelcontextprotocol.io.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace agentos::mcp {

enum class Revision : std::uint8_t { k2024_11_05, k2025_03_26, k2025_06_18, k2025_11_25, k2026_07_28 };

inline constexpr Revision kNewestLegacy = Revision::k2025_11_25;
inline constexpr Revision kNewestModern = Revision::k2026_07_28;

std::string_view name_of(Revision revision);  // "2025-11-25"
std::optional<Revision> revision_of(std::string_view name);
std::span<const Revision> revisions_newest_first();

constexpr bool is_modern(Revision revision) { return revision >= Revision::k2026_07_28; }
// A message may be an array of messages in this revision only.
constexpr bool has_batches(Revision revision) { return revision == Revision::k2025_03_26; }

}  // namespace agentos::mcp
