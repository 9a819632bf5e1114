// A long log: what an inclusion proof costs, reopening, verifying, and the memory of its writer.
//
//   proof_bench [ENTRIES [DIRECTORY]]    ENTRIES: 1,000,000 unless said otherwise
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/recorder.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/subtree_sources.h"
#include "lib/recorder/tile_builder.h"

namespace agentos::recorder {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kProofsMeasured = 2000;
enum class Openings : std::uint8_t { kNone, kEach };

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void report_us(const char* what, std::vector<double>& samples) {
  std::sort(samples.begin(), samples.end());
  fmt::print("{}: p50 {:.0f} us, p99 {:.0f} us, longest {:.0f} us\n", what, samples[samples.size() / 2],
             samples[samples.size() * 99 / 100], samples.back());
}

Status write_log(const std::string& directory, Index entries, Openings openings) {
  RealClock clock;
  SystemRandom random;
  Options options;
  options.directory = directory;
  options.disk_bytes_max = 0;
  const auto start = Steady::now();
  const auto recorder = TRY(Recorder::open(options, clock, random));
  Refused entry;
  entry.agent = "agent-01j9z3k8";
  entry.run = "run-7f3a9c21";
  entry.call = "write";
  entry.step = "policy";
  entry.rule = "agent-default/workspace-files";
  entry.reason = "no rule allows it, and the default is to deny";
  entry.code = -2;
  if (openings == Openings::kEach)
    entry.arguments.text =
        R"({"content":"The quick brown fox jumps over the lazy dog.","path":"/mem/working/today.md"})";
  for (Index i = 0; i < entries; ++i) {
    entry.time_us = static_cast<std::int64_t>(1'700'000'000'000'000 + i);
    TRY(recorder->append(entry));
    if (i == entries / 100) fmt::print("memory of the writer after 1 percent: {} MiB\n", peak_kib() / 1024);
  }
  TRY(recorder->close());
  fmt::print("{} entries written in {:.1f} s, {} MiB; memory at the end: {} MiB\n", entries, seconds_since(start),
             recorder->stats().bytes >> 20, peak_kib() / 1024);
  return {};
}

Status bench_reopen(const std::string& directory) {
  RealClock clock;
  SystemRandom random;
  Options options;
  options.directory = directory;
  options.disk_bytes_max = 0;
  const auto start = Steady::now();
  const auto recorder = TRY(Recorder::open(options, clock, random));
  fmt::print("reopen: {:.0f} ms\n", seconds_since(start) * 1e3);
  return recorder->close();
}

Status bench_verify(const std::string& directory, const char* what) {
  const auto start = Steady::now();
  const auto report = TRY(verify_log(directory));
  if (!report.valid) return fail(ErrorCode::kCorrupt, report.problem);
  fmt::print("verify {}: {:.0f} entries/s ({} entries, {} openings, {} seals)\n", what,
             static_cast<double>(report.entries) / seconds_since(start), report.entries, report.openings, report.seals);
  return {};
}

Status bench_proofs(const std::string& directory) {
  const auto disk = make_real_disk();
  const auto key = TRY(parse_verifier(TRY(read_small_file(*disk, directory + "/log.pub", kNoteSizeMax))));
  const auto checkpoint =
      TRY(open_checkpoint(key, TRY(read_small_file(*disk, directory + "/checkpoint", kNoteSizeMax))));
  auto start = Steady::now();
  const auto built = TRY(build_tiles(*disk, directory, checkpoint, TileContent::kHashes));
  fmt::print("tiles: {:.1f} s for {} entries, {} files\n", seconds_since(start), built.size, built.files);
  std::vector<double> hashes, files;
  Index index = 12345;
  for (int i = 0; i < kProofsMeasured; ++i) {
    index = (index * 6364136223846793005ULL + 1442695040888963407ULL) % checkpoint.size;
    start = Steady::now();
    TileSubtrees tiles(*disk, directory);  // nothing is kept from the one before
    TRY(prove_inclusion(tiles, index, checkpoint.size));
    hashes.push_back(seconds_since(start) * 1e6);
    start = Steady::now();
    TRY(make_inclusion(*disk, directory, index));
    files.push_back(seconds_since(start) * 1e6);
  }
  report_us("inclusion proof, from tiles on disk", hashes);
  report_us("the same as a .tlog-proof: entry found and read, checked against the signed root", files);
  start = Steady::now();
  TRY(make_consistency(*disk, directory, checkpoint.size / 3, std::nullopt));
  fmt::print("consistency proof: {:.1f} ms\n", seconds_since(start) * 1e3);
  return {};
}

Status run(const std::string& place, Index entries) {
  TRY(write_log(place + "/log", entries, Openings::kNone));
  TRY(bench_reopen(place + "/log"));
  TRY(bench_verify(place + "/log", "without commitments"));
  TRY(bench_proofs(place + "/log"));
  TRY(write_log(place + "/openings", std::min<Index>(entries, 1'000'000), Openings::kEach));
  return bench_verify(place + "/openings", "with a commitment in each entry");
}

}  // namespace
}  // namespace agentos::recorder

int main(int argc, char** argv) {
  using namespace agentos::recorder;
  std::string place = std::string(argc > 2 ? argv[2] : "/tmp") + "/proof_bench.XXXXXX";
  if (mkdtemp(place.data()) == nullptr) return 1;
  const auto done = run(place, argc > 1 ? std::stoull(argv[1]) : 1'000'000);
  if (!done) fmt::print("{}\n", done.error().message);
  std::filesystem::remove_all(place);
  return done ? 0 : 1;
}
