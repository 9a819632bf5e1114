// The forward-secure chain holds through crashes anywhere, and a key of an epoch that is over is nowhere on the disk.
#include "lib/recorder/key_signer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/merkle.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

Checkpoint numbered_checkpoint(Index size) {
  return {"example.org/log", size, crypto::sha256(std::to_string(size)), {}};
}

std::unique_ptr<KeySigner> open_keys(Disk& disk) {
  SeededRandom random(11);
  (void)disk.make_directory("/log");
  auto signer = KeySigner::open(disk, "/log", "example.org/log", random);
  EXPECT_TRUE(signer.has_value()) << signer.error().message;
  return signer ? std::move(*signer) : nullptr;
}

// Follows the seals on the disk; how many are good.
std::uint64_t chain_length(const FakeDisk& disk) {
  const auto verifier = parse_seal_verifier(disk.content("/log/seal.pub"));
  EXPECT_TRUE(verifier.has_value());
  SealChain chain(*verifier);
  const std::string seals = disk.content("/log/seals");
  for (std::size_t at = 0; at + kSealSize <= seals.size(); at += kSealSize)
    if (chain.add(parse_seal(std::string_view(seals).substr(at, kSealSize))) != nullptr) break;
  return chain.epoch();
}

std::optional<SealLine> line_of(const FakeDisk& disk, const std::string& note) {
  const auto verifier = parse_seal_verifier(disk.content("/log/seal.pub"));
  const auto line = find_seal_line(*verifier, *parse_note(note));
  EXPECT_TRUE(line.has_value()) << line.error().message;
  return line ? *line : std::nullopt;
}

TEST(KeySigner, both_lines_are_good_and_the_epoch_moves_with_each_seal) {
  FakeDisk disk;
  auto signer = open_keys(disk);
  const auto key = *parse_verifier(disk.content("/log/log.pub"));
  for (Index size = 1; size <= 5; ++size) {
    const std::string body = checkpoint_body(numbered_checkpoint(size));
    const auto note = signer->sign(body);
    ASSERT_TRUE(note.has_value());
    EXPECT_TRUE(open_checkpoint(key, *note).has_value());
    const auto line = line_of(disk, *note);
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(line->epoch, size - 1);
    ASSERT_TRUE(signer->seal(body).has_value());
    EXPECT_TRUE(signer->seal(body).has_value());  // again: nothing
    EXPECT_EQ(chain_length(disk), size);
    if (size == 3) signer = open_keys(disk);
  }
}

TEST(KeySigner, a_key_of_an_epoch_that_is_over_is_nowhere) {
  FakeDisk disk;
  auto signer = open_keys(disk);
  const std::string first = disk.content("/log/seal.key");
  const std::string seed = first.substr(16, 32);
  ASSERT_NE(seed, std::string(32, '\0'));
  const std::string body = checkpoint_body(numbered_checkpoint(4));
  ASSERT_TRUE(signer->sign(body).has_value());
  ASSERT_TRUE(signer->seal(body).has_value());
  for (const std::string& name : *disk.list("/log"))
    EXPECT_EQ(disk.content("/log/" + name).find(seed), std::string::npos) << name;
  // With the key of now no seal of epoch 0 over other entries can be made.
  const auto stolen = disk.content("/log/seal.key").substr(4096 + 16, 32);
  std::array<std::byte, 32> octets;
  std::copy_n(reinterpret_cast<const std::byte*>(stolen.data()), octets.size(), octets.begin());
  Seal forged{0, 4, crypto::sha256("other"), crypto::signing_key_from_seed(octets).verify_key, {}};
  forged.signature = crypto::sign(crypto::signing_key_from_seed(octets), seal_message("example.org/log", forged));
  SealChain chain(*parse_seal_verifier(disk.content("/log/seal.pub")));
  EXPECT_NE(chain.add(forged), nullptr);
}

TEST(KeySigner, only_checkpoints_of_its_log_that_go_on_are_signed) {
  FakeDisk disk;
  const auto signer = open_keys(disk);
  EXPECT_FALSE(signer->sign("hello\n").has_value());
  EXPECT_FALSE(signer->sign(std::string(kSignedBodySizeMax + 1, 'x')).has_value());
  Checkpoint other = numbered_checkpoint(3);
  other.origin = "example.org/another";
  EXPECT_FALSE(signer->sign(checkpoint_body(other)).has_value());
  other = numbered_checkpoint(3);
  other.extension = "more\n";
  EXPECT_FALSE(signer->sign(checkpoint_body(other)).has_value());
  ASSERT_TRUE(signer->sign(checkpoint_body(numbered_checkpoint(3))).has_value());
  EXPECT_TRUE(signer->sign(checkpoint_body(numbered_checkpoint(3))).has_value());
  EXPECT_EQ(signer->sign(checkpoint_body(numbered_checkpoint(2))).error().code, ErrorCode::kNotPermitted);
  other = numbered_checkpoint(3);
  other.root[0] ^= 1;
  EXPECT_EQ(signer->sign(checkpoint_body(other)).error().code, ErrorCode::kNotPermitted);
  EXPECT_FALSE(signer->seal(checkpoint_body(numbered_checkpoint(9))).has_value());
}

// Without the sync of the record, or that of the next key, this finds a log that cannot be opened or a broken chain.
TEST(KeySigner, a_power_failure_anywhere_leaves_a_chain_that_goes_on) {
  FakeDisk counting;
  const auto work = [](FakeDisk& disk) {
    SeededRandom random(11);
    if (!disk.make_directory("/log")) return;
    auto signer = KeySigner::open(disk, "/log", "example.org/log", random);
    for (Index size = 1; signer && size <= 3; ++size) {
      const std::string body = checkpoint_body(numbered_checkpoint(size));
      if (!(*signer)->sign(body) || !(*signer)->seal(body)) return;
    }
  };
  work(counting);
  const std::uint64_t changes = counting.changes();
  ASSERT_GT(changes, 20U);
  for (std::uint64_t point = 0; point <= changes; ++point) {
    FakeDisk disk;
    disk.fail_after(point, 5);
    work(disk);
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      const auto after = disk.after_power_failure(seed);
      const auto signer = open_keys(*after);
      ASSERT_NE(signer, nullptr) << point << " " << seed;
      const std::string body = checkpoint_body(numbered_checkpoint(9));
      const auto note = signer->sign(body);
      ASSERT_TRUE(note.has_value());
      const auto line = line_of(*after, *note);
      ASSERT_TRUE(line.has_value());
      EXPECT_EQ(line->epoch, chain_length(*after)) << point << " " << seed;
      ASSERT_TRUE(signer->seal(body).has_value());
      EXPECT_EQ(chain_length(*after), line->epoch + 1);
    }
  }
}

// Without the sync after overwriting a key, at the end of a seal or when an interrupted one is found at the next open,
// this finds the key of an epoch that is over.
TEST(KeySigner, a_power_failure_anywhere_brings_back_no_key_of_an_epoch_that_is_over) {
  FakeDisk before;
  ASSERT_NE(open_keys(before), nullptr);
  std::vector<std::string> seeds = {before.content("/log/seal.key").substr(16, 32)};
  while (seeds.size() < 6) {
    const auto next = crypto::hmac_sha256(seeds.back(), "agentos seal step v1");
    seeds.emplace_back(reinterpret_cast<const char*>(next.data()), next.size());
  }
  const auto expect_none_before = [&](std::uint64_t epoch, const FakeDisk& disk, const std::string& trace) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const std::string key = disk.after_power_failure(seed)->content("/log/seal.key");
      for (std::uint64_t over = 0; over < epoch; ++over)
        EXPECT_EQ(key.find(seeds[over]), std::string::npos) << trace << ": epoch " << over << " of " << epoch;
    }
  };
  bool done = false;
  for (std::uint64_t point = 0; !done; ++point) {
    const auto disk = before.copy();
    disk->fail_after(point, 5);
    SeededRandom random(11);
    const auto signer = KeySigner::open(*disk, "/log", "example.org/log", random);
    done = signer.has_value();
    for (Index size = 1; done && size <= 3; ++size) {
      const std::string body = checkpoint_body(numbered_checkpoint(size));
      done = (*signer)->sign(body) && (*signer)->seal(body);
      if (done) expect_none_before(size, *disk, "sealed");
    }
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const auto after = disk->after_power_failure(seed);
      const auto again = open_keys(*after);
      ASSERT_NE(again, nullptr);
      expect_none_before(chain_length(*after), *after, "opened after " + std::to_string(point));
    }
  }
}

TEST(KeySigner, keys_that_were_taken_away_are_not_made_again) {
  FakeDisk disk;
  {
    const auto signer = open_keys(disk);
    const std::string body = checkpoint_body(numbered_checkpoint(1));
    ASSERT_TRUE(signer->sign(body).has_value());
    ASSERT_TRUE(signer->seal(body).has_value());
  }
  SeededRandom random(5);
  for (const char* name : {"log.key", "seal.key", "seal.pub", "seals"}) {
    const auto copy = disk.copy();
    copy->erase(std::string("/log/") + name);
    const auto opened = KeySigner::open(*copy, "/log", "example.org/log", random);
    ASSERT_FALSE(opened.has_value()) << name;
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << name;
    EXPECT_FALSE(opened.error().hint.empty());
  }
  for (const char* name : {"log.key", "log.pub", "seal.key", "seal.pub"}) {
    const auto copy = disk.copy();
    std::string content = copy->content(std::string("/log/") + name);
    for (char& octet : content) octet = static_cast<char>(octet ^ 0x15);
    copy->set_content(std::string("/log/") + name, content);
    EXPECT_FALSE(KeySigner::open(*copy, "/log", "example.org/log", random).has_value()) << name;
  }
}

// Refuses while it is told to, as a signer does whose process died.
class MoodySigner final : public CheckpointSigner {
 public:
  MoodySigner(std::unique_ptr<CheckpointSigner> signer, std::atomic<bool>& works)
      : signer_(std::move(signer)), works_(works) {}
  Result<std::string> sign(std::string_view body) override {
    if (!works_) return fail(ErrorCode::kClosed, "the signer ended");
    return signer_->sign(body);
  }
  Status seal(std::string_view body) override {
    if (!works_) return fail(ErrorCode::kClosed, "the signer ended");
    return signer_->seal(body);
  }
  SignerState state() const override { return {works_, works_ ? "" : "the signer ended", 1}; }

 private:
  std::unique_ptr<CheckpointSigner> signer_;
  std::atomic<bool>& works_;
};

TEST(KeySigner, without_a_signer_appending_and_durability_go_on_and_checkpoints_follow_when_it_is_back) {
  testing::FakeWorld world;
  FakeDisk disk;
  std::atomic<bool> works{true};
  auto recorder =
      open_recorder(world.options(), world.clock, world.random, disk, Preparation::kWhenNeeded,
                    [&](const Options& options) -> Result<std::unique_ptr<CheckpointSigner>> {
                      return std::make_unique<MoodySigner>(
                          TRY(KeySigner::open(disk, options.directory, options.origin, world.random)), works);
                    });
  ASSERT_TRUE(recorder.has_value());
  works = false;
  const auto wait_for = [&](auto condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) {
      world.clock.advance_us(1'100'000);
      EXPECT_TRUE((*recorder)->wait_durable(*(*recorder)->append(testing::event("x"))).has_value());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
  };
  EXPECT_TRUE(wait_for([&] { return !(*recorder)->stats().signer_error.empty(); }));
  EXPECT_TRUE((*recorder)->stats().healthy);
  EXPECT_EQ((*recorder)->stats().checkpoint_size, 0U);
  works = true;
  EXPECT_TRUE(wait_for([&] { return (*recorder)->stats().checkpoint_size > 0; }));
  EXPECT_TRUE(wait_for([&] { return (*recorder)->stats().signer_error.empty(); }));
  ASSERT_TRUE((*recorder)->close().has_value());
  const auto report = verify_log_on(disk, "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_TRUE(report->sealed);
  EXPECT_GT(report->seals, 0U);
}

TEST(KeySigner, a_checkpoint_is_signed_every_so_many_entries) {
  testing::FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.checkpoint_entries = 50;
  auto recorder = world.start(disk, options);
  for (int i = 0; i < 2000 && recorder->stats().checkpoint_size < 50; ++i) {
    EXPECT_TRUE(recorder->wait_durable(*recorder->append(testing::event("x"))).has_value());
  }
  EXPECT_GE(recorder->stats().checkpoint_size, 50U);  // the clock stands still
  EXPECT_TRUE(recorder->close().has_value());
}

}  // namespace
}  // namespace agentos::recorder
