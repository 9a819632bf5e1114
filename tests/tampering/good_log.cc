// Three runs of a recorder; the witness saw the log after the second, and so did the one who will verify.
#include "lib/recorder/cosignature.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/test_entries.h"
#include "lib/recorder/tile_builder.h"
#include "tests/tampering/cases.h"

namespace agentos::tampering {

using namespace recorder;
using recorder::testing::FakeWorld;

namespace {

constexpr int kCallsOfARun = 300;

void run_once(FakeWorld& world, FakeDisk& disk, int number) {
  Options options = world.options();
  options.content = Content::kWhole;
  const auto recorder = world.start(disk, options);
  const std::string agent = "agent-" + std::to_string(number);
  // Of each run some content that is kept whole.
  const std::string whole(kOpeningSizeMax + 1, static_cast<char>('0' + number));
  Event boot = recorder::testing::event("boot");
  boot.detail.text = whole;
  (void)recorder->append(boot).value();
  for (int i = 0; i < kCallsOfARun; ++i) {
    const Index intent =
        recorder->append(recorder::testing::intent(agent, i % 3 == 0 ? Effect::kExternal : Effect::kState)).value();
    if (i % 5 == 0) (void)recorder->append(recorder::testing::refused(agent)).value();
    (void)recorder->append(recorder::testing::outcome(intent, agent)).value();
  }
  // One that waits for its outcome when the next segment begins.
  if (number == 0) (void)recorder->append(recorder::testing::intent("waiting", Effect::kState)).value();
  CHECK(recorder->close().has_value());
}

}  // namespace

std::unique_ptr<FakeDisk> good_log() {
  FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  run_once(world, *disk, 0);
  run_once(world, *disk, 1);
  SeededRandom random(21);
  const auto witness = make_witness_signer("witness.example/w1", random).value();
  const std::string note = disk->content("/log/checkpoint");
  disk->set_content("/kept/checkpoint", note);
  disk->set_content("/log/cosigned",
                    note + signature_text(cosign(witness, parse_note(note).value().body, 1'700'000'000)));
  disk->set_content("/kept/witness.pub", witness_verifier_text(witness.verifier));
  disk->set_content("/kept/log.pub", disk->content("/log/log.pub"));
  disk->set_content("/kept/seal.pub", disk->content("/log/seal.pub"));
  run_once(world, *disk, 2);
  const auto key = parse_verifier(disk->content("/log/log.pub")).value();
  const auto checkpoint = open_checkpoint(key, disk->content("/log/checkpoint")).value();
  CHECK(build_tiles(*disk, "/log", checkpoint, TileContent::kHashesAndEntries).has_value());
  disk->set_content("/log/entry.tlog-proof", inclusion_text(make_inclusion(*disk, "/log", 1500).value().file));
  const auto old = open_checkpoint(key, disk->content("/kept/checkpoint")).value();
  disk->set_content("/log/consistency",
                    consistency_text(make_consistency(*disk, "/log", old.size, std::nullopt).value()));
  return disk;
}

void flip(FakeDisk& disk, const std::string& path, std::size_t at) {
  std::string content = disk.content(path);
  CHECK(at < content.size());
  content[at] = static_cast<char>(content[at] ^ 1);
  disk.set_content(path, content);
}

void replace_in(FakeDisk& disk, const std::string& path, std::string_view from, std::string_view to) {
  std::string content = disk.content(path);
  const auto found = content.find(from);
  CHECK(found != std::string::npos);
  content.replace(found, from.size(), to);
  disk.set_content(path, content);
}

}  // namespace agentos::tampering
