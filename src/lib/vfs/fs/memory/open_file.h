// An open file of the memory file system: an offset, flags and a share of the node.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/vfs/fs/memory/node.h"
#include "lib/vfs/namespace.h"

namespace agentos::vfs::memory {

// What stat() reports of a node.
Stat stat_of(const Node& node, std::string_view path, std::string_view mount, bool read_only);

// `path` and `mount` are what stat() reports: the name the file had when it was opened.
std::shared_ptr<OpenFile> open_file(std::shared_ptr<Ledger> ledger, std::shared_ptr<File> file, std::string_view path,
                                    const Mount& mount, OpenFlags flags);

}  // namespace agentos::vfs::memory
