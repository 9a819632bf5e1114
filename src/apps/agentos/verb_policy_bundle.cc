// agentos policy sign|load: documents into a signed bundle, and documents or a bundle into the running kernel.
#include <fmt/format.h>

#include "apps/agentos/documents.h"
#include "apps/agentos/outline.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/io/file.h"
#include "lib/policy/bundle/bundle.h"
#include "lib/policy/policy.h"

namespace agentos::cli {
namespace {

Result<crypto::SigningKey> read_signing_key(const std::string& file) {
  auto key = crypto::signing_key_from_pem(TRY(io::read_file(TRY(absolute_path(file)), crypto::kPemBytesMax)));
  if (!key) return fail(key.error().code, file + ": " + key.error().message, key.error().hint);
  return *key;
}

// Names inside a bundle are what was typed, so that one content has one digest wherever it is signed.
Result<std::vector<policy::Source>> documents_as_typed(const std::vector<std::string>& files) {
  std::vector<policy::Source> sources;
  for (const std::string& file : files) sources.push_back({TRY(read_document(file)).text, file});
  return sources;
}

}  // namespace

Result<int> verb_policy_sign(const Globals& globals, const PolicyOptions& options) {
  const crypto::SigningKey key = TRY(read_signing_key(options.key));
  policy::BundleContent content{options.name, options.revision, TRY(documents_as_typed(options.files))};
  // What does not compile would only be refused later, and elsewhere.
  const auto program = policy::Program::compile(content.documents, policy::table_vocabulary(), 1);
  if (!program) return fail(abi::error::invalid_policy, program.error().message, program.error().hint);
  const std::string bundle = TRY(policy::seal_bundle(content, key));
  if (options.out.empty()) {
    print(bundle);
    return kExitOk;
  }
  TRY(io::write_file_atomic(TRY(absolute_path(options.out)), bundle, 0644));
  const json::Object summary{{"bundle", options.out},
                             {"name", content.name},
                             {"revision", content.revision},
                             {"documents", static_cast<std::int64_t>(content.documents.size())},
                             {"keyid", policy::key_id(key.verify_key)}};
  if (globals.format == Format::kJson) {
    print_json(summary);
  } else {
    print(outline(summary));
  }
  return kExitOk;
}

Result<int> verb_policy_load(const Globals& globals, const PolicyOptions& options) {
  abi::PolicyLoadRequest request;
  for (const std::string& name : options.files) {
    if (const std::string_view text = policy::preset(name); !text.empty()) {
      request.documents.push_back({.file = name, .text = std::string(text)});
    } else {
      request.documents.push_back(TRY(read_document(name)));
    }
  }
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  const abi::PolicyLoadReply reply = TRY(reached.client->call(request));
  if (globals.format == Format::kJson) {
    print_json(to_json(abi::row_of(abi::Call::kPolicyLoad).reply, reply));
  } else {
    print("loaded\n" + outline(reply.documents));
  }
  return kExitOk;
}

}  // namespace agentos::cli
