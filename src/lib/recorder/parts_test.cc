// The small parts: checksum, tree, open intents, notes, headers and frames.
#include <gtest/gtest.h>

#include <set>

#include "lib/recorder/crc32c.h"
#include "lib/recorder/format.h"
#include "lib/recorder/merkle.h"
#include "lib/recorder/note.h"
#include "lib/recorder/open_intents.h"

namespace agentos::recorder {
namespace {

TEST(Crc32c, matches_the_published_vectors_on_both_roads) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  std::string text;
  for (int i = 0; i < 100; ++i, text += static_cast<char>(i * 37)) EXPECT_EQ(crc32c(text), crc32c_portable(text));
}

// RFC 6962 section 2.1 as it is written.
crypto::Digest tree_hash(std::span<const crypto::Digest> leaves) {
  if (leaves.empty()) return crypto::sha256("");
  if (leaves.size() == 1) return leaves[0];
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return node_hash(tree_hash(leaves.first(split)), tree_hash(leaves.subspan(split)));
}

TEST(Frontier, root_is_the_tree_hash_of_rfc_6962_at_every_size) {
  Frontier frontier;
  std::vector<crypto::Digest> leaves;
  for (int i = 0; i < 130; ++i) {
    EXPECT_EQ(frontier.root(), tree_hash(leaves)) << i;
    const Frontier again(frontier.size(), frontier.nodes());
    EXPECT_EQ(again.root(), frontier.root());
    leaves.push_back(leaf_hash(std::to_string(i)));
    frontier.add(leaves.back());
  }
}

TEST(OpenIntents, behaves_like_a_set) {
  OpenIntents open;
  std::set<Index> model;
  std::uint64_t state = 1;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const Index index = (state >> 33) % 3000;
    if ((state >> 20) % 2 == 0) {
      open.insert(index);
      model.insert(index);
    } else {
      EXPECT_EQ(open.erase(index), model.erase(index) == 1);
    }
    EXPECT_EQ(open.size(), model.size());
  }
  EXPECT_EQ(open.sorted(), std::vector<Index>(model.begin(), model.end()));
}

TEST(Note, a_signed_checkpoint_opens_and_no_octet_of_it_may_change) {
  SeededRandom random(1);
  const NoteSigner signer = *make_signer("example.org/log", random);
  EXPECT_EQ(parse_signer(signer_text(signer))->key.verify_key, signer.key.verify_key);
  const NoteVerifier verifier = *parse_verifier(verifier_text(signer.verifier));
  const Checkpoint checkpoint{"example.org/log", 42, leaf_hash("x"), {}};
  const std::string note = sign_note(signer, checkpoint_body(checkpoint));
  ASSERT_TRUE(open_checkpoint(verifier, note).has_value());
  EXPECT_EQ(open_checkpoint(verifier, note)->size, 42U);
  for (std::size_t i = 0; i < note.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_FALSE(open_checkpoint(verifier, changed).has_value()) << i << " " << bit;
    }
  for (std::size_t size = 0; size < note.size(); ++size)
    EXPECT_FALSE(open_checkpoint(verifier, note.substr(0, size)).has_value());
}

TEST(Note, passes_over_lines_of_other_keys) {
  SeededRandom random(1);
  const NoteSigner signer = *make_signer("example.org/log", random);
  const NoteSigner witness = *make_signer("witness.example", random);
  const std::string body = checkpoint_body({"example.org/log", 1, leaf_hash("x"), {}});
  const std::string other = sign_note(witness, body);
  const std::string note = sign_note(signer, body) + other.substr(body.size() + 1);
  EXPECT_TRUE(open_checkpoint(signer.verifier, note).has_value());
  EXPECT_FALSE(open_checkpoint(signer.verifier, other).has_value());
}

TEST(Note, refuses_names_that_do_not_fit_the_format) {
  SeededRandom random(1);
  for (const char* name : {"", "a b", "a+b", "a\nb"}) EXPECT_FALSE(make_signer(name, random).has_value());
}

SegmentHeader sample_header() {
  SegmentHeader header;
  for (int i = 0; i < 13; ++i) header.before.add(leaf_hash(std::to_string(i)));
  header.first = 13;
  header.capacity = 65536;
  header.created_us = 5;
  header.open = {3, 9};
  return header;
}

TEST(Header, survives_the_round_trip_and_no_octet_may_change) {
  const std::string octets = encode_header(sample_header());
  const auto header = decode_header(octets);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->open, (std::vector<Index>{3, 9}));
  EXPECT_EQ(header->before.root(), sample_header().before.root());
  for (std::size_t i = 0; i < octets.size(); ++i) {
    std::string changed = octets;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode_header(changed).has_value()) << i;
  }
}

TEST(Header, of_a_newer_version_is_refused_by_name) {
  std::string octets = encode_header(sample_header());
  octets[8] = static_cast<char>(kFormatVersion + 1);
  const auto header = decode_header(octets);
  ASSERT_FALSE(header.has_value());
  EXPECT_EQ(header.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(header.error().message.find("version 3"), std::string::npos);
}

TEST(Header, of_the_older_version_is_read_and_keeps_its_version) {
  SegmentHeader header = sample_header();
  header.version = kFormatVersionMin;
  const auto decoded = decode_header(encode_header(header));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->version, kFormatVersionMin);
}

TEST(SegmentName, reads_back_only_what_it_writes) {
  EXPECT_EQ(segment_first(segment_name(4711)), 4711U);
  for (const char* name : {"segment-.log", "segment-0000000000000000000x.log", "segment-99999999999999999999.log",
                           "segment-next.tmp", "checkpoint"})
    EXPECT_FALSE(segment_first(name).has_value()) << name;
}

}  // namespace
}  // namespace agentos::recorder
