// agentos log redact: content goes, the record of it stays provable. Erasing is recorded before it is done; a kernel
// that writes the log does both itself.
#include <fmt/format.h>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "lib/recorder/recorder.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/redaction.h"

namespace agentos::cli {
namespace {

// The log says who lost content, and why, before it is lost.
Status record_erasing(const std::string& directory, const std::set<recorder::Index>& entries,
                      const std::string& reason) {
  RealClock clock;
  SystemRandom random;
  recorder::Options options;
  options.directory = directory;
  options.disk_bytes_max = 0;  // nothing is pruned by the way
  options.signer_program = TRY(find_signer_program());
  const auto recorder = TRY(recorder::Recorder::open(options, clock, random));
  json::Array indexes;
  for (const recorder::Index index : entries) indexes.emplace_back(static_cast<std::int64_t>(index));
  json::Object detail;
  detail["entries"] = std::move(indexes);
  detail["reason"] = reason;
  const std::string text = json::write_canonical(json::Value(std::move(detail)));
  recorder::Event event;
  event.name = "erased";
  event.time_us = clock.wall_us();
  event.detail.text = text;
  TRY(recorder->wait_durable(TRY(recorder->append(event))));
  return recorder->close();
}

int say_redacted(const Globals& globals, const recorder::Redacted& done, const std::string& place, const char* how) {
  if (globals.format == Format::kJson) {
    json::Object out;
    out["directory"] = place;
    out["openings"] = static_cast<std::int64_t>(done.openings);
    out["without"] = static_cast<std::int64_t>(done.without);
    out["blobs"] = static_cast<std::int64_t>(done.blobs);
    out["shared"] = static_cast<std::int64_t>(done.shared);
    print_json(json::Value(std::move(out)));
    return kExitOk;
  }
  print(fmt::format("{}: content of {} entries {}, {} had none, {} blobs removed; check it: agentos-verify log {}\n",
                    printable(place), done.openings, how, done.without, done.blobs, printable(place)));
  if (done.shared > 0)
    print(fmt::format("{} blobs stay: entries that keep their content have the same, among them entry {}\n",
                      done.shared,
                      done.shared_by == recorder::kNoIndex ? "(being written)" : std::to_string(done.shared_by)));
  return kExitOk;
}

// By the kernel that writes this log.
Result<recorder::Redacted> erase_live(const Globals& globals, const std::string& directory,
                                      const std::set<recorder::Index>& entries, const std::string& reason) {
  const auto other = [&] {
    return fail(
        ErrorCode::kBusy,
        fmt::format("another process writes the log in {}, and it is not this user's kernel", printable(directory)),
        "stop it first");
  };
  auto reached = reach_kernel(globals, Start::kNever);
  if (!reached || TRY(log_directory_of(globals, {})) != directory) return other();
  abi::EraseRequest request;
  for (const recorder::Index entry : entries) request.entries.push_back(static_cast<std::int64_t>(entry));
  request.reason = reason;
  const abi::EraseReply reply = TRY(reached->client->call(request));
  recorder::Redacted done;
  done.openings = static_cast<std::uint64_t>(reply.openings);
  done.without = static_cast<std::uint64_t>(reply.without);
  done.blobs = static_cast<std::uint64_t>(reply.blobs);
  done.shared = static_cast<std::uint64_t>(reply.shared);
  if (reply.shared_by >= 0) done.shared_by = static_cast<recorder::Index>(reply.shared_by);
  return done;
}

}  // namespace

Result<int> verb_log_redact(const Globals& globals, const ProofOptions& options) {
  const std::set<recorder::Index> entries(options.entries.begin(), options.entries.end());
  if (entries.empty() != options.every || (options.every && options.copy.empty()))
    return fail(ErrorCode::kInvalidArgument, "which entries lose their content is not said",
                "agentos log redact INDEX..., or --every with --copy FOLDER");
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const auto disk = recorder::make_real_disk();
  if (!options.copy.empty()) {
    const std::string copy = TRY(absolute_path(options.copy));
    return say_redacted(globals, TRY(recorder::copy_without(*disk, directory, copy, entries)), copy, "withheld");
  }
  if (entries.size() > recorder::kErasedAtOnceMax)
    return fail(ErrorCode::kTooLarge, fmt::format("at most {} entries are erased at once", recorder::kErasedAtOnceMax),
                "do it in several rounds");
  if (disk->is_locked(fmt::format("{}/{}", directory, recorder::kLockName)))
    return say_redacted(globals, TRY(erase_live(globals, directory, entries, options.reason)), directory, "erased");
  TRY(record_erasing(directory, entries, options.reason));
  return say_redacted(globals, TRY(recorder::erase_openings(*disk, directory, entries)), directory, "erased");
}

}  // namespace agentos::cli
