// Requests and replies of the calls about an agent's checkpoints: checkpoint_save checkpoint_load.
//
// A checkpoint is one JSON document under an id; its file is /state/checkpoints/<id>.json, in canonical form (RFC
// 8785).
#pragma once

#include <string>

#include "abi/field.h"
#include "base/json/value.h"

namespace agentos::abi {

inline constexpr std::size_t kCheckpointIdBytesMax = 64;
inline constexpr std::size_t kCheckpointBytesMax = 512 * 1024;  // of the document in canonical form

struct CheckpointSaveReply {
  std::int64_t size = 0;
  std::string digest;
  bool replaced = false;
  static constexpr auto kFields =
      std::tuple{Required<&CheckpointSaveReply::size>{"size", "Octets of the document in canonical form."},
                 Required<&CheckpointSaveReply::digest>{"digest", "SHA-256 of those octets, base64url."},
                 Required<&CheckpointSaveReply::replaced>{"replaced", "Whether the id held a checkpoint before."}};
};
struct CheckpointSaveRequest {
  using Reply = CheckpointSaveReply;
  std::string id;
  json::Value state;
  static constexpr auto kFields = std::tuple{
      Required<&CheckpointSaveRequest::id>{
          "id",
          "Letters, digits, \"-\", \"_\" and single dots, starting with a letter or digit; a saved id is replaced.",
          {.size_max = kCheckpointIdBytesMax}},
      Required<&CheckpointSaveRequest::state>{"state", "Any JSON, at most 524288 octets in canonical form."}};
};

struct CheckpointLoadReply {
  json::Value state;
  std::int64_t size = 0;
  std::string digest;
  std::int64_t saved_us = 0;
  static constexpr auto kFields =
      std::tuple{Required<&CheckpointLoadReply::state>{"state", "The document, equal to what was saved."},
                 Required<&CheckpointLoadReply::size>{"size", "Octets of its file."},
                 Required<&CheckpointLoadReply::digest>{"digest", "SHA-256 of those octets, base64url."},
                 Required<&CheckpointLoadReply::saved_us>{"saved_us", "When it was saved, microseconds UTC."}};
};
struct CheckpointLoadRequest {
  using Reply = CheckpointLoadReply;
  std::string id;
  static constexpr auto kFields = std::tuple{Required<&CheckpointLoadRequest::id>{
      "id", "As it was saved; list /state/checkpoints shows them.", {.size_max = kCheckpointIdBytesMax}}};
};

}  // namespace agentos::abi
