// Names to tools as an immutable sorted list that writers replace: a reader that holds a snapshot never sees it change.
#include "lib/tool/registry.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/crypto/hash.h"
#include "lib/tool/manifest_check.h"

namespace agentos::tool {
namespace {

constexpr std::size_t kToolsMax = 10'000;
using Tools = std::vector<std::shared_ptr<const Tool>>;

std::string_view name_of_tool(const std::shared_ptr<const Tool>& tool) { return tool->manifest.name; }

Tools::const_iterator place_of(const Tools& tools, std::string_view name) {
  return std::ranges::lower_bound(tools, name, {}, name_of_tool);
}

Result<std::shared_ptr<const schema::Schema>> compile(std::string_view tool, std::string_view what,
                                                      const json::Value& document) {
  auto compiled = schema::Schema::compile(document);
  if (!compiled) {
    return fail(compiled.error().code, fmt::format("{} of tool \"{}\": {}", what, tool, compiled.error().message),
                std::move(compiled.error().hint));
  }
  return std::make_shared<const schema::Schema>(std::move(*compiled));
}

std::string digest_of(const Manifest& given) {
  Manifest manifest = given;
  manifest.digest.clear();
  if (manifest.runs == Runs::kMcp)
    return "sha256:" + crypto::hex(crypto::sha256(json::write_canonical(manifest.definition)));
  return "sha256:" + crypto::hex(crypto::sha256(json::write_canonical(to_json(manifest))));
}

}  // namespace

struct Registry::State {
  mutable std::mutex mutex;  // held to copy or replace the pointer, never while a list is read
  Snapshot tools = std::make_shared<const Tools>();
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

Status Registry::add(Manifest manifest, std::shared_ptr<Executor> executor) {
  CHECK(executor != nullptr);
  TRY(check_manifest(manifest));
  auto tool = std::make_shared<Tool>();
  tool->input = TRY(compile(manifest.name, "input_schema", manifest.input_schema));
  if (!manifest.output_schema.is_null()) {
    tool->output = TRY(compile(manifest.name, "output_schema", manifest.output_schema));
  }
  manifest.digest = digest_of(manifest);
  tool->manifest = std::move(manifest);
  tool->description = to_json(tool->manifest);
  tool->executor = std::move(executor);

  std::lock_guard lock(state_->mutex);
  const std::string& name = tool->manifest.name;
  const auto place = place_of(*state_->tools, name);
  if (place != state_->tools->end() && (*place)->manifest.name == name) {
    return fail(ErrorCode::kAlreadyExists, fmt::format("a tool named \"{}\" is registered", name),
                "remove it first, or choose another name");
  }
  if (state_->tools->size() >= kToolsMax) {
    return fail(ErrorCode::kNoSpace, fmt::format("{} tools are registered", kToolsMax),
                "remove tools no longer needed");
  }
  auto next = std::make_shared<Tools>(*state_->tools);
  next->insert(next->begin() + (place - state_->tools->begin()), std::move(tool));
  state_->tools = std::move(next);
  return {};
}

Status Registry::remove(std::string_view name) {
  Snapshot before;  // destroyed after the lock: it may hold the last reference to an executor
  std::lock_guard lock(state_->mutex);
  const auto place = place_of(*state_->tools, name);
  if (place == state_->tools->end() || (*place)->manifest.name != name) {
    return fail(ErrorCode::kNotFound, fmt::format("no tool named \"{}\" is registered", json::to_valid_utf8(name)));
  }
  auto next = std::make_shared<Tools>(*state_->tools);
  next->erase(next->begin() + (place - state_->tools->begin()));
  before = std::exchange(state_->tools, std::move(next));
  return {};
}

std::shared_ptr<const Tool> Registry::find(std::string_view name) const {
  const Snapshot tools = all();
  const auto place = place_of(*tools, name);
  if (place == tools->end() || (*place)->manifest.name != name) return nullptr;
  return *place;
}

Snapshot Registry::all() const {
  std::lock_guard lock(state_->mutex);
  return state_->tools;
}

}  // namespace agentos::tool
