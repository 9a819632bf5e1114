// Copies of files and folders that share blocks with the original where the file system can.
#pragma once

#include <string>

#include "lib/workspace/snapshot.h"

namespace agentos::workspace {

// What `entry` says, from `source` (an open file; of a link it is not used) to `name` in `folder`, where nothing may
// be yet. A file is on disk afterwards when `durable`. At most entry.size_bytes are copied.
enum class Durable : std::uint8_t { kNo, kYes };
Status copy_entry(int source, const Entry& entry, int folder, const std::string& name, Durable durable);

// All of `snapshot` from one folder into another that is empty.
Status copy_folder(int from, const Snapshot& snapshot, int to);

// Removes what the folder holds, however its permissions are; the folder itself stays. Nothing outside is touched.
Status empty_folder(int folder);
// The same, and the folder `name` in `parent` with it. Fine when there is none.
Status remove_folder(int parent, const std::string& name);

}  // namespace agentos::workspace
