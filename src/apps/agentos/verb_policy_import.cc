// agentos policy import: documents of other programs as ours, with everything that could not be carried over.
#include <fmt/format.h>

#include <cstdlib>

#include "apps/agentos/documents.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/io/file.h"
#include "lib/policy/import/import.h"

namespace agentos::cli {
namespace {

using policy::importing::Imported;
using policy::importing::Loss;

// --map NAME=EXPRESSION
Status add_meaning(const std::string& word, policy::importing::Options& options) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("--map {} is not NAME=EXPRESSION", word),
                "like --map jwt.sub=agent.name");
  }
  options.meanings[word.substr(0, equals)] = word.substr(equals + 1);
  return {};
}

Result<Imported> import_files(const PolicyOptions& options) {
  policy::importing::Options wanted{.name = options.name, .part = options.part};
  if (options.fields == "arguments") wanted.fields = policy::importing::Fields::kOfArguments;
  if (const char* home = std::getenv("HOME"); home != nullptr) wanted.home = home;
  for (const std::string& word : options.meanings) TRY(add_meaning(word, wanted));
  std::vector<policy::Source> sources;
  for (const std::string& file : options.files) {
    abi::Document document = TRY(read_document(file));
    sources.push_back({std::move(document.text), file == "-" ? "(standard input)" : file});
  }
  if (options.from == "original") return policy::importing::import_original(sources, wanted);
  if (sources.size() > 1) {
    return fail(ErrorCode::kInvalidArgument, "several files are one set only for documents of the original",
                "import them one by one");
  }
  if (options.from == "srt") return policy::importing::import_srt(sources[0], wanted);
  return policy::importing::import_agentgateway(sources[0], wanted);
}

Status write_text(const std::string& file, const std::string& text) {
  const std::string path = TRY(absolute_path(file));
  return io::write_file_atomic(path, text, 0644);
}

std::string report_text(const Imported& imported) {
  std::string out = fmt::format("{} rules carried over\n", imported.carried.size());
  for (const Loss loss : {Loss::kLost, Loss::kDiffers, Loss::kElsewhere}) {
    for (const auto& remark : imported.remarks) {
      if (remark.loss != loss) continue;
      out += fmt::format("{}: {}: {}\n  {}\n", policy::importing::loss_name(loss), printable(remark.where),
                         printable(remark.what), printable(remark.reason));
    }
  }
  return out;
}

}  // namespace

Result<int> verb_policy_import(const Globals& globals, const PolicyOptions& options) {
  const auto imported = import_files(options);
  if (!imported) return invalid(imported.error());
  if (!options.out.empty()) TRY(write_text(options.out, imported->policy));
  const bool writes_profile = !options.profile_out.empty() && !imported->profile.empty();
  if (writes_profile) TRY(write_text(options.profile_out, imported->profile));
  const int code = imported->has_losses() ? kExitFailure : kExitOk;
  if (globals.format == Format::kJson) {
    json::Object report = imported->report();
    report["policy"] = imported->policy;
    report["profile"] = imported->profile.empty() ? json::Value() : json::Value(imported->profile);
    print_json(report);
    return code;
  }
  if (options.out.empty()) {
    print(imported->policy);
    for (const auto& remark : imported->remarks) {
      print_note(fmt::format("{}: {}: {}: {}", policy::importing::loss_name(remark.loss), printable(remark.where),
                             printable(remark.what), printable(remark.reason)));
    }
  } else {
    print(report_text(*imported));
  }
  if (!imported->profile.empty() && !writes_profile) {
    print_note("there is a profile for files, too: --profile FILE writes it");
  }
  return code;
}

}  // namespace agentos::cli
