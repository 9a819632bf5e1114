// Reading with bounds; nothing here decides.
#include "apps/agentos/policy_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apps/agentos/documents.h"
#include "apps/agentos/reach.h"
#include "base/yaml/document.h"
#include "lib/canonical/parser_process.h"
#include "lib/policy/keys.h"
#include "lib/policy/original/original.h"
#include "lib/tool/registry.h"

namespace agentos::cli {
namespace {

Result<policy::Source> read_file(const std::string& file) {
  abi::Document document = TRY(read_document(file));
  return policy::Source{std::move(document.text), file == "-" ? "(standard input)" : file};
}

// What says that it is something else; what says nothing is read, and then refused with its place.
bool is_of_another_kind(const policy::Source& source) {
  const auto root = yaml::parse_all(source.text, source.file);
  if (!root || root->empty()) return false;
  const yaml::Node* kind = root->front().find("kind");
  const auto& own = policy::key_words(policy::Where::kDocument, "kind");
  return policy::original::is_original(root->front()) || (kind != nullptr && kind->text != own.front());
}

Status add_directory(const std::string& directory, std::vector<policy::Source>& sources) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") files.push_back(entry.path().string());
  }
  if (error) return fail(ErrorCode::kIo, fmt::format("cannot read {}: {}", directory, error.message()));
  if (files.size() > kPolicyFilesMax) {
    return fail(ErrorCode::kTooLarge, fmt::format("{} has {} documents", directory, files.size()),
                fmt::format("at most {}", kPolicyFilesMax));
  }
  std::ranges::sort(files);
  const std::size_t before = sources.size();
  for (const std::string& file : files) {
    policy::Source source = TRY(read_file(file));
    if (!is_of_another_kind(source)) sources.push_back(std::move(source));
  }
  if (sources.size() == before) {
    return fail(abi::error::invalid_policy, directory + " has no policy document", "files of the kind Policy, *.yaml");
  }
  return {};
}

std::string names_of_presets() {
  std::string names;
  for (const std::string_view name : policy::preset_names()) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

Status add_manifests(const std::string& file, policy::Vocabulary& vocabulary) {
  const abi::Document document = TRY(read_document(file));
  const std::string folder = std::filesystem::path(document.file).parent_path().string();
  auto manifests = tool::parse_manifests(document.text, file, folder);
  if (!manifests) return invalid(manifests.error());
  for (tool::Manifest& manifest : *manifests) {
    vocabulary.tools.push_back(
        {std::move(manifest.name), std::move(manifest.input_schema), std::move(manifest.output_schema)});
  }
  return {};
}

Status add_built_in_tools(policy::Vocabulary& vocabulary) {
  tool::Registry registry;
  tool::HostExecutors executors;
  TRY(tool::add_builtin_tools(registry, executors));
  for (const auto& one : *registry.all()) {
    vocabulary.tools.push_back({one->manifest.name, one->manifest.input_schema, one->manifest.output_schema});
  }
  return {};
}

Status add_tools_of_kernel(const Globals& globals, policy::Vocabulary& vocabulary) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  const abi::ToolsReply reply = TRY(reached.client->call(abi::ToolsRequest{}));
  for (const abi::ToolEntry& tool : reply.tools) vocabulary.tools.push_back({tool.name, tool.input_schema, {}});
  return {};
}

Result<json::Value> read_request(const std::string& word) {
  const std::size_t first = word.find_first_not_of(" \t\n");
  const bool inline_text = first != std::string::npos && word[first] == '{';
  abi::Document document{.file = "--request", .text = word};
  if (!inline_text) document = TRY(read_document(word));
  auto root = yaml::parse(document.text, inline_text ? "--request" : word);
  if (!root) return invalid(root.error());
  return yaml::to_json(*root);
}

}  // namespace

std::unexpected<Error> invalid(const Error& error) {
  return fail(abi::error::invalid_policy, error.message, error.hint);
}

int exit_code_of(policy::Verdict verdict) {
  switch (verdict) {
    case policy::Verdict::kAllow:
      return kExitOk;
    case policy::Verdict::kAsk:
      return kExitAsk;
    case policy::Verdict::kDeny:
      break;
  }
  return kExitDenied;
}

Result<std::vector<policy::Source>> read_policies(const std::vector<std::string>& words) {
  std::vector<policy::Source> sources;
  for (const std::string& word : words) {
    if (const std::string_view text = policy::preset(word); !text.empty()) {
      sources.push_back({std::string(text), fmt::format("(built-in {})", word)});
      continue;
    }
    std::error_code error;
    if (std::filesystem::is_directory(word, error)) {
      TRY(add_directory(word, sources));
      continue;
    }
    auto source = read_file(word);
    if (!source) {
      return fail(abi::error::invalid_policy, source.error().message,
                  "name a file, a directory or a built-in policy: " + names_of_presets());
    }
    if (is_of_another_kind(*source)) {
      return fail(abi::error::invalid_policy, word + " is no document of the kind Policy",
                  "tests are for agentos policy test, documents of the original for eval --batch and check");
    }
    sources.push_back(std::move(*source));
  }
  return sources;
}

Result<policy::Source> read_policy_of_test(const std::string& word, const std::string& folder) {
  const bool is_file = word.find('/') != std::string::npos || word.ends_with(".yaml") || word.ends_with(".yml") ||
                       word.ends_with(".json");
  if (!is_file) {
    const std::string_view text = policy::preset(word);
    if (text.empty()) {
      return fail(ErrorCode::kNotFound, fmt::format("no built-in policy is named \"{}\"", word),
                  fmt::format("a file is written ./{}.yaml; built-in are {}", word, names_of_presets()));
    }
    return policy::Source{std::string(text), fmt::format("(built-in {})", word)};
  }
  const std::filesystem::path path(word);
  return read_file((path.is_absolute() ? path : std::filesystem::path(folder) / path).lexically_normal().string());
}

Result<policy::Vocabulary> vocabulary_of(const Globals& globals, const PolicyOptions& options) {
  policy::Vocabulary vocabulary = policy::table_vocabulary();
  if (options.tools_of_kernel) TRY(add_tools_of_kernel(globals, vocabulary));
  if (!options.tool_files.empty()) {
    if (!options.tools_of_kernel) TRY(add_built_in_tools(vocabulary));
    for (const std::string& file : options.tool_files) TRY(add_manifests(file, vocabulary));
  }
  vocabulary.all_tools = !vocabulary.tools.empty();
  return vocabulary;
}

std::shared_ptr<canonical::SqlParser> sql_parser() {
  const auto program = find_parser_program();
  if (!program) return nullptr;
  return std::make_shared<canonical::ParserProcess>(canonical::ParserProcessOptions{.program = *program});
}

Result<json::Value> stated_request(const PolicyOptions& options) {
  json::Value stated = json::Object{};
  if (!options.request.empty()) stated = TRY(read_request(options.request));
  if (!stated.is_object()) return fail(abi::error::invalid_policy, "a request is an object", "{\"call\": \"read\"}");
  json::Object& object = stated.as_object();
  for (const auto& [key, value] :
       {std::pair("agent", &options.agent), std::pair("call", &options.call), std::pair("name", &options.name),
        std::pair("tool", &options.tool), std::pair("path", &options.path), std::pair("phase", &options.phase),
        std::pair("time", &options.time)}) {
    if (!value->empty()) object[key] = *value;
  }
  if (options.ring) object["ring"] = *options.ring;
  if (!options.labels.empty()) {
    json::Array labels;
    for (const std::string& label : options.labels) labels.push_back(label);
    object["labels"] = std::move(labels);
  }
  if (!options.arguments.empty()) {
    auto arguments = json::parse(options.arguments);
    if (!arguments || !arguments->is_object()) {
      return fail(abi::error::invalid_policy, "the arguments must be a JSON object", "'{\"path\":\"/state/a\"}'");
    }
    object["args"] = std::move(*arguments);
  }
  return stated;
}

Result<policy::tools::PolicySet> policy_set_of(const Globals& globals, const PolicyOptions& options,
                                               const std::vector<std::string>& words) {
  auto vocabulary = std::make_shared<const policy::Vocabulary>(TRY(vocabulary_of(globals, options)));
  auto set = policy::tools::compile_set(TRY(read_policies(words)), std::move(vocabulary), sql_parser());
  if (!set) return invalid(set.error());
  return std::move(*set);
}

}  // namespace agentos::cli
