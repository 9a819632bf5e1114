// agentos policy fmt: documents in canonical form, to standard output, into their files, or only compared.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "apps/agentos/documents.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/report.h"
#include "base/io/file.h"
#include "lib/policy/tools/format.h"

namespace agentos::cli {

Result<int> verb_policy_fmt(const Globals& globals, const PolicyOptions& options) {
  if (options.check && options.write) {
    return fail(ErrorCode::kInvalidArgument, "--check and --write exclude each other", "leave one of them out");
  }
  json::Array changed;
  for (const std::string& file : options.files) {
    const abi::Document document = TRY(read_document(file));
    const auto formatted = policy::tools::format_document(document.text, file);
    if (!formatted) return invalid(formatted.error());
    const bool differs = *formatted != document.text;
    if (differs) changed.push_back(file);
    if (options.check) {
      if (differs && globals.format == Format::kTable) print(printable(file) + " is not in canonical form\n");
    } else if (options.write) {
      if (file == "-") return fail(ErrorCode::kInvalidArgument, "standard input cannot be written", "name a file");
      if (!differs) continue;
      struct stat status{};
      if (::stat(document.file.c_str(), &status) != 0) return fail_errno(errno, "cannot look at " + file);
      TRY(io::write_file_atomic(document.file, *formatted, status.st_mode & 0777));
      if (globals.format == Format::kTable) print(printable(file) + "\n");
    } else {
      print(*formatted);
    }
  }
  const bool failed = options.check && !changed.empty();
  if (globals.format == Format::kJson && (options.check || options.write)) {
    print_json(json::Object{{"changed", std::move(changed)}, {"written", options.write}});
  }
  return failed ? kExitFailure : kExitOk;
}

}  // namespace agentos::cli
