// Reading a request: every key is checked, and what the kernel derives from arguments is derived here the same way.
#include "lib/policy/tools/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/path.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/node_reader.h"
#include "lib/policy/rule.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/instant.h"

namespace agentos::policy::tools {
namespace {

class StatedFacts final : public AgentFacts {
 public:
  json::Value budget, trust;
  const json::Value* find(std::string_view name) const override {
    if (name == "budget" && !budget.is_null()) return &budget;
    if (name == "trust" && !trust.is_null()) return &trust;
    return nullptr;
  }
};

class StatedPast final : public Past {
 public:
  std::set<std::uint32_t> used_up, sequences;
  std::map<std::string, std::int64_t, std::less<>> counts;
  bool limit_allows(std::uint32_t limit, std::string_view) const override { return !used_up.contains(limit); }
  bool happened(std::uint32_t sequence) const override { return sequences.contains(sequence); }
  std::int64_t count(std::string_view key) const override {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  }
};

std::unexpected<Error> refuse(std::string_view key, std::string_view what, std::string hint = {}) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("request: \"{}\" {}", key, what), std::move(hint));
}

// The id without "-NUMBER", as the kernel makes ids of names.
std::string name_of_agent(const std::string& agent) {
  const std::size_t dash = agent.rfind('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == agent.size()) return agent;
  const bool number = std::all_of(agent.begin() + static_cast<std::ptrdiff_t>(dash) + 1, agent.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return number ? agent.substr(0, dash) : agent;
}

}  // namespace

bool ObjectArguments::text(std::string_view name, std::string_view& out) const {
  const json::Value* member = object_.find(name);
  if (member == nullptr || !member->is_string()) return false;
  out = member->as_string();
  return true;
}

bool ObjectArguments::integer(std::string_view name, std::int64_t& out) const {
  const json::Value* member = object_.find(name);
  if (member == nullptr || !member->is_int()) return false;
  out = member->as_int();
  return true;
}

namespace {

class StatedFindings final : public FindingList {
 public:
  json::Value stated;
  const json::Value& list() const override { return stated; }
};

}  // namespace

struct RequestParts {
  std::string agent, name, parent, tool, server, version, path, path_to, target, target_parent;
  std::vector<std::string> labels, chain, flow;
  json::Value arguments = json::Object{};
  json::Value manifest, result_value, environment;
  StatedFindings findings;
  std::string result_text;
  StatedFacts facts;
  StatedPast past;
  ToolFacts tool_facts;
  ResultFacts result;
  ObjectArguments view{arguments};
  Request request;
};

namespace {

class Reader {
 public:
  Reader(const json::Value& stated, const Vocabulary& vocabulary) : stated_(stated), vocabulary_(vocabulary) {}

  Status known_keys(const json::Value& object, Where place) const {
    const auto& names = key_names(place);
    for (const auto& [key, value] : object.as_object()) {
      if (std::ranges::find(names, key) != names.end()) continue;
      return fail(ErrorCode::kInvalidArgument, fmt::format("unknown key \"{}\" in {}", key, title_of(place)),
                  suggest(key, names));
    }
    return {};
  }

  Status text(const char* key, std::string& out) const {
    const json::Value* value = stated_.find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return refuse(key, fmt::format("is a string, not {}", value->type_name()));
    if (value->as_string().size() > kRequestTextMax) return refuse(key, "is too long");
    out = value->as_string();
    return {};
  }

  Status texts(const char* key, std::vector<std::string>& out) const {
    const json::Value* value = stated_.find(key);
    if (value == nullptr) return {};
    if (!value->is_array()) return refuse(key, "is a list of strings");
    if (value->as_array().size() > kRequestListMax) return refuse(key, "has too many entries");
    for (const json::Value& item : value->as_array()) {
      if (!item.is_string()) return refuse(key, "is a list of strings");
      out.push_back(item.as_string());
    }
    return {};
  }

  Status object(const char* key, json::Value& out) const {
    const json::Value* value = stated_.find(key);
    if (value == nullptr) return {};
    if (!value->is_object()) return refuse(key, fmt::format("is an object, not {}", value->type_name()));
    out = *value;
    return {};
  }

  Result<const Vocabulary::Call*> call(const std::string& tool) const {
    std::string name;
    TRY(text("call", name));
    if (name.empty() && tool.empty()) {
      return fail(ErrorCode::kInvalidArgument, "request: it names neither a call nor a tool",
                  "{\"call\": \"read\", \"path\": \"/state/a\"}");
    }
    if (name.empty()) name = "exec";
    if (!tool.empty() && name != "exec") return refuse("tool", "is for the call exec");
    std::vector<std::string_view> names;
    for (const Vocabulary::Call& one : vocabulary_.calls) {
      if (one.name == name) return &one;
      names.push_back(one.name);
    }
    return refuse("call", fmt::format("is no call of the table: {}", name), suggest(name, names));
  }

  Status phase(Request& request) const {
    std::string word;
    TRY(text("phase", word));
    if (word.empty()) return {};
    const auto& words = key_words(Where::kRequest, "phase");
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return refuse("phase", fmt::format("is unknown: {}", word), suggest(word, words));
    request.phase = static_cast<Phase>(found - words.begin());
    return {};
  }

  const json::Value& stated() const { return stated_; }

 private:
  const json::Value& stated_;
  const Vocabulary& vocabulary_;
};

// Indices of what `names` name: ids of the program, or their last part when only one has it.
template <class Specs>
Status indices(const char* key, const std::vector<std::string>& names, const Specs& specs,
               std::set<std::uint32_t>& out) {
  for (const std::string& name : names) {
    const std::string tail = "/" + name;
    std::vector<std::string_view> ids;
    bool found = false;
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
      ids.push_back(specs[i].id);
      if (specs[i].id != name && !specs[i].id.ends_with(tail)) continue;
      out.insert(i);
      found = true;
    }
    if (!found) {
      return refuse(key, fmt::format("names nothing the policies have: {}", name),
                    ids.empty() ? "they declare none" : suggest(name, ids));
    }
  }
  return {};
}

}  // namespace

namespace {

Status read_agent(const Reader& reader, RequestParts& parts) {
  TRY(reader.text("agent", parts.agent));
  TRY(reader.text("name", parts.name));
  if (parts.agent.empty()) parts.agent = (parts.name.empty() ? "agent" : parts.name) + "-1";
  if (parts.name.empty()) parts.name = name_of_agent(parts.agent);
  TRY(reader.text("parent", parts.parent));
  TRY(reader.texts("labels", parts.labels));
  TRY(reader.texts("chain", parts.chain));
  TRY(reader.texts("flow", parts.flow));
  if (parts.chain.empty() && !parts.parent.empty()) parts.chain.push_back(parts.parent);
  Principal& principal = parts.request.principal;
  principal = {.agent = parts.agent,
               .name = parts.name,
               .parent = parts.parent,
               .labels = parts.labels,
               .chain = parts.chain,
               .flow = parts.flow,
               .facts = &parts.facts};
  if (const json::Value* ring = reader.stated().find("ring")) {
    if (!ring->is_int() || ring->as_int() < 0 || ring->as_int() > kRingMax) return refuse("ring", "is 0 to 3");
    principal.ring = static_cast<int>(ring->as_int());
  }
  TRY(reader.object("budget", parts.facts.budget));
  if (parts.facts.budget.is_object()) {
    for (const auto& [name, left] : parts.facts.budget.as_object()) {
      if (!left.is_int()) return refuse("budget", fmt::format("has a {} that is no integer", name));
    }
  }
  if (const json::Value* trust = reader.stated().find("trust")) {
    if (!trust->is_number()) return refuse("trust", "is a number");
    parts.facts.trust = trust->as_double();
  }
  return {};
}

Status read_tool(const Reader& reader, RequestParts& parts) {
  TRY(reader.text("tool", parts.tool));
  TRY(reader.text("server", parts.server));
  TRY(reader.text("version", parts.version));
  TRY(reader.object("manifest", parts.manifest));
  if (parts.tool.empty()) {
    if (!parts.server.empty() || !parts.version.empty() || !parts.manifest.is_null()) {
      return refuse("server", "version and manifest are of a tool, and none is named", "add \"tool\"");
    }
    return {};
  }
  parts.tool_facts = {.name = parts.tool,
                      .version = parts.version,
                      .server = parts.server,
                      .manifest = parts.manifest.is_null() ? nullptr : &parts.manifest};
  parts.request.tool = parts.tool;
  parts.request.tool_facts = &parts.tool_facts;
  return {};
}

bool has_field(const Vocabulary::Call& call, std::string_view name) {
  return std::ranges::find(call.arguments, name, &abi::FieldInfo::name) != call.arguments.end();
}

// A fact that the call takes from an argument: what is stated of either is true of both, and stated twice it has to be
// the same.
Status from_argument(const Vocabulary::Call& call, const char* field, std::string& fact, json::Value& arguments) {
  if (!has_field(call, field)) return {};
  const json::Value* argument = arguments.find(field);
  if (argument == nullptr) {
    if (!fact.empty()) arguments.as_object()[field] = fact;
    return {};
  }
  if (!argument->is_string()) return {};
  if (fact.empty()) {
    fact = argument->as_string();
    return {};
  }
  if (fact == argument->as_string()) return {};
  std::string scratch, other_scratch;
  const auto stated = path::canonicalize(fact, path::Rules{}, scratch);
  const auto given = path::canonicalize(argument->as_string(), path::Rules{}, other_scratch);
  if (stated && given && *stated == *given) return {};
  return refuse(field, fmt::format("of the request is {} and of its arguments {}", fact, argument->as_string()),
                "state it once");
}

Status canonical(const char* key, std::string& path) {
  if (path.empty()) return {};
  std::string scratch;
  auto made = path::canonicalize(path, path::Rules{}, scratch);
  if (!made) return refuse(key, made.error().message, made.error().hint);
  path = std::string(*made);
  return {};
}

Status read_resource(const Reader& reader, const Vocabulary::Call& call, RequestParts& parts) {
  TRY(reader.object("args", parts.arguments));
  TRY(reader.text("path", parts.path));
  TRY(reader.text("path_to", parts.path_to));
  TRY(reader.text("target", parts.target));
  TRY(reader.text("target_parent", parts.target_parent));
  if (call.name != "exec") {
    TRY(from_argument(call, "path", parts.path, parts.arguments));
    if (call.name == "rename") TRY(from_argument(call, "to", parts.path_to, parts.arguments));
    TRY(from_argument(call, call.name == "attach" || call.name == "wait" ? "agent" : "target", parts.target,
                      parts.arguments));
  }
  TRY(canonical("path", parts.path));
  TRY(canonical("path_to", parts.path_to));
  const bool acts_on_caller = call.name == "signal" || call.name == "attach" || call.name == "wait";
  if (parts.target == "self" || (parts.target.empty() && acts_on_caller)) parts.target = parts.agent;
  if (parts.target == "parent") parts.target = parts.parent;
  if (parts.target_parent == "self") parts.target_parent = parts.agent;
  if (parts.target == parts.agent && parts.target_parent.empty()) parts.target_parent = parts.parent;
  parts.request.path = parts.path;
  parts.request.path_to = parts.path_to;
  parts.request.target = parts.target;
  parts.request.target_parent = parts.target_parent;
  parts.request.arguments = &parts.view;
  return {};
}

Status read_result(const Reader& reader, RequestParts& parts) {
  const json::Value* stated = reader.stated().find("result");
  if (stated == nullptr) {
    if (parts.request.phase == Phase::kResult) parts.request.result = &parts.result;
    return {};
  }
  if (parts.request.phase != Phase::kResult) return refuse("result", "is there in the phase result only");
  if (!stated->is_object()) return refuse("result", "is {\"value\", \"text\", \"size\", \"is_error\"}");
  TRY(reader.known_keys(*stated, Where::kResult));
  if (const json::Value* value = stated->find("value")) {
    parts.result_value = *value;
    parts.result.value = &parts.result_value;
  }
  const json::Value* text = stated->find("text");
  if (text != nullptr && !text->is_string()) return refuse("text", "of a result is a string");
  if (text != nullptr) {
    parts.result_text = text->as_string();
  } else if (parts.result_value.is_string()) {
    parts.result_text = parts.result_value.as_string();
  }
  const json::Value* size = stated->find("size");
  if (size != nullptr && (!size->is_int() || size->as_int() < 0)) return refuse("size", "of a result is octets");
  const json::Value* is_error = stated->find("is_error");
  if (is_error != nullptr && !is_error->is_bool()) return refuse("is_error", "is true or false");
  parts.result.text = parts.result_text;
  parts.result.is_error = is_error != nullptr && is_error->as_bool();
  parts.result.size_bytes = size != nullptr ? size->as_int()
                            : !parts.result_text.empty() || parts.result.value == nullptr
                                ? static_cast<std::int64_t>(parts.result_text.size())
                                : static_cast<std::int64_t>(json::write(parts.result_value).size());
  parts.request.result = &parts.result;
  return {};
}

Status read_findings(const Reader& reader, RequestParts& parts) {
  const json::Value* findings = reader.stated().find("findings");
  if (findings == nullptr) return {};
  if (!findings->is_array() || findings->as_array().size() > kRequestListMax) {
    return refuse("findings", "is a list of {\"kind\", \"where\", \"severity\"}");
  }
  parts.findings.stated = *findings;
  for (json::Value& finding : parts.findings.stated.as_array()) {
    const json::Value* severity = finding.find("severity");
    if (!finding.is_object() || finding.string_or("kind", "").empty() || (severity != nullptr && !severity->is_int())) {
      return refuse("findings", "is a list of {\"kind\", \"where\", \"severity\"}");
    }
    if (finding.find("where") == nullptr) finding.as_object()["where"] = "";
    if (severity == nullptr) finding.as_object()["severity"] = 0;
  }
  parts.request.findings = &parts.findings;
  return {};
}

Status read_past(const Reader& reader, const Program& program, RequestParts& parts) {
  json::Value history;
  TRY(reader.object("history", history));
  if (history.is_object()) {
    for (const auto& [name, count] : history.as_object()) {
      if (!count.is_int() || count.as_int() < 0) return refuse("history", fmt::format("has no count for {}", name));
      parts.past.counts[name] = count.as_int();
    }
  }
  std::vector<std::string> happened, used_up;
  TRY(reader.texts("happened", happened));
  TRY(reader.texts("used_up", used_up));
  TRY(indices("happened", happened, program.sequences(), parts.past.sequences));
  TRY(indices("used_up", used_up, program.limits(), parts.past.used_up));
  parts.request.past = &parts.past;
  std::string time;
  TRY(reader.text("time", time));
  if (!time.empty() && !read_instant(time, parts.request.time_us)) {
    return refuse("time", fmt::format("is no instant: {}", time), "\"2026-11-28T20:00:00Z\"");
  }
  return {};
}

}  // namespace

StatedRequest::StatedRequest(std::unique_ptr<RequestParts> parts) : parts_(std::move(parts)) {}
StatedRequest::~StatedRequest() = default;
const Request& StatedRequest::request() const { return parts_->request; }

Result<std::unique_ptr<const StatedRequest>> StatedRequest::read(const json::Value& stated,
                                                                 const Vocabulary& vocabulary, const Program& program,
                                                                 canonical::SqlParser* sql) {
  if (!stated.is_object()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("a request is an object, not {}", stated.type_name()),
                "{\"call\": \"read\", \"path\": \"/state/a\"}");
  }
  auto parts = std::make_unique<RequestParts>();
  parts->request.sql = sql;
  const Reader reader(stated, vocabulary);
  TRY(reader.known_keys(stated, Where::kRequest));
  TRY(read_agent(reader, *parts));
  TRY(read_tool(reader, *parts));
  const Vocabulary::Call& call = *TRY(reader.call(parts->tool));
  parts->request.call = call.number;
  parts->request.call_name = call.name;
  parts->request.changes = call.changes;
  TRY(reader.phase(parts->request));
  TRY(read_resource(reader, call, *parts));
  TRY(read_result(reader, *parts));
  TRY(read_findings(reader, *parts));
  TRY(reader.object("env", parts->environment));
  if (!parts->environment.is_null()) parts->request.environment = &parts->environment;
  TRY(read_past(reader, program, *parts));
  return std::unique_ptr<const StatedRequest>(new StatedRequest(std::move(parts)));
}

}  // namespace agentos::policy::tools
