// Facts: what policy may know of a request, taken from the typed request once, in canonical form.
//
// The canonical path that policy decided on is the path the handler uses; raw text is matched nowhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "abi/table.h"
#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/policy.h"
#include "lib/tool/registry.h"

namespace agentos::kernel {

struct Agent;
struct CallContext;

// The arguments rules ask for by name. Most rules ask for none, so an encoding is parsed only when one does; nothing is
// allocated before that. One thread at a time, as its context.
class FactArguments final : public policy::Arguments {
 public:
  void over(const json::Value& object) { value_ = &object; }              // borrowed
  void lazily(const std::string& canonical) { canonical_ = &canonical; }  // borrowed
  void own(json::Value object) {
    owned_ = std::move(object);
    value_ = &owned_;
  }
  bool text(std::string_view name, std::string_view& out) const override;
  bool integer(std::string_view name, std::int64_t& out) const override;
  bool present(std::string_view name) const override;
  const json::Value* object() const override { return all(); }

 private:
  const json::Value* all() const;
  const json::Value* find(std::string_view name) const;
  const std::string* canonical_ = nullptr;
  mutable const json::Value* value_ = nullptr;
  mutable json::Value owned_;
};

// What is left of an agent's budget, made when a rule asks.
class BudgetFacts final : public policy::AgentFacts {
 public:
  explicit BudgetFacts(const Agent* agent) : agent_(agent) {}
  const json::Value* find(std::string_view name) const override;

 private:
  const Agent* agent_;  // null: an operator
  mutable json::Value budget_;
};

struct Facts {
  std::string_view path;         // canonical; empty when the call names none
  std::string_view second_path;  // rename's new name
  std::string_view tool;
  std::string_view target;                       // agent acted on, resolved to an id
  std::string target_parent;                     // parent of `target`, when that agent is known
  std::shared_ptr<const tool::Tool> tool_entry;  // exec: null when no such tool is registered
  policy::ToolFacts tool_facts;                  // of tool_entry
  std::string schema_problem;                    // exec: arguments do not fit the tool's schema
  std::string path_scratch, second_path_scratch, handle_path;
  FactArguments arguments;
};

// Fills context.facts. Fails (invalid_argument, step decode) for paths that have no canonical form and for requests
// that name both or neither of path and handle.
Status gather_facts(CallContext& context);

// The tools the caller may run: those of its MCP servers when it has any, else the kernel's.
std::shared_ptr<const tool::Registry> tools_of(const CallContext& context);

policy::ToolFacts tool_facts(const tool::Tool& tool);  // views

// The policy request of a context; views into the context.
policy::Request policy_request(const CallContext& context);

}  // namespace agentos::kernel
