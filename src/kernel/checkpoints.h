// Checkpoints of an agent: JSON documents under ids, kept in its own namespace below /state/checkpoints.
//
// An id can name nothing outside that folder. They live as long as the agent's namespace does (memory, gone with the
// agent). Both ways of making one, the call and SIGUSR2, come here.
#pragma once

#include <string>
#include <string_view>

#include "abi/calls_checkpoint.h"
#include "base/error.h"
#include "lib/vfs/namespace.h"

namespace agentos::kernel {

inline constexpr std::string_view kCheckpointFolder = "/state/checkpoints";

// The canonical path of a checkpoint's file, into `path`; invalid_argument for what is no id.
Status checkpoint_path(std::string_view id, std::string& path);

// Both take the path that checkpoint_path gave, and the lock that guards `files` is held.
// save: too_large beyond kCheckpointBytesMax, no_space; nothing is changed then.
Result<abi::CheckpointSaveReply> save_checkpoint(vfs::Namespace& files, std::string_view path,
                                                 const json::Value& state);
// load: not_found; corrupt when the agent wrote something else over the file.
Result<abi::CheckpointLoadReply> load_checkpoint(const vfs::Namespace& files, std::string_view path);

}  // namespace agentos::kernel
