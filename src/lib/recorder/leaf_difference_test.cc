// What a leaf is stored as gives back that leaf, and hostile differences give nothing.
#include "lib/recorder/leaf_difference.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace agentos::recorder {
namespace {

std::string difference_of(std::string_view base, std::string_view leaf) {
  std::string stored(leaf.size(), '\0');
  stored.resize(write_difference(base, leaf, stored.data()));
  return stored;
}

void expect_same_again(std::string_view base, std::string_view leaf) {
  const std::string stored = difference_of(base, leaf);
  if (stored.empty()) return;  // not worthwhile: stored whole
  std::string again;
  ASSERT_TRUE(apply_difference(base, stored, again)) << base << " " << leaf;
  EXPECT_EQ(again, leaf);
  EXPECT_LT(stored.size(), leaf.size());
}

constexpr std::string_view kBase =
    R"({"agent":"a-1","bytes":64,"call":"write","duration_us":1,"intent":3106,"kind":"outcome","status":"ok","time_us":17,"v":1})";

TEST(LeafDifference, of_leaves_that_are_alike_is_short_and_gives_the_leaf_back) {
  const std::string_view leaf =
      R"({"agent":"a-1","bytes":64,"call":"write","duration_us":11,"intent":3108,"kind":"outcome","status":"ok","time_us":18,"v":1})";
  EXPECT_LT(difference_of(kBase, leaf).size(), 25U);
  EXPECT_GT(difference_of(kBase, leaf).size(), 0U);
  expect_same_again(kBase, leaf);
}

TEST(LeafDifference, of_the_same_leaf_is_one_step) {
  expect_same_again(kBase, kBase);
  EXPECT_EQ(difference_of(kBase, kBase).size(), 3U);
}

TEST(LeafDifference, of_strange_leaves_is_not_written) {
  EXPECT_EQ(difference_of(kBase, std::string(100, 'x')).size(), 0U);
  EXPECT_EQ(difference_of("", kBase).size(), 0U);
}

TEST(LeafDifference, of_any_leaves_gives_the_leaf_back) {
  SeededRandom random(3);
  const auto draw = [&](std::size_t below) {
    std::uint64_t number = 0;
    random.fill(std::as_writable_bytes(std::span(&number, 1)));
    return static_cast<std::size_t>(number % below);
  };
  for (int round = 0; round < 20'000; ++round) {
    std::string base(1 + draw(200), '\0');
    for (char& octet : base) octet = ",:\"ab"[draw(5)];
    std::string leaf = base;
    for (std::size_t change = draw(6); change > 0; --change) {
      const std::size_t at = draw(leaf.size());
      if (draw(2) == 0) {
        leaf.insert(at, std::string(1 + draw(9), "xy,"[draw(3)]));
      } else if (leaf.size() > 20) {
        leaf.erase(at, draw(9));
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_again(base, leaf));
  }
}

TEST(LeafDifference, that_reaches_beyond_its_base_or_itself_is_refused) {
  std::string out;
  using namespace std::string_literals;
  for (const std::string& hostile : {"\x05"s, "\x05\x00"s, "\x05\x00\x05"s, "\x7f\x00\x00"s, "\x00\x7f\x00"s,
                                     "\xff\xff\xff\xff"s, "\x00\x00\x00"s, std::string(1, '\x80')}) {
    EXPECT_FALSE(apply_difference("0123456789", hostile, out));
    out.clear();
  }
  std::string large;
  for (int i = 0; i < 2; ++i) large += "\x80\x7f\x00\x00"s;  // 16,256 octets twice: the second is beyond the base
  EXPECT_FALSE(apply_difference(std::string(16'384, 'b'), large, out));
}

TEST(LeafDifference, without_a_whole_leaf_before_it_is_refused) {
  WholeLeaves whole;
  Frame frame;
  frame.flags = kFrameDifference;
  frame.stored = std::string_view("\x01\x00\x00", 3);
  EXPECT_FALSE(whole.leaf_of(frame).has_value());
  whole.put(0, "{}");
  ASSERT_TRUE(whole.leaf_of(frame).has_value());
  EXPECT_EQ(whole.leaf_of(frame)->data()[-1], '\0');
}

}  // namespace
}  // namespace agentos::recorder
