// Names of the revisions.
#include "lib/mcp/revision.h"

#include <array>

namespace agentos::mcp {
namespace {

constexpr std::array<Revision, 5> kNewestFirst = {Revision::k2026_07_28, Revision::k2025_11_25, Revision::k2025_06_18,
                                                  Revision::k2025_03_26, Revision::k2024_11_05};
constexpr std::array<std::string_view, 5> kNames = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25",
                                                    "2026-07-28"};

}  // namespace

std::string_view name_of(Revision revision) { return kNames[static_cast<std::size_t>(revision)]; }

std::optional<Revision> revision_of(std::string_view name) {
  for (const Revision revision : kNewestFirst) {
    if (name_of(revision) == name) return revision;
  }
  return std::nullopt;
}

std::span<const Revision> revisions_newest_first() { return kNewestFirst; }

}  // namespace agentos::mcp
