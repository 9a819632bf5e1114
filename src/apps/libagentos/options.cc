// The shapes are structs with field lists, decoded by the codec that decodes the calls.
#include "apps/libagentos/options.h"

#include <optional>
#include <vector>

#include "abi/codec.h"
#include "abi/codes.h"
#include "base/crypto/hash.h"
#include "base/io/file.h"

namespace agentos::c {
namespace {

constexpr std::size_t kDocumentsMax = 256;
constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kDocumentBytesMax = 1 << 20;
constexpr std::size_t kOptionsBytesMax = 8 << 20;  // documents may be in it
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::string_view kModes[] = {"effects", "always", "interval"};

struct OpenShape {
  std::string state_directory;
  std::vector<json::Value> policy;
  std::vector<std::string> policy_keys;
  bool permissive = false;
  std::string mode = "effects";
  std::int64_t grace_ms = 5'000;
  std::int64_t ask_timeout_ms = 60'000;
  std::int64_t agents_max = 20'000;
  std::string init;
  std::string sql_parser;
  static constexpr auto kFields =
      std::tuple{abi::Required<&OpenShape::state_directory>{"state_directory", "", {.size_max = 4000}},
                 abi::Optional<&OpenShape::policy>{"policy", "", {.size_max = kDocumentsMax}},
                 abi::Optional<&OpenShape::policy_keys>{"policy_keys", "", {.size_max = kKeysMax}},
                 abi::Optional<&OpenShape::permissive>{"permissive", ""},
                 abi::Optional<&OpenShape::mode>{"mode", "", {.choices = kModes}},
                 abi::Optional<&OpenShape::grace_ms>{"grace_ms", "", {.minimum = 0, .maximum = kDayMs}},
                 abi::Optional<&OpenShape::ask_timeout_ms>{"ask_timeout_ms", "", {.minimum = 1, .maximum = kDayMs}},
                 abi::Optional<&OpenShape::agents_max>{"agents_max", "", {.minimum = 1, .maximum = 1'000'000}},
                 abi::Optional<&OpenShape::init>{"init", "", {.size_max = 4000}},
                 abi::Optional<&OpenShape::sql_parser>{"sql_parser", "", {.size_max = 4000}}};
};

struct AgentShape {
  std::string name = "agent";
  std::string id;
  std::vector<json::Value> policy;
  std::string preset;
  abi::Budget budget;
  std::optional<std::vector<std::string>> rights;
  std::vector<std::string> labels;
  static constexpr auto kFields =
      std::tuple{abi::Optional<&AgentShape::name>{"name", "", {.size_max = 64}},
                 abi::Optional<&AgentShape::id>{"id", "", {.size_max = 128}},
                 abi::Optional<&AgentShape::policy>{"policy", "", {.size_max = kDocumentsMax - 1}},
                 abi::Optional<&AgentShape::preset>{"preset", "", {.size_max = 64}},
                 abi::Optional<&AgentShape::budget>{"budget", ""},
                 abi::Optional<&AgentShape::rights>{"rights", "", {.size_max = 64}},
                 abi::Optional<&AgentShape::labels>{"labels", "", {.size_max = 64}}};
};

struct DocumentShape {
  std::string text;
  std::string file;
  std::string preset;
  static constexpr auto kFields =
      std::tuple{abi::Optional<&DocumentShape::text>{"text", "", {.size_max = kDocumentBytesMax}},
                 abi::Optional<&DocumentShape::file>{"file", "", {.size_max = 4096}},
                 abi::Optional<&DocumentShape::preset>{"preset", "", {.size_max = 64}}};
};

struct ManifestShape {
  std::string name;
  std::string summary;
  json::Value input_schema = json::Object{};
  std::optional<json::Value> output_schema;
  std::int64_t timeout_ms = 30'000;
  bool read_only = false;
  static constexpr auto kFields =
      std::tuple{abi::Required<&ManifestShape::name>{"name", "", {.size_max = tool::kNameBytesMax}},
                 abi::Optional<&ManifestShape::summary>{"summary", "", {.size_max = 1024}},
                 abi::Optional<&ManifestShape::input_schema>{"input_schema", "", {.json_object = true}},
                 abi::Optional<&ManifestShape::output_schema>{"output_schema", "", {.json_object = true}},
                 abi::Optional<&ManifestShape::timeout_ms>{"timeout_ms", "", {.minimum = 1, .maximum = kDayMs}},
                 abi::Optional<&ManifestShape::read_only>{"read_only", ""}};
};

template <class Shape>
Result<Shape> read(std::string_view what, std::string_view text) {
  auto value = json::parse(text, {.bytes_max = kOptionsBytesMax});
  if (!value) return fail(value.error().code, std::string(what) + ": " + value.error().message, value.error().hint);
  if (!value->is_object()) return fail(abi::error::invalid_argument, std::string(what) + " must be a JSON object");
  Shape shape;
  if (Status status = abi::codec::decode(*value, shape); !status) {
    return fail(status.error().code, std::string(what) + ": " + status.error().message, status.error().hint);
  }
  return shape;
}

Result<policy::Source> preset_named(const std::string& name) {
  const std::string_view text = policy::preset(name);
  if (!text.empty()) return policy::Source{std::string(text), name};
  std::string names;
  for (std::string_view known : policy::preset_names()) names += (names.empty() ? "" : ", ") + std::string(known);
  return fail(abi::error::not_found, "there is no built-in policy \"" + name + "\"", "there are " + names);
}

Result<policy::Source> file_named(const std::string& path) {
  return policy::Source{TRY(io::read_file(path, kDocumentBytesMax)), path};
}

// One item of "policy"; agentos.h says what it may be.
Result<policy::Source> document(const json::Value& item, std::size_t index) {
  const std::string place = "policy[" + std::to_string(index) + "]";
  if (item.is_string()) {
    if (item.as_string().find('\n') != std::string::npos) return policy::Source{item.as_string(), place};
    return file_named(item.as_string());
  }
  constexpr const char* kHint = "it is a path, a document, {\"text\": ...} or {\"preset\": ...}";
  if (!item.is_object()) return fail(abi::error::invalid_argument, place + " is no document", kHint);
  DocumentShape shape;
  if (Status status = abi::codec::decode(item, shape); !status) {
    return fail(status.error().code, place + ": " + status.error().message, kHint);
  }
  if (shape.preset.empty() == shape.text.empty()) {
    return fail(abi::error::invalid_argument, place + " needs either a text or a preset", kHint);
  }
  if (!shape.preset.empty()) return preset_named(shape.preset);
  if (shape.file.empty()) shape.file = place;
  return policy::Source{std::move(shape.text), std::move(shape.file)};
}

Result<std::vector<policy::Source>> documents(const std::vector<json::Value>& items) {
  std::vector<policy::Source> sources;
  for (std::size_t i = 0; i < items.size(); ++i) sources.push_back(TRY(document(items[i], i)));
  return sources;
}

Result<std::array<std::uint8_t, 32>> key_in(const std::string& path) {
  auto key = crypto::verify_key_from_pem(TRY(io::read_file(path, crypto::kPemBytesMax)));
  if (!key) return fail(abi::error::invalid_argument, path + ": " + key.error().message, key.error().hint);
  return *key;
}

recorder::Mode mode_named(std::string_view name) {
  for (auto mode : {recorder::Mode::kAlways, recorder::Mode::kInterval}) {
    if (recorder::name_of(mode) == name) return mode;
  }
  return recorder::Mode::kEffects;
}

}  // namespace

Result<OpenOptions> read_open_options(std::string_view json_text) {
  OpenShape shape = TRY(read<OpenShape>("options", json_text));
  if (shape.state_directory.empty()) {
    return fail(abi::error::invalid_argument, "options: state_directory is empty",
                "name the folder the log is kept in");
  }
  OpenOptions options;
  options.kernel.state_directory = std::move(shape.state_directory);
  options.kernel.policy = TRY(documents(shape.policy));
  for (const std::string& path : shape.policy_keys) {
    options.kernel.policy_keys.push_back({path, TRY(key_in(path))});
  }
  if (shape.permissive) options.kernel.permissive = kernel::AllowEverything{};
  options.kernel.recorder.mode = mode_named(shape.mode);
  options.kernel.grace_ms = shape.grace_ms;
  options.kernel.ask_timeout_ms = shape.ask_timeout_ms;
  options.kernel.agents_max = shape.agents_max;
  options.init = std::move(shape.init);
  options.kernel.sql_parser = std::move(shape.sql_parser);
  return options;
}

Result<kernel::AgentOptions> read_agent_options(std::string_view json_text) {
  AgentShape shape = TRY(read<AgentShape>("options", json_text));
  kernel::AgentOptions options;
  options.name = std::move(shape.name);
  options.id = std::move(shape.id);
  options.budget = shape.budget;
  options.labels = std::move(shape.labels);
  options.policy = TRY(documents(shape.policy));
  if (!shape.preset.empty()) options.policy.push_back(TRY(preset_named(shape.preset)));
  if (shape.rights) {
    options.rights.emplace(0);
    for (const std::string& name : *shape.rights) {
      const abi::RightInfo* right = abi::find_right(name);
      if (right == nullptr) return fail(abi::error::invalid_argument, "options: there is no right \"" + name + "\"");
      *options.rights |= right->bit;
    }
  }
  return options;
}

Result<tool::Manifest> read_host_manifest(std::string_view json_text) {
  ManifestShape shape = TRY(read<ManifestShape>("manifest", json_text));
  tool::Manifest manifest;
  manifest.name = std::move(shape.name);
  manifest.summary = std::move(shape.summary);
  manifest.input_schema = std::move(shape.input_schema);
  if (shape.output_schema) manifest.output_schema = std::move(*shape.output_schema);
  manifest.runs = tool::Runs::kHost;
  manifest.timeout_ms = shape.timeout_ms;
  manifest.read_only = shape.read_only;
  return manifest;
}

}  // namespace agentos::c
