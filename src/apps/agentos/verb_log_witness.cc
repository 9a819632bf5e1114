// agentos log witness: a process that remembers what it saw of a log and cosigns only what continues it.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/clock.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/witness.h"

namespace agentos::cli {
namespace {

struct Looked {
  recorder::WitnessAnswer answer;
  recorder::Index size = 0;
};

// Asks the witness about the newest checkpoint, from the size it says it has seen.
Result<Looked> look_once(recorder::Disk& disk, const std::string& directory, recorder::Witness& witness, Clock& clock) {
  Looked looked;
  recorder::Index old_size = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto file = recorder::make_consistency(disk, directory, old_size, std::nullopt);
    // A log that is shorter than what was cosigned is the witness's to refuse, not ours to excuse.
    if (!file && file.error().code == ErrorCode::kInvalidArgument)
      file = recorder::ConsistencyFile{
          old_size, {}, TRY(recorder::read_small_file(disk, directory + "/checkpoint", recorder::kNoteSizeMax))};
    const auto request = TRY(std::move(file));
    looked.size = TRY(recorder::parse_checkpoint_body(TRY(recorder::parse_note(request.note)).body)).size;
    const auto time_s = static_cast<std::uint64_t>(clock.wall_us() / 1'000'000);
    looked.answer = TRY(witness.add_checkpoint(recorder::consistency_text(request), time_s));
    if (looked.answer.status == 200) {
      TRY(recorder::replace_file(disk, directory, std::string(recorder::kCosignedName),
                                 request.note + looked.answer.body));
      return looked;
    }
    if (looked.answer.status != 409) return looked;
    const std::string& body = looked.answer.body;
    std::from_chars(body.data(), body.data() + body.size(), old_size);
  }
  return looked;
}

void say_look(const Globals& globals, const Looked& looked) {
  const bool good = looked.answer.status == 200;
  std::string reason = good ? "" : looked.answer.body;
  if (reason.ends_with('\n')) reason.pop_back();
  if (globals.format == Format::kJson) {
    json::Object out;
    out["cosigned"] = good;
    out["size"] = static_cast<std::int64_t>(looked.size);
    out["status"] = looked.answer.status;
    out["reason"] = reason;
    return print(json::write(json::Value(std::move(out))) + "\n");
  }
  if (good) return print(fmt::format("cosigned the log of {} entries\n", looked.size));
  print(fmt::format("REFUSED the log of {} entries: {}\n", looked.size, printable(reason)));
}

}  // namespace

Result<int> verb_log_witness(const Globals& globals, const ProofOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const std::string state = TRY(absolute_path(options.state));
  const auto disk = recorder::make_real_disk();
  SystemRandom random;
  RealClock clock;
  const auto witness = TRY(recorder::Witness::open(*disk, state, options.name, random));
  const std::string key = directory + "/" + std::string(recorder::kVerifierName);
  TRY(witness->trust(
      TRY(recorder::parse_verifier(TRY(recorder::read_small_file(*disk, key, recorder::kNoteSizeMax))))));
  for (recorder::Index last = recorder::kNoIndex;;) {
    const Looked looked = TRY(look_once(*disk, directory, *witness, clock));
    if (looked.answer.status != 200 || looked.size != last) say_look(globals, looked);
    if (looked.answer.status != 200 || options.once) return looked.answer.status == 200 ? kExitOk : kExitFailure;
    last = looked.size;
    std::this_thread::sleep_for(std::chrono::duration<double>(options.every_s));
  }
}

}  // namespace agentos::cli
