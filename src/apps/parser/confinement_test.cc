// After confine() the process reads, writes and allocates; anything else ends it.
#include "apps/parser/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace agentos::parser {
namespace {

template <class Body>
void confined(Body body) {
  if (!confine()) ::_exit(3);
  body();
  ::_exit(0);
}

TEST(Confinement, memory_is_left) {
  EXPECT_EXIT(confined([] {
                std::vector<char> memory(std::size_t{8} << 20, 'x');
                if (memory.back() != 'x') ::_exit(4);
              }),
              ::testing::ExitedWithCode(0), "");
}

TEST(Confinement, files_sockets_processes_and_code_are_gone) {
  const auto killed = ::testing::KilledBySignal(SIGSYS);
  EXPECT_EXIT(confined([] { (void)::open("/etc/passwd", O_RDONLY); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::socket(AF_INET, SOCK_STREAM, 0); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::kill(1, 0); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::execl("/bin/true", "true", nullptr); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::write(2, "x", 1); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::mprotect(nullptr, 4096, PROT_READ | PROT_EXEC); }), killed, "");
}

}  // namespace
}  // namespace agentos::parser
