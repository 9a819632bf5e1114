// agentos policy check|show: documents without a kernel, and what is in force.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "apps/agentos/documents.h"
#include "apps/agentos/outline.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/yaml/document.h"
#include "lib/policy/original/original.h"
#include "lib/policy/policy.h"

namespace agentos::cli {
namespace {

std::unexpected<Error> refuse_invalid(const Globals& globals, const Error& error) {
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"valid", false}, {"problem", error.message}, {"fix", error.hint}});
  }
  return fail(abi::error::invalid_policy, error.message, error.hint);
}

// Moves the documents of the original out of `sources`; they are checked by their own rules.
std::vector<policy::Source> take_originals(std::vector<policy::Source>& sources) {
  const auto native = [](const policy::Source& source) {
    const auto root = yaml::parse(source.text, source.file);
    return !root || !policy::original::is_original(*root);
  };
  std::vector<policy::Source> natives, originals;
  for (policy::Source& source : sources) (native(source) ? natives : originals).push_back(std::move(source));
  sources = std::move(natives);
  return originals;
}

void report_originals(const Globals& globals, const policy::original::Documents& documents) {
  const json::Object summary{{"valid", true},
                             {"kind", "PolicyDocument 1.0 of the original, checked and decided by its own rules"},
                             {"documents", static_cast<std::int64_t>(documents.document_count())},
                             {"rules", static_cast<std::int64_t>(documents.rule_count())},
                             {"default_action", policy::original::action_name(documents.default_action())}};
  if (globals.format == Format::kJson) {
    print_json(summary);
  } else {
    print("valid\n" + outline(summary));
  }
}

Result<int> show_in_force(const Globals& globals, const PolicyOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::PolicyShowReply reply = TRY(reached.client->call(abi::PolicyShowRequest{.agent = options.agent}));
  if (globals.format == Format::kJson) {
    print_json(to_json(abi::row_of(abi::Call::kPolicyShow).reply, reply));
    return kExitOk;
  }
  print(outline(reply.policy));
  if (!options.agent.empty()) return kExitOk;
  std::string names;
  for (const std::string_view name : policy::preset_names()) names += " " + std::string(name);
  print("built-in documents (agentos policy show NAME):" + names + "\n");
  return kExitOk;
}

}  // namespace

Result<int> verb_policy_check(const Globals& globals, const PolicyOptions& options) {
  std::vector<policy::TrustedKey> trusted;
  for (const std::string& file : options.policy_keys) trusted.push_back(TRY(read_policy_key(file)));
  std::vector<policy::Source> sources;
  for (const std::string& file : options.files) {
    abi::Document document = TRY(read_document(file));
    if (policy::is_bundle(document.text)) {
      auto bundle = policy::open_bundle(document.text, document.file, trusted);
      if (!bundle) return refuse_invalid(globals, bundle.error());
      std::ranges::move(bundle->content.documents, std::back_inserter(sources));
      continue;
    }
    sources.push_back({std::move(document.text), std::move(document.file)});
  }
  const std::vector<policy::Source> originals = take_originals(sources);
  if (!originals.empty()) {
    auto documents = policy::original::Documents::compile(originals);
    if (!documents) return refuse_invalid(globals, documents.error());
    report_originals(globals, **documents);
    if (sources.empty()) return kExitOk;
  }
  auto program = policy::Program::compile(sources, policy::table_vocabulary(), 1);
  if (!program) return refuse_invalid(globals, program.error());
  if (globals.format == Format::kJson) {
    json::Value summary = (*program)->summary();
    summary.as_object()["valid"] = true;
    print_json(summary);
  } else {
    print("valid\n" + outline((*program)->summary()));
  }
  return kExitOk;
}

Result<int> verb_policy_show(const Globals& globals, const PolicyOptions& options) {
  if (options.name.empty()) return show_in_force(globals, options);
  const std::string_view text = policy::preset(options.name);
  if (text.empty()) {
    std::string names;
    for (const std::string_view name : policy::preset_names()) names += (names.empty() ? "" : ", ") + std::string(name);
    return fail(ErrorCode::kNotFound, "there is no built-in policy \"" + options.name + "\"", "there are " + names);
  }
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"name", options.name}, {"text", text}});
  } else {
    print(text);
  }
  return kExitOk;
}

}  // namespace agentos::cli
