// Lines come out the same however their octets arrive.
#include "server/unix_door/line_splitter.h"

#include <gtest/gtest.h>

#include <vector>

#include "abi/rpc.h"

namespace agentos::unix_door {
namespace {

constexpr std::size_t kMax = abi::rpc::kLineBytesMax;

std::vector<std::string> split(const std::string& octets, std::size_t chunk_size) {
  LineSplitter splitter;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < octets.size(); at += chunk_size) {
    const std::string chunk = octets.substr(at, chunk_size);
    splitter.feed(chunk);
    std::string_view line;
    for (auto step = splitter.next(line); step != LineSplitter::Step::kNeedMore; step = splitter.next(line)) {
      out.push_back(step == LineSplitter::Step::kTooLong ? "<too long>" : std::string(line));
    }
    splitter.settle();
  }
  if (splitter.unfinished()) out.emplace_back("<unfinished>");
  return out;
}

TEST(LineSplitter, gives_the_same_lines_for_every_chunk_size) {
  const std::string octets = "one\ntwo\r\n\nfour and more\nlast";
  const std::vector<std::string> expected = {"one", "two", "", "four and more", "<unfinished>"};
  for (std::size_t size = 1; size <= octets.size(); ++size) EXPECT_EQ(split(octets, size), expected) << size;
}

TEST(LineSplitter, a_line_of_exactly_the_bound_passes) {
  const std::string line(kMax, 'a');
  for (const std::size_t chunk : {std::size_t{65536}, std::size_t{65537}, kMax + 1}) {
    EXPECT_EQ(split(line + "\nb\n", chunk), (std::vector<std::string>{line, "b"}));
  }
}

TEST(LineSplitter, a_longer_line_is_reported_once_and_skipped) {
  for (const std::size_t extra : {std::size_t{1}, std::size_t{100'000}, 2 * kMax}) {
    const std::string octets = "a\n" + std::string(kMax + extra, 'x') + "\nb\n";
    for (const std::size_t chunk : {std::size_t{4096}, std::size_t{65536}, 4 * kMax}) {
      EXPECT_EQ(split(octets, chunk), (std::vector<std::string>{"a", "<too long>", "b"})) << extra << " " << chunk;
    }
  }
}

TEST(LineSplitter, keeps_nothing_between_lines) {
  LineSplitter splitter;
  const std::string chunk = "one\ntwo\n";
  splitter.feed(chunk);
  std::string_view line;
  while (splitter.next(line) == LineSplitter::Step::kLine) {
  }
  splitter.settle();
  EXPECT_EQ(splitter.kept_bytes(), 0U);
  EXPECT_FALSE(splitter.unfinished());
}

TEST(LineSplitter, what_was_not_looked_at_survives_settling) {
  LineSplitter splitter;
  std::string chunk = "one\ntwo\nthr";
  splitter.feed(chunk);
  std::string_view line;
  ASSERT_EQ(splitter.next(line), LineSplitter::Step::kLine);
  splitter.settle();
  chunk.assign(chunk.size(), '!');
  const std::string rest = "ee\n";
  splitter.feed(rest);
  ASSERT_EQ(splitter.next(line), LineSplitter::Step::kLine);
  EXPECT_EQ(line, "two");
  EXPECT_EQ(splitter.line_begin(), 4U);
  EXPECT_EQ(splitter.line_end(), 8U);
  ASSERT_EQ(splitter.next(line), LineSplitter::Step::kLine);
  EXPECT_EQ(line, "three");
}

}  // namespace
}  // namespace agentos::unix_door
