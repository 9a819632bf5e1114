// Signed policy in a real kernel: only what a trusted key signed governs, and no older revision ever does again.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "lib/policy/bundle/bundle.h"
#include "lib/recorder/reader.h"
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

crypto::SigningKey key_of(std::uint8_t seed) {
  std::array<std::byte, 32> octets{};
  octets.fill(std::byte{seed});
  return crypto::signing_key_from_seed(octets);
}

// Allows everything but exec of `denied`.
std::string document_denying(const std::string& denied) {
  return "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: fleet}\nspec:\n  rules:\n"
         "    - {name: all, syscalls: [\"*\"], action: allow}\n"
         "    - {name: not-this, tools: [" +
         denied + "], action: deny}\n";
}

std::string bundle(std::int64_t revision, const std::string& denied, std::uint8_t seed = 1) {
  return *policy::seal_bundle({"fleet", revision, {{document_denying(denied), "fleet.yaml"}}}, key_of(seed));
}

class SignedPolicy : public CallTest {
 protected:
  void SetUp() override { restart(); }
  // A kernel over the same state directory.
  void restart(const std::string& first = {}) {
    world_.reset();
    WorldOptions options;
    options.kernel.state_directory = state_.path;
    options.kernel.policy_keys.push_back({"fleet.pub", key_of(1).verify_key});
    if (!first.empty()) options.kernel.policy.push_back({first, "first.json"});
    world_ = std::make_unique<World>(GetParam(), std::move(options));
  }
  Error load(const std::string& text, const std::string& file = "given") {
    auto loaded = world().operator_caller()->call(
        "policy_load", {{"documents", json::Array{json::Object{{"file", file}, {"text", text}}}}});
    return loaded ? Error{} : loaded.error();
  }
  static bool taken(const Error& error) { return error.message.empty(); }

  struct Folder {
    std::string path;
    Folder() : path(testing::TempDir() + "signed_policy.XXXXXX") { CHECK(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
  };
  Folder state_;
};

TEST_P(SignedPolicy, what_a_trusted_key_signed_governs_and_the_record_says_who_signed) {
  const Error error = load(bundle(3, "clock"));
  ASSERT_TRUE(taken(error)) << error.message;
  auto agent = world().agent("governed", "");
  EXPECT_EQ(agent->code("exec", {{"tool", "clock"}}), -2);
  agent->must("exec", {{"tool", "echo"}, {"arguments", json::Object{{"text", "x"}}}});
  world().close();  // all of it is on disk then
  std::string recorded;
  const auto note = [&](const recorder::StoredEntry& entry) {
    recorded += entry.opening.value_or("") + "\n";
    return true;
  };
  ASSERT_TRUE(recorder::read_log(state_.path + "/log", {}, note));
  EXPECT_NE(recorded.find(R"(signed_by":"fleet.pub")"), std::string::npos);
  EXPECT_NE(recorded.find(R"(revision":3)"), std::string::npos);
}

TEST_P(SignedPolicy, what_is_unsigned_or_signed_by_a_stranger_leaves_the_old_set_in_force) {
  ASSERT_TRUE(taken(load(bundle(3, "clock"))));
  EXPECT_EQ(load(document_denying("echo")).message, "given: this kernel takes signed policy only");
  EXPECT_EQ(load(bundle(4, "echo", 2)).message, "given: no trusted key signed it");
  EXPECT_TRUE(taken(load(std::string(policy::preset("agent-default")), "agent-default")))
      << "it is part of the program";
  EXPECT_FALSE(taken(load(document_denying("echo"), "agent-default"))) << "a name alone makes nothing built in";
}

TEST_P(SignedPolicy, no_older_revision_is_taken_not_even_by_the_next_kernel) {
  ASSERT_TRUE(taken(load(bundle(3, "clock"))));
  ASSERT_TRUE(taken(load(bundle(5, "echo"))));
  EXPECT_EQ(load(bundle(4, "clock")).message,
            "revision 4 of policy fleet is older than revision 5, which was in force");
  EXPECT_EQ(load(bundle(5, "clock")).message, "revision 5 of policy fleet was in force with other documents");
  EXPECT_TRUE(taken(load(bundle(5, "echo")))) << "the same content may be loaded again";
  EXPECT_EQ(world().agent("governed", "")->code("exec", {{"tool", "clock"}}), 0);
  restart(bundle(5, "echo"));
  EXPECT_FALSE(taken(load(bundle(3, "clock"))));
  EXPECT_TRUE(taken(load(bundle(6, "clock"))));
}

TEST_P(SignedPolicy, a_kernel_whose_revisions_cannot_be_read_takes_no_bundle) {
  ASSERT_TRUE(taken(load(bundle(3, "clock"))));
  std::ofstream(state_.path + "/policy_revisions.json") << "{\"fleet\": 3";
  EXPECT_NE(load(bundle(4, "clock")).message.find("does not hold revisions"), std::string::npos);
}

TEST_P(SignedPolicy, a_bundle_that_does_not_compile_uses_up_no_revision) {
  ASSERT_TRUE(taken(load(bundle(3, "clock"))));
  EXPECT_FALSE(taken(load(*policy::seal_bundle({"fleet", 9, {{"kind: Nonsense\n", "f"}}}, key_of(1)))));
  EXPECT_TRUE(taken(load(bundle(4, "clock"))));
}

TEST_P(SignedPolicy, a_kernel_without_trusted_keys_takes_no_bundle) {
  world_ = std::make_unique<World>(GetParam());
  EXPECT_EQ(load(bundle(1, "clock")).message, "given: no trusted key signed it");
  EXPECT_TRUE(taken(load(document_denying("clock"))));
}

AGENTOS_BOTH_WAYS(SignedPolicy);

}  // namespace
}  // namespace agentos::test
