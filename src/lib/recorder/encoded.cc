// See encoded.h.
#include "lib/recorder/encoded.h"

#include "lib/recorder/opening.h"

namespace agentos::recorder {

void encode(const Entry& entry, Kept kept, Encoded& out) {
  out.leaf.clear();
  const std::size_t place = encode_leaf_without_commitment(entry, kept, out.leaf);
  out.opening = place == kNoCommitment ? std::string_view{} : bounded_opening(opening_of(entry).text, out.scratch);
  out.slot = Slot{};
  out.slot.leaf_size = static_cast<std::uint32_t>(out.leaf.size());
  out.slot.opening_size = static_cast<std::uint32_t>(out.opening.size());
  out.slot.commitment_at = place == kNoCommitment ? 0 : static_cast<std::uint32_t>(place);
  if (const auto* intent = std::get_if<Intent>(&entry)) {
    out.slot.kind = Kind::kIntent;
    out.slot.external = intent->effect == Effect::kExternal && intent->verdict == Verdict::kAllow;
  } else if (const auto* outcome = std::get_if<Outcome>(&entry)) {
    out.slot.kind = Kind::kOutcome;
    out.slot.intent = outcome->intent;
  } else if (std::holds_alternative<Refused>(entry)) {
    out.slot.kind = Kind::kRefused;
  }
}

}  // namespace agentos::recorder
