// The attribute paths of a tree.
#include <algorithm>

#include "lib/policy/cel/ast.h"

namespace agentos::cel {
namespace {

// The literal text that an index is, or nullptr.
const std::string* literal_key(const Ast& ast, const Node& node) {
  const bool indexes = node.kind == NodeKind::kCall && node.arguments.size() == 2 && node.operand == kNoNode &&
                       (node.name == operators::kIndex || node.name == operators::kOptionalIndex ||
                        node.name == operators::kOptionalSelect);
  return indexes ? std::get_if<std::string>(&ast[node.arguments[1]].literal) : nullptr;
}

class Paths {
 public:
  explicit Paths(const Ast& ast) : ast_(ast) {}

  void collect(NodeId id) {
    if (id == kNoNode) return;
    if (auto path = attribute_path(ast_, id)) {
      if (std::ranges::find(found_, *path) == found_.end()) found_.push_back(std::move(*path));
      return;
    }
    const Node& node = ast_[id];
    collect(node.operand);
    for (const NodeId argument : node.arguments) collect(argument);
    for (const Entry& entry : node.entries) {
      collect(entry.key);
      collect(entry.value);
    }
    if (!node.comprehension) return;
    const Comprehension& loop = *node.comprehension;
    for (const NodeId part : {loop.range, loop.initial, loop.condition, loop.step, loop.result}) collect(part);
  }
  std::vector<AttributePath> take() { return std::move(found_); }

 private:
  const Ast& ast_;
  std::vector<AttributePath> found_;
};

}  // namespace

std::string AttributePath::to_string() const {
  std::string text = variable;
  for (const std::string& field : fields) text += "." + field;
  return text;
}

std::optional<AttributePath> attribute_path(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  if (node.kind == NodeKind::kIdentifier) {
    if (node.slot < 0) return std::nullopt;
    return AttributePath{static_cast<std::uint32_t>(node.slot), node.name, {}};
  }
  const std::string* key = node.kind == NodeKind::kSelect ? &node.name : literal_key(ast, node);
  if (key == nullptr) return std::nullopt;
  auto path = attribute_path(ast, node.kind == NodeKind::kSelect ? node.operand : node.arguments[0]);
  if (path) path->fields.push_back(*key);
  return path;
}

std::vector<AttributePath> attribute_paths(const Ast& ast) {
  Paths paths(ast);
  paths.collect(ast.root());
  return paths.take();
}

}  // namespace agentos::cel
