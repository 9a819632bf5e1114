// Child processes for benchmarks: forked, they run one function and end. Header-only and raw because it forks.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace agentos::bench {

// The child runs `body` and exits with its result without running destructors.
template <class Body>
pid_t start_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  return child;
}

template <class Body>
void run_in_child(Body&& body) {
  int status = 0;
  waitpid(start_child(body), &status, 0);
}

}  // namespace agentos::bench
