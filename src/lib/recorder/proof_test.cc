// Proofs of every entry and size of small trees hold, and nothing else does.
#include "lib/recorder/proof.h"

#include <gtest/gtest.h>

#include "lib/recorder/log_proof.h"
#include "lib/recorder/merkle.h"

namespace agentos::recorder {
namespace {

constexpr Index kProvenSizeMax = 40;

crypto::Digest numbered_leaf(Index index) { return leaf_hash(std::to_string(index)); }

crypto::Digest root_by_definition(Index first, Index end) {
  if (first == end) return crypto::sha256("");
  if (end - first == 1) return numbered_leaf(first);
  Index split = 1;
  while (split * 2 < end - first) split *= 2;
  return node_hash(root_by_definition(first, first + split), root_by_definition(first + split, end));
}

class DefinedSubtrees final : public SubtreeSource {
 public:
  Result<std::vector<crypto::Digest>> roots_of(std::span<const Subtree> subtrees) override {
    std::vector<crypto::Digest> roots;
    for (const Subtree& subtree : subtrees) roots.push_back(root_by_definition(subtree.first(), subtree.end()));
    return roots;
  }
};

std::string unhex(std::string_view text) {
  std::string octets;
  for (std::size_t i = 0; i < text.size(); i += 2)
    octets += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return octets;
}

// The eight leaves and the root that Certificate Transparency's implementations test with.
TEST(Proof, the_tree_is_that_of_certificate_transparency) {
  Frontier tree;
  for (std::string_view leaf :
       {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"})
    tree.add(leaf_hash(unhex(leaf)));
  EXPECT_EQ(crypto::hex(tree.root()), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(Proof, inclusion_of_every_entry_of_every_size_holds_and_no_other_does) {
  DefinedSubtrees source;
  for (Index size = 1; size <= kProvenSizeMax; ++size) {
    const auto root = root_by_definition(0, size);
    ASSERT_EQ(*root_of(source, size), root);
    for (Index index = 0; index < size; ++index) {
      const auto proof = prove_inclusion(source, index, size);
      ASSERT_TRUE(proof.has_value());
      ASSERT_TRUE(holds_inclusion(*proof, index, size, numbered_leaf(index), root)) << index << " of " << size;
      EXPECT_FALSE(holds_inclusion(*proof, index, size, numbered_leaf(index + 1), root));
      EXPECT_FALSE(holds_inclusion(*proof, index + 1, size, numbered_leaf(index), root));
      EXPECT_FALSE(holds_inclusion(*proof, index, size, numbered_leaf(index), numbered_leaf(index + 1)));
      Proof longer = *proof;
      longer.push_back(root);
      EXPECT_FALSE(holds_inclusion(longer, index, size, numbered_leaf(index), root));
      for (std::size_t i = 0; i < proof->size(); ++i) {
        Proof changed = *proof;
        changed[i][7] ^= 1;
        EXPECT_FALSE(holds_inclusion(changed, index, size, numbered_leaf(index), root));
      }
    }
  }
  EXPECT_FALSE(prove_inclusion(source, 3, 3).has_value());
}

TEST(Proof, consistency_of_every_pair_of_sizes_holds_and_no_other_does) {
  DefinedSubtrees source;
  for (Index size = 0; size <= kProvenSizeMax; ++size) {
    const auto root = root_by_definition(0, size);
    for (Index old_size = 0; old_size <= size; ++old_size) {
      const auto old_root = root_by_definition(0, old_size);
      const auto proof = prove_consistency(source, old_size, size);
      ASSERT_TRUE(proof.has_value());
      ASSERT_TRUE(holds_consistency(*proof, old_size, size, old_root, root)) << old_size << " to " << size;
      EXPECT_FALSE(holds_consistency(*proof, old_size, size, numbered_leaf(99), root));
      EXPECT_EQ(holds_consistency(*proof, old_size, size, old_root, numbered_leaf(99)), old_size == 0 && size != 0);
      Proof longer = *proof;
      longer.push_back(root);
      EXPECT_FALSE(holds_consistency(longer, old_size, size, old_root, root));
      for (std::size_t i = 0; i < proof->size(); ++i) {
        Proof changed = *proof;
        changed[i][7] ^= 1;
        EXPECT_FALSE(holds_consistency(changed, old_size, size, old_root, root));
      }
    }
  }
  EXPECT_FALSE(prove_consistency(source, 4, 3).has_value());
  EXPECT_FALSE(holds_consistency({}, 4, 3, numbered_leaf(4), numbered_leaf(3)));
}

TEST(Proof, files_have_one_spelling) {
  const InclusionFile inclusion{7, "{\"v\":1}", {numbered_leaf(1), numbered_leaf(2)}, "a note\n"};
  const std::string text = inclusion_text(inclusion);
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nextra eyJ2IjoxfQ==\nindex 7\n")) << text;
  const auto read = parse_inclusion(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(inclusion_text(*read), text);
  for (std::string_view wrong : {"index 07", "index +7", "index 7 ", "index", "indey 7"}) {
    std::string other = text;
    other.replace(other.find("index 7"), 7, wrong);
    EXPECT_FALSE(parse_inclusion(other).has_value()) << wrong;
  }
  EXPECT_FALSE(parse_inclusion(text.substr(0, text.find("\n\n"))).has_value());
  EXPECT_FALSE(parse_inclusion("").has_value());
  InclusionFile too_long = inclusion;
  too_long.proof.resize(kProofHashesMax + 1);
  EXPECT_FALSE(parse_inclusion(inclusion_text(too_long)).has_value());
  const ConsistencyFile consistency{3, {numbered_leaf(1)}, "a note\n"};
  const auto back = parse_consistency(consistency_text(consistency));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(consistency_text(*back), consistency_text(consistency));
  EXPECT_FALSE(parse_consistency("old x\n\n").has_value());
}

}  // namespace
}  // namespace agentos::recorder
