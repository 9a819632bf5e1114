// mmap: a descriptor that really maps, sharing by right, and readers who cannot write.
#include <fcntl.h>
#include <sys/mman.h>

#include <cstring>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class MmapCall : public CallTest {};

TEST_P(MmapCall, the_descriptor_maps_and_its_size_is_sealed) {
  auto agent = world().agent();
  const json::Value region = agent->must("mmap", {{"size", 8192}});
  auto descriptors = agent->take_descriptors();
  ASSERT_EQ(descriptors.size(), 1u);
  EXPECT_EQ(region.int_or("size", 0), 8192);
  void* memory = mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, descriptors[0].get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::memcpy(memory, "hello", 5);
  EXPECT_NE(ftruncate(descriptors[0].get(), 0), 0) << "sealed: nobody can pull the pages away";
  munmap(memory, 8192);
}

TEST_P(MmapCall, another_agent_reads_what_was_shared_and_cannot_write) {
  auto maker = world().agent("maker");
  auto reader = world().agent("reader");
  auto stranger = world().agent("stranger");
  const json::Value region =
      maker->must("mmap", {{"size", 4096}, {"share_with", json::Array{json::Value(reader->id())}}});
  auto mine = maker->take_descriptors();
  void* writing = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mine.at(0).get(), 0);
  ASSERT_NE(writing, MAP_FAILED);
  const json::Object join{{"region", std::string(region.string_or("region", ""))}, {"access", "read"}};
  reader->must("mmap", join);
  auto theirs = reader->take_descriptors();
  ASSERT_EQ(theirs.size(), 1u);
  void* reading = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, theirs[0].get(), 0);
  ASSERT_NE(reading, MAP_FAILED);
  std::memcpy(writing, "shared!", 8);
  EXPECT_STREQ(static_cast<const char*>(reading), "shared!");
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, theirs[0].get(), 0), MAP_FAILED);
  const std::string again = "/proc/self/fd/" + std::to_string(theirs[0].get());
  const int reopened = open(again.c_str(), O_RDWR | O_CLOEXEC);
  if (reopened >= 0) {
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened, 0), MAP_FAILED)
        << "sealed against writing";
    EXPECT_LT(pwrite(reopened, "x", 1, 0), 0);
    close(reopened);
  }
  EXPECT_EQ(stranger->code("mmap", join), -101) << "not shared with it reads like not there";
  EXPECT_EQ(reader->code("mmap", {{"region", std::string(region.string_or("region", ""))}, {"access", "write"}}), -103);
  munmap(writing, 4096);
  munmap(reading, 4096);
}

TEST_P(MmapCall, bad_requests_and_missing_rights_are_errors) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("mmap"), -100);
  EXPECT_EQ(agent->code("mmap", {{"size", -5}}), -100);
  EXPECT_EQ(agent->code("mmap", {{"size", std::int64_t{1} << 40}}), -100);
  EXPECT_EQ(agent->code("mmap", {{"region", "region-none"}, {"access", "read"}}), -101);
  auto alone = world().agent("alone", kAllowAll, abi::default_rights(3) & ~abi::right::share_memory);
  EXPECT_EQ(alone->code("mmap", {{"size", 4096}, {"share_with", json::Array{json::Value("x")}}}), -103);
}

AGENTOS_BOTH_WAYS(MmapCall);

}  // namespace
}  // namespace agentos::test
