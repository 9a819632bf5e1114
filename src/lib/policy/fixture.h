// For tests, the fuzzer and the benchmark: a vocabulary built by hand, requests that own their texts, and a short way
// to compile. lib/policy needs no kernel, and neither do its tests.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/policy/policy.h"

namespace agentos::policy::fixture {

inline const Vocabulary& vocabulary() {
  static const Vocabulary words = [] {
    Vocabulary made;
    for (auto [number, name] :
         std::initializer_list<std::pair<std::uint16_t, std::string_view>>{{1, "fork"},
                                                                           {2, "exit"},
                                                                           {3, "wait"},
                                                                           {4, "exec"},
                                                                           {5, "open"},
                                                                           {6, "close"},
                                                                           {7, "read"},
                                                                           {8, "write"},
                                                                           {9, "stat"},
                                                                           {10, "mmap"},
                                                                           {11, "munmap"},
                                                                           {12, "brk"},
                                                                           {13, "pipe"},
                                                                           {14, "send"},
                                                                           {15, "recv"},
                                                                           {16, "signal"},
                                                                           {17, "sigaction"},
                                                                           {18, "sigprocmask"},
                                                                           {19, "getpolicy"},
                                                                           {20, "checkpolicy"},
                                                                           {32, "list"},
                                                                           {33, "mkdir"},
                                                                           {34, "unlink"},
                                                                           {35, "rename"},
                                                                           {36, "seek"},
                                                                           {37, "attach"},
                                                                           {38, "tools"},
                                                                           {39, "status"},
                                                                           {40, "hello"},
                                                                           {41, "checkpoint_save"},
                                                                           {42, "checkpoint_load"},
                                                                           {48, "connect"},
                                                                           {49, "http_request"},
                                                                           {50, "secret_use"},
                                                                           {51, "mcp_request"},
                                                                           {52, "approve"},
                                                                           {64, "spawn"},
                                                                           {65, "ps"},
                                                                           {66, "inspect"},
                                                                           {67, "freeze"},
                                                                           {68, "policy_load"},
                                                                           {70, "tool_register"}}) {
      made.calls.push_back({.number = number, .name = name, .changes = true, .arguments = {}, .typed = false});
    }
    return made;
  }();
  return words;
}

inline std::uint16_t number_of(std::string_view name) {
  for (const auto& call : vocabulary().calls) {
    if (call.name == name) return call.number;
  }
  return 999;
}

// monostate: an argument that is neither text nor integer.
class MapArguments final : public Arguments {
 public:
  using Argument = std::variant<std::monostate, std::string, std::int64_t>;
  std::map<std::string, Argument, std::less<>> values = {};

  bool text(std::string_view name, std::string_view& out) const override {
    auto found = values.find(name);
    if (found == values.end() || !std::holds_alternative<std::string>(found->second)) return false;
    out = std::get<std::string>(found->second);
    return true;
  }
  bool integer(std::string_view name, std::int64_t& out) const override {
    auto found = values.find(name);
    if (found == values.end() || !std::holds_alternative<std::int64_t>(found->second)) return false;
    out = std::get<std::int64_t>(found->second);
    return true;
  }
  bool present(std::string_view name) const override { return values.contains(name); }
  const json::Value* object() const override {
    json::Object made;
    for (const auto& [name, value] : values) {
      if (const auto* as_text = std::get_if<std::string>(&value)) {
        made[name] = *as_text;
      } else if (const auto* as_integer = std::get_if<std::int64_t>(&value)) {
        made[name] = *as_integer;
      } else {
        made[name] = json::Array{};
      }
    }
    object_ = json::Value(std::move(made));
    return &object_;
  }

 private:
  mutable json::Value object_;
};

struct Asked {
  std::string call = "read";
  std::string tool = {}, path = {}, path_to = {}, target = {}, target_parent = {};
  std::string agent = "demo-1", name = "demo", parent = {};
  int ring = 3;
  MapArguments arguments = {};

  Request request() const {
    Request request;
    request.principal = {.agent = agent, .name = name, .parent = parent, .ring = ring, .labels = {}};
    request.call = number_of(call);
    request.call_name = call;
    request.tool = tool;
    request.path = path;
    request.path_to = path_to;
    request.target = target;
    request.target_parent = target_parent;
    request.arguments = &arguments;
    return request;
  }
};

inline constexpr Verdict kAllow = Verdict::kAllow, kDeny = Verdict::kDeny, kAsk = Verdict::kAsk;

inline Verdict verdict(const std::shared_ptr<const Program>& program, const Asked& asked) {
  return program->decide(asked.request()).verdict;
}

// A document around `rules`, each line of which is already indented by four.
inline std::string document(std::string_view name, std::string_view rules, std::string_view spec = {}) {
  std::string text = "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: ";
  text.append(name).append("}\nspec:\n").append(spec).append("  rules:\n").append(rules);
  return text;
}

inline Result<std::shared_ptr<const Program>> compile(const std::vector<std::string>& texts, std::uint64_t epoch = 1) {
  std::vector<Source> sources;
  for (const std::string& text : texts) sources.push_back({text, "p" + std::to_string(sources.size()) + ".yaml"});
  return Program::compile(sources, vocabulary(), epoch);
}

}  // namespace agentos::policy::fixture
