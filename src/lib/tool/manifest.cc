// Reads manifests strictly: an unknown key, a wrong type or a command the schema does not cover is refused with its
// place and the nearest word that would do.
#include "lib/tool/manifest.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/yaml/document.h"
#include "lib/schema/schema.h"
#include "lib/tool/manifest_check.h"

namespace agentos::tool {
namespace {

using yaml::Node;
constexpr std::size_t kManifestsMax = 1000;  // documents of one stream

// One document being read; every refusal names the node it is about.
class Reader {
 public:
  Reader(std::string_view file, std::string_view folder) : file_(file), folder_(folder) {}
  Result<Manifest> read(const Node& root);

 private:
  using Keys = std::vector<std::string_view>;
  std::unexpected<Error> refuse(const Node& at, std::string_view message, std::string hint = {}) const {
    return yaml::fail_at(file_, at.mark, message, std::move(hint));
  }
  // The same complaint of a check that knows no places.
  std::unexpected<Error> place(const Node& at, const Error& error) const {
    return yaml::fail_at(file_, at.mark, error.message, error.hint);
  }
  Status known_keys(const Node& mapping, std::string_view what, const Keys& keys) const;
  Status constant(const Node& root, std::string_view key, std::string_view expected) const;
  Result<std::string> text(const Node& node, std::string_view key) const;
  Result<std::int64_t> integer(const Node& node, std::string_view key) const;
  Result<std::vector<std::string>> words(const Node& node, std::string_view key) const;
  Result<json::Value> schema(const Node& node, std::string_view key) const;
  Result<std::string> absolute(const Node& node, const std::string& path) const;
  Status read_metadata(const Node& metadata, Manifest& manifest) const;
  Status read_spec(const Node& spec, Manifest& manifest) const;
  Status read_run(const Node& spec, Manifest& manifest) const;
  Status read_command(const Node& node, Manifest& manifest) const;
  Status read_paths(const Node& spec, std::string_view key, std::vector<std::string>& paths) const;
  Status read_profile(const Node& node, Manifest& manifest) const;

  std::string_view file_;
  std::string_view folder_;
};

Status Reader::known_keys(const Node& mapping, std::string_view what, const Keys& keys) const {
  if (mapping.kind != Node::Kind::kMapping) {
    return refuse(mapping, fmt::format("{} must be a mapping, not a {}", what, mapping.kind_name()));
  }
  for (const Node::Entry& entry : mapping.entries) {
    if (std::ranges::find(keys, std::string_view(entry.key)) != keys.end()) continue;
    const std::string_view near = yaml::nearest(entry.key, keys);
    return yaml::fail_at(
        file_, entry.mark, fmt::format("{} has no key \"{}\"", what, entry.key),
        near.empty() ? fmt::format("it has {}", fmt::join(keys, ", ")) : fmt::format("did you mean \"{}\"?", near));
  }
  return {};
}

Status Reader::constant(const Node& root, std::string_view key, std::string_view expected) const {
  const Node* node = root.find(key);
  if (node == nullptr)
    return refuse(root, fmt::format("\"{}\" is missing", key), fmt::format("add \"{}: {}\"", key, expected));
  if (node->kind == Node::Kind::kString && node->text == expected) return {};
  return refuse(*node, fmt::format("\"{}\" must be {}", key, expected));
}

Result<std::string> Reader::text(const Node& node, std::string_view key) const {
  if (node.kind == Node::Kind::kString) return node.text;
  return refuse(node, fmt::format("\"{}\" must be a string, not a {}", key, node.kind_name()), "put it in quotes");
}

Result<std::int64_t> Reader::integer(const Node& node, std::string_view key) const {
  if (node.kind == Node::Kind::kInt) return node.integer;
  return refuse(node, fmt::format("\"{}\" must be an integer, not a {}", key, node.kind_name()));
}

Result<std::vector<std::string>> Reader::words(const Node& node, std::string_view key) const {
  if (node.kind != Node::Kind::kSequence) {
    return refuse(node, fmt::format("\"{}\" must be a list of strings, not a {}", key, node.kind_name()));
  }
  std::vector<std::string> list;
  for (const Node& item : node.items) list.push_back(TRY(text(item, key)));
  return list;
}

Result<json::Value> Reader::schema(const Node& node, std::string_view key) const {
  if (node.kind != Node::Kind::kMapping) {
    return refuse(node, fmt::format("\"{}\" must be a JSON Schema, not a {}", key, node.kind_name()));
  }
  json::Value document = yaml::to_json(node);
  const auto compiled = schema::Schema::compile(document);
  if (!compiled) return refuse(node, fmt::format("\"{}\": {}", key, compiled.error().message), compiled.error().hint);
  return document;
}

Result<std::string> Reader::absolute(const Node& node, const std::string& path) const {
  if (path.starts_with("${")) return path;
  const std::filesystem::path joined = std::filesystem::path(folder_) / path;
  if (path.empty() || !joined.is_absolute()) {
    return refuse(node, fmt::format("the path \"{}\" is not absolute", path), "write it from \"/\"");
  }
  std::string normal = joined.lexically_normal().string();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

Status Reader::read_metadata(const Node& metadata, Manifest& manifest) const {
  TRY(known_keys(metadata, "metadata", {"name", "summary"}));
  const Node* name = metadata.find("name");
  if (name == nullptr) return refuse(metadata, "\"name\" is missing");
  manifest.name = TRY(text(*name, "name"));
  if (const Status checked = check_name(manifest.name); !checked) return place(*name, checked.error());
  if (const Node* summary = metadata.find("summary")) manifest.summary = TRY(text(*summary, "summary"));
  return {};
}

// Words that are written as paths ("./count.py") are the tool's own files; the program also when it has any '/'.
Status Reader::read_command(const Node& node, Manifest& manifest) const {
  manifest.command = TRY(words(node, "command"));
  for (std::size_t i = 0; i < manifest.command.size(); ++i) {
    std::string& word = manifest.command[i];
    const bool dotted = word.starts_with("./") || word.starts_with("../");
    const bool program_path = i == 0 && word.find('/') != std::string::npos;
    if (dotted || program_path) word = TRY(absolute(node.items[i], word));
  }
  return {};
}

Status Reader::read_paths(const Node& spec, std::string_view key, std::vector<std::string>& paths) const {
  const Node* node = spec.find(key);
  if (node == nullptr) return {};
  paths = TRY(words(*node, key));
  for (std::size_t i = 0; i < paths.size(); ++i) paths[i] = TRY(absolute(node->items[i], paths[i]));
  return {};
}

Status Reader::read_profile(const Node& node, Manifest& manifest) const {
  manifest.profile = TRY(text(node, "profile"));
  if (manifest.profile.find('/') != std::string::npos) manifest.profile = TRY(absolute(node, manifest.profile));
  return {};
}

Status Reader::read_run(const Node& spec, Manifest& manifest) const {
  if (const Node* runs = spec.find("runs"); runs != nullptr && TRY(text(*runs, "runs")) != name_of(Runs::kProcess)) {
    return refuse(*runs, "\"runs\" must be process", "built-in and host tools are made by programs, not by documents");
  }
  if (const Node* output = spec.find("output")) {
    const std::string form = TRY(text(*output, "output"));
    if (form != "json" && form != "text") return refuse(*output, "\"output\" must be json or text");
    manifest.output_json = form == "json";
  }
  if (const Node* command = spec.find("command")) TRY(read_command(*command, manifest));
  if (const Node* profile = spec.find("profile")) TRY(read_profile(*profile, manifest));
  TRY(read_paths(spec, "read_paths", manifest.read_paths));
  return read_paths(spec, "write_paths", manifest.write_paths);
}

Status Reader::read_spec(const Node& spec, Manifest& manifest) const {
  TRY(known_keys(spec, "spec",
                 {"command", "cost_money_micros", "cost_tokens", "input_schema", "output", "output_bytes_max",
                  "output_schema", "profile", "read_only", "read_paths", "runs", "timeout_ms", "write_paths"}));
  if (const Node* node = spec.find("input_schema")) manifest.input_schema = TRY(schema(*node, "input_schema"));
  if (const Node* node = spec.find("output_schema")) manifest.output_schema = TRY(schema(*node, "output_schema"));
  if (const Node* node = spec.find("timeout_ms")) manifest.timeout_ms = TRY(integer(*node, "timeout_ms"));
  if (const Node* node = spec.find("cost_tokens")) manifest.cost_tokens = TRY(integer(*node, "cost_tokens"));
  if (const Node* node = spec.find("cost_money_micros")) {
    manifest.cost_money_micros = TRY(integer(*node, "cost_money_micros"));
  }
  if (const Node* node = spec.find("output_bytes_max")) {
    manifest.output_bytes_max = TRY(integer(*node, "output_bytes_max"));
  }
  if (const Node* node = spec.find("read_only")) {
    if (node->kind != Node::Kind::kBool) return refuse(*node, "\"read_only\" must be true or false");
    manifest.read_only = node->boolean;
  }
  TRY(read_run(spec, manifest));
  if (const Status checked = check_bounds(manifest); !checked) return place(spec, checked.error());
  const Node* command = spec.find("command");
  if (const Status checked = check_command(manifest); !checked) {
    return place(command == nullptr ? spec : *command, checked.error());
  }
  return {};
}

Result<Manifest> Reader::read(const Node& root) {
  TRY(known_keys(root, "the document", {"apiVersion", "kind", "metadata", "spec"}));
  TRY(constant(root, "apiVersion", "agentos/v1"));
  TRY(constant(root, "kind", "Tool"));
  const Node* metadata = root.find("metadata");
  const Node* spec = root.find("spec");
  if (metadata == nullptr) return refuse(root, "\"metadata\" is missing");
  if (spec == nullptr) return refuse(root, "\"spec\" is missing");
  Manifest manifest;
  TRY(read_metadata(*metadata, manifest));
  TRY(read_spec(*spec, manifest));
  return manifest;
}

json::Array to_array(const std::vector<std::string>& words) { return json::Array(words.begin(), words.end()); }

}  // namespace

std::string_view name_of(Runs runs) {
  switch (runs) {
    case Runs::kBuiltin:
      return "builtin";
    case Runs::kHost:
      return "host";
    case Runs::kProcess:
      return "process";
    case Runs::kMcp:
      return "mcp";
  }
  CHECK(false);
  return {};
}

Result<std::vector<Manifest>> parse_manifests(std::string_view text, std::string_view file, std::string_view folder) {
  const std::vector<Node> documents = TRY(yaml::parse_all(text, file));
  if (documents.size() > kManifestsMax) {
    return fail(ErrorCode::kMalformed, fmt::format("{}: there are {} documents", file, documents.size()),
                fmt::format("a file holds at most {}", kManifestsMax));
  }
  std::vector<Manifest> manifests;
  for (const Node& document : documents) {
    if (document.kind == Node::Kind::kNull) continue;  // nothing between two "---"
    manifests.push_back(TRY(Reader(file, folder).read(document)));
  }
  if (manifests.empty()) {
    return fail(ErrorCode::kMalformed, fmt::format("{}: there is no tool in it", file),
                "start with \"apiVersion: agentos/v1\" and \"kind: Tool\"");
  }
  return manifests;
}

json::Value to_json(const Manifest& manifest) {
  json::Object object;
  object.append("name", manifest.name);
  object.append("summary", manifest.summary);
  object.append("runs", name_of(manifest.runs));
  object.append("input_schema", manifest.input_schema);
  if (!manifest.output_schema.is_null()) object.append("output_schema", manifest.output_schema);
  if (manifest.runs == Runs::kProcess) {
    object.append("command", to_array(manifest.command));
    object.append("output", manifest.output_json ? "json" : "text");
    object.append("profile", manifest.profile);
    object.append("read_paths", to_array(manifest.read_paths));
    object.append("write_paths", to_array(manifest.write_paths));
  }
  if (manifest.runs == Runs::kMcp) {
    object.append("server", manifest.server);
    object.append("annotations", manifest.annotations);
    object.append("findings", manifest.findings);
    if (!manifest.drift.empty()) object.append("drift", manifest.drift);
  }
  object.append("timeout_ms", manifest.timeout_ms);
  object.append("output_bytes_max", manifest.output_bytes_max);
  object.append("read_only", manifest.read_only);
  if (manifest.cost_tokens != 0) object.append("cost_tokens", manifest.cost_tokens);
  if (manifest.cost_money_micros != 0) object.append("cost_money_micros", manifest.cost_money_micros);
  if (!manifest.digest.empty()) object.append("digest", manifest.digest);
  return object;
}

}  // namespace agentos::tool
