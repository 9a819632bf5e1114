// agentos log redact: content goes, the record of it stays provable. Erasing is recorded before it is done.
#include <fmt/format.h>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "lib/recorder/recorder.h"
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
  auto opened = recorder::Recorder::open(options, clock, random);
  if (!opened && opened.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, opened.error().message, "stop the kernel first: agentos serve --stop");
  const auto recorder = TRY(std::move(opened));
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
    print_json(json::Value(std::move(out)));
    return kExitOk;
  }
  print(fmt::format("{}: content of {} entries {}, {} had none, {} blobs removed; check it: agentos-verify log {}\n",
                    printable(place), done.openings, how, done.without, done.blobs, printable(place)));
  return kExitOk;
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
  TRY(record_erasing(directory, entries, options.reason));
  const auto done = TRY(recorder::erase_openings(*disk, directory, entries));
  // The index of queries holds texts; it is built again from what is left.
  for (const char* name : {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"})
    (void)disk->remove(directory + "/" + name);
  return say_redacted(globals, done, directory, "erased");
}

}  // namespace agentos::cli
