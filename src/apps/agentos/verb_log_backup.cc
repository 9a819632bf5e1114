// agentos log backup: a verified copy of the log, also while a kernel writes it.
#include <fmt/format.h>

#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "lib/recorder/backup.h"

namespace agentos::cli {

Result<int> verb_log_backup(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const std::string to = TRY(absolute_path(options.out));
  const recorder::BackupReport report = TRY(recorder::back_up_log(
      directory, to, options.with_keys ? recorder::BackupKeys::kCopied : recorder::BackupKeys::kLeftOut));
  if (globals.format != Format::kTable) {
    print_json(json::Object{{"directory", to},
                            {"of", directory},
                            {"valid", report.verified.valid},
                            {"entries", report.verified.entries},
                            {"checkpoint_size", report.verified.checkpoint_size},
                            {"root", report.verified.root},
                            {"files", report.files},
                            {"segment_bytes", report.bytes},
                            {"keys", options.with_keys}});
    return kExitOk;
  }
  print(fmt::format("{} entries in {} files, {}: valid\n{}\n", report.verified.entries, report.files,
                    show_size_bytes(static_cast<std::int64_t>(report.bytes)), printable(to)));
  if (!options.with_keys) print_note("without its keys: it can be read and verified, not written on");
  return kExitOk;
}

}  // namespace agentos::cli
