// After confine_worker() the process reads, writes and allocates; anything else ends it.
#include "lib/sandbox/worker_confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace agentos::sandbox {
namespace {

template <class Body>
void confined(Body body, const WorkerKeeps& keeps = {}) {
  if (!confine_worker(keeps)) ::_exit(3);
  body();
  ::_exit(0);
}

TEST(WorkerConfinement, memory_is_left) {
  EXPECT_EXIT(confined([] {
                std::vector<char> memory(std::size_t{8} << 20, 'x');
                if (memory.back() != 'x') ::_exit(4);
              }),
              ::testing::ExitedWithCode(0), "");
}

TEST(WorkerConfinement, files_sockets_processes_and_code_are_gone) {
  const auto killed = ::testing::KilledBySignal(SIGSYS);
  EXPECT_EXIT(confined([] { (void)::open("/etc/passwd", O_RDONLY); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::socket(AF_INET, SOCK_STREAM, 0); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::kill(1, 0); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::execl("/bin/true", "true", nullptr); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::write(2, "x", 1); }), killed, "");
  EXPECT_EXIT(confined([] { (void)::mprotect(nullptr, 4096, PROT_READ | PROT_EXEC); }), killed, "");
}

TEST(WorkerConfinement, writing_to_a_file_that_was_opened_before_is_left_when_asked_for) {
  const std::string path = ::testing::TempDir() + "/worker_file";
  const auto with_file = [&](auto body) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (::dup3(file, 3, 0) != 3 && file != 3) ::_exit(5);
    confined(body, {.descriptors = 4, .writing_files = true});
  };
  const auto write_synced = [] {
    iovec part{const_cast<char*>("x"), 1};
    if (::pwritev2(3, &part, 1, 0, 0) != 1 || ::fdatasync(3) != 0) ::_exit(4);
  };
  EXPECT_EXIT(with_file(write_synced), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(confined(write_synced), ::testing::KilledBySignal(SIGSYS), "");
  EXPECT_EXIT(with_file([] { (void)::open("/etc/passwd", O_RDONLY); }), ::testing::KilledBySignal(SIGSYS), "");
  char octet = 0;
  EXPECT_EXIT(with_file([&] { (void)::pread(3, &octet, 1, 0); }), ::testing::KilledBySignal(SIGSYS), "");
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace agentos::sandbox
