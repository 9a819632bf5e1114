// agentos log witness: a process that remembers what it saw of a log and cosigns only what continues it, or somebody
// else's such process, asked over the network.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <thread>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/witness_client.h"
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

using AskWitness = std::function<Result<recorder::WitnessAnswer>(std::string_view request)>;

// What other witnesses said of the same checkpoint stays. kCorrupt when the answer is no cosignature of this one.
Status keep_cosignature(recorder::Disk& disk, const std::string& directory, const recorder::WitnessVerifier& witness,
                        const std::string& note, const std::string& lines) {
  const auto answered = recorder::parse_note(note + lines);
  const auto signed_at = answered ? recorder::find_cosignature(witness, *answered) : std::nullopt;
  if (!answered || !signed_at || !*signed_at)
    return fail(ErrorCode::kCorrupt, fmt::format("what the witness {} answered is no cosignature of its", witness.name),
                "look at its key");
  std::string kept = note + lines;
  const auto before =
      recorder::read_small_file(disk, fmt::format("{}/{}", directory, recorder::kCosignedName), recorder::kNoteSizeMax);
  const auto old = before ? recorder::parse_note(*before) : std::unexpected(before.error());
  if (old && old->body == answered->body) {
    for (const recorder::SignatureLine& line : old->lines) {
      const bool there = std::ranges::any_of(answered->lines, [&](const recorder::SignatureLine& one) {
        return one.name == line.name && one.key_id == line.key_id;
      });
      if (!there) kept += recorder::signature_text(line);
    }
  }
  if (kept.size() > recorder::kNoteSizeMax) kept = note + lines;
  return recorder::replace_file(disk, directory, std::string(recorder::kCosignedName), kept);
}

// Asks the witness about the newest checkpoint, from the size it says it has seen.
Result<Looked> look_once(recorder::Disk& disk, const std::string& directory, const recorder::WitnessVerifier& witness,
                         const AskWitness& ask) {
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
    looked.answer = TRY(ask(recorder::consistency_text(request)));
    if (looked.answer.status == 200) {
      TRY(keep_cosignature(disk, directory, witness, request.note, looked.answer.body));
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

// Who is asked, and how.
struct Asked {
  recorder::WitnessVerifier verifier;
  AskWitness ask;
};

Result<Asked> own_witness(recorder::Disk& disk, const std::string& directory, const ProofOptions& options,
                          Random& random, Clock& clock) {
  const std::string state = TRY(absolute_path(options.state));
  std::shared_ptr<recorder::Witness> witness = TRY(recorder::Witness::open(disk, state, options.name, random));
  const std::string key = directory + "/" + std::string(recorder::kVerifierName);
  TRY(witness->trust(TRY(recorder::parse_verifier(TRY(recorder::read_small_file(disk, key, recorder::kNoteSizeMax))))));
  return Asked{witness->verifier(), [witness, &clock](std::string_view request) {
                 return witness->add_checkpoint(request, static_cast<std::uint64_t>(clock.wall_us() / 1'000'000));
               }};
}

Result<Asked> remote_witness(recorder::Disk& disk, const ProofOptions& options) {
  if (options.witness_key.empty())
    return fail(ErrorCode::kInvalidArgument, "whose cosignature is wanted is not said",
                "name the file with the witness's key: --witness-key FILE");
  const auto address = TRY(parse_witness_url(options.url));
  const auto verifier = TRY(recorder::parse_witness_verifier(
      TRY(recorder::read_small_file(disk, TRY(absolute_path(options.witness_key)), recorder::kNoteSizeMax))));
  return Asked{verifier, [address, trust = options.trust_file](std::string_view request) {
                 return ask_witness(address, request, trust);
               }};
}

}  // namespace

Result<int> verb_log_witness(const Globals& globals, const ProofOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const auto disk = recorder::make_real_disk();
  SystemRandom random;
  RealClock clock;
  const Asked asked = options.url.empty() ? TRY(own_witness(*disk, directory, options, random, clock))
                                          : TRY(remote_witness(*disk, options));
  for (recorder::Index last = recorder::kNoIndex;;) {
    auto tried = look_once(*disk, directory, asked.verifier, asked.ask);
    const bool unreachable =
        !tried && (tried.error().code == ErrorCode::kIo || tried.error().code == ErrorCode::kTimedOut);
    if (unreachable && !options.once && !options.url.empty()) {  // it may be back at the next look
      print_note(printable(tried.error().message));
      std::this_thread::sleep_for(std::chrono::duration<double>(options.every_s));
      continue;
    }
    const Looked looked = TRY(std::move(tried));
    if (looked.answer.status != 200 || looked.size != last) say_look(globals, looked);
    if (looked.answer.status != 200 || options.once) return looked.answer.status == 200 ? kExitOk : kExitFailure;
    last = looked.size;
    std::this_thread::sleep_for(std::chrono::duration<double>(options.every_s));
  }
}

}  // namespace agentos::cli
