// Makes this process a worker: it gives up everything it does not need and keeps read from 0, write to 1, memory up to
// a limit that is never executable, and what is asked for by name.
#pragma once

#include "base/error.h"

namespace agentos::sandbox {

struct WorkerKeeps {
  int descriptors = 2;         // those below this number stay open
  bool writing_files = false;  // pwritev2 and fdatasync, on descriptors that were opened before
};

// No return from here: other descriptors are closed, limits set, and every other system call ends the process.
Status confine_worker(const WorkerKeeps& keeps);

}  // namespace agentos::sandbox
