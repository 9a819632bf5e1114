// Standard input and output as the kernel can serve them: pipes and sockets as they are, anything else (a terminal, a
// file) through a pipe that a thread of this program copies.
#pragma once

#include <array>
#include <memory>
#include <thread>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::cli {

class StdioRelay {
 public:
  static Result<std::unique_ptr<StdioRelay>> open();
  ~StdioRelay();  // waits until all output is copied

  std::array<int, 3> descriptors() const;
  void passed_on();  // the kernel has its own by now

 private:
  io::Fd input_, output_;  // the kernel's ends; invalid: our own 0 and 1
  std::thread writer_;
};

}  // namespace agentos::cli
