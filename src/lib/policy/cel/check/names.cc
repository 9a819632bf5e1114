// Which variable, type or function a name means: loop variables first, then the container's names, outwards.
#include <algorithm>

#include "lib/policy/cel/check/checker.h"

namespace agentos::cel {

const Type* Checker::find_local(std::string_view name) const {
  const auto found = std::ranges::find(locals_.rbegin(), locals_.rend(), name, &Local::name);
  return found == locals_.rend() ? nullptr : &found->type;
}

// In container "a.b": a.b.name, a.name, name. A leading dot means exactly the rest.
std::vector<std::string> Checker::candidates(std::string_view name) const {
  if (name.starts_with('.')) return {std::string(name.substr(1))};
  std::vector<std::string> names;
  std::string_view container = environment_.container();
  while (!container.empty()) {
    names.push_back(std::string(container) + "." + std::string(name));
    const std::size_t dot = container.rfind('.');
    container = container.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  names.emplace_back(name);
  return names;
}

// The dotted name that a node is when it is nothing else and does not begin with a loop variable.
bool Checker::qualified_name(NodeId id, std::string& name) const {
  const Node& node = ast_[id];
  if (node.kind == NodeKind::kIdentifier) {
    name = node.name;
    return find_local(name) == nullptr;
  }
  if (node.kind != NodeKind::kSelect || node.is_test || !qualified_name(node.operand, name)) return false;
  name += "." + node.name;
  return true;
}

bool Checker::resolve_qualified(NodeId id, const std::string& name, Type& type) {
  for (const std::string& candidate : candidates(name)) {
    if (const auto slot = environment_.find_variable(candidate)) {
      ast_[id].slot = static_cast<std::int32_t>(*slot);
      type = environment_.variables()[*slot].type;
      return true;
    }
    if (const auto denoted = environment_.find_type(candidate)) {
      ast_[id].type_denoted = denoted->name();
      type = Type::type_of(*denoted);
      return true;
    }
  }
  return false;
}

const Function* Checker::resolve_function(const std::string& name, std::string& found) const {
  for (std::string& candidate : candidates(name)) {
    if (const Function* function = environment_.find_function(candidate)) {
      found = std::move(candidate);
      return function;
    }
  }
  return nullptr;
}

}  // namespace agentos::cel
