// Walks the tree once. A table is whatever has a "relname"; its place says whether it is read or written, and names of
// WITH queries are told from tables by PostgreSQL's scoping. In doubt a table counts as both.
#include "apps/parser/derivation.h"

#include <algorithm>

#include "apps/parser/statement_kinds.h"

namespace agentos::parser {
namespace {

using canonical::SqlFacts;
using canonical::SqlName;

enum class Access : std::uint8_t { kRead, kWrite, kBoth };

bool is_node_name(std::string_view key) { return !key.empty() && key[0] >= 'A' && key[0] <= 'Z'; }

// The strings of [{"String":{"sval":"a"}}, ...].
std::vector<std::string_view> strings_of(const json::Value& list) {
  std::vector<std::string_view> strings;
  if (!list.is_array()) return strings;
  for (const json::Value& item : list.as_array()) {
    const json::Value* string = item.find("String");
    if (string != nullptr) strings.push_back(string->string_or("sval", ""));
  }
  return strings;
}

class Derivation {
 public:
  Result<SqlFacts> run(const json::Value& tree) {
    const json::Value* statements = tree.find("stmts");
    if (statements == nullptr || !statements->is_array())
      return fail(ErrorCode::kMalformed, "the tree has no statements");
    for (const json::Value& one : statements->as_array()) {
      const json::Value* statement = one.find("stmt");
      if (statement == nullptr || !statement->is_object() || statement->as_object().size() != 1) {
        return fail(ErrorCode::kMalformed, "the tree has a statement of another shape");
      }
      ++facts_.statements;
      TRY(walk(*statement, Access::kBoth));
    }
    return std::move(facts_);
  }

 private:
  Status walk(const json::Value& value, Access access) {
    if (value.is_array()) {
      for (const json::Value& item : value.as_array()) TRY(walk(item, access));
      return {};
    }
    if (!value.is_object()) return {};
    if (value.find("relname") != nullptr) return add_table(value, access);
    for (const auto& [key, member] : value.as_object()) {
      TRY(is_node_name(key) ? walk_node(key, member, access) : walk_member(key, member, access));
    }
    return {};
  }

  Status walk_node(std::string_view node, const json::Value& body, Access access) {
    if (!node.ends_with("Stmt")) return walk_scoped(node, body, access);
    TRY(add_unique(facts_.kinds, kind_of(node)));
    facts_.hazards |= hazards_of(node);
    if (node == "VariableSetStmt") note_setting(body.string_or("name", ""));
    if (node == "CopyStmt") return walk_copy(body);
    if (node == "DropStmt" || node == "CommentStmt" || node == "SecLabelStmt") TRY(add_objects(body));
    if (is_query(node) || only_carries(node)) return walk_scoped(node, body, Access::kRead);
    return walk_scoped(node, body, Access::kBoth);
  }

  // Members that are structs rather than nodes.
  Status walk_member(std::string_view key, const json::Value& member, Access access) {
    if (key == "intoClause" || key == "into") {
      facts_.hazards |= canonical::kSqlDdl;
      return walk(member, Access::kWrite);
    }
    if (key == "lockingClause") facts_.hazards |= canonical::kSqlLock;
    if (key == "funcname") TRY(add_function(member));
    return walk(member, access);
  }

  // A WITH clause is visible in the node that has it, and only there.
  Status walk_scoped(std::string_view node, const json::Value& body, Access access) {
    const std::size_t outer = with_names_.size();
    if (const json::Value* with = body.find("withClause")) TRY(walk_with(*with));
    if (body.is_object() && body.find("relname") == nullptr) {
      for (const auto& [key, member] : body.as_object()) {
        if (key == "withClause") continue;
        if (key == "relation" && is_query(node)) {
          TRY(add_target(node, body, member));
        } else if (is_set_operation_arm(key)) {
          TRY(walk_scoped("SelectStmt", member, access));
        } else {
          TRY(is_node_name(key) ? walk_node(key, member, access) : walk_member(key, member, access));
        }
      }
    } else {
      TRY(walk(body, access));
    }
    with_names_.resize(outer);
    return {};
  }

  // SELECT ... UNION SELECT ...: bare structs that may have a WITH clause of their own.
  static bool is_set_operation_arm(std::string_view key) { return key == "larg" || key == "rarg"; }

  Status walk_with(const json::Value& with) {
    const json::Value* queries = with.find("ctes");
    if (queries == nullptr || !queries->is_array()) return {};
    const bool recursive = with.bool_or("recursive", false);
    const auto name_of = [](const json::Value& query) {
      const json::Value* body = query.find("CommonTableExpr");
      return body == nullptr ? std::string_view() : body->string_or("ctename", "");
    };
    if (recursive) {
      for (const json::Value& query : queries->as_array()) with_names_.push_back(name_of(query));
    }
    for (const json::Value& query : queries->as_array()) {
      TRY(walk(query, Access::kRead));
      if (!recursive) with_names_.push_back(name_of(query));
    }
    return {};
  }

  Status add_target(std::string_view node, const json::Value& body, const json::Value& relation) {
    const bool reads =
        node != "InsertStmt" || body.find("returningList") != nullptr || body.find("onConflictClause") != nullptr;
    return add_name(relation, reads ? Access::kBoth : Access::kWrite);
  }

  Status walk_copy(const json::Value& body) {
    if (body.bool_or("is_program", false)) {
      facts_.hazards |= canonical::kSqlCopyProgram;
    } else if (body.find("filename") != nullptr) {
      facts_.hazards |= canonical::kSqlCopyFile;
    }
    for (const auto& [key, member] : body.as_object()) {
      if (key == "relation") {
        TRY(add_name(member, body.bool_or("is_from", false) ? Access::kWrite : Access::kRead));
      } else {
        TRY(walk(member, Access::kRead));
      }
    }
    return {};
  }

  // DROP TABLE a.b, c: lists of strings, not tables.
  Status add_objects(const json::Value& body) {
    const json::Value* objects = body.find("objects");
    if (objects == nullptr) objects = body.find("object");
    if (objects == nullptr) return {};
    const auto add = [&](const json::Value& object) -> Status {
      const json::Value* list = object.find("List");
      const json::Value* items = list == nullptr ? nullptr : list->find("items");
      if (items == nullptr) return {};
      return add_unique(facts_.writes, TRY(name_from(strings_of(*items))));
    };
    if (!objects->is_array()) return add(*objects);
    for (const json::Value& object : objects->as_array()) TRY(add(object));
    return {};
  }

  Status add_table(const json::Value& table, Access access) {
    const bool qualified = table.find("schemaname") != nullptr || table.find("catalogname") != nullptr;
    const std::string_view name = table.string_or("relname", "");
    // Only what is read can be a WITH query's name.
    if (!qualified && access != Access::kWrite && std::ranges::find(with_names_, name) != with_names_.end()) return {};
    return add_name(table, access);
  }

  Status add_name(const json::Value& table, Access access) {
    const json::Value* node = table.find("RangeVar");
    const json::Value& body = node == nullptr ? table : *node;
    if (!body.is_object()) return fail(ErrorCode::kMalformed, "the tree has a table of another shape");
    std::vector<std::string_view> parts;
    for (const char* key : {"catalogname", "schemaname", "relname"}) {
      if (const json::Value* part = body.find(key); part != nullptr && part->is_string())
        parts.push_back(part->as_string());
    }
    const SqlName name = TRY(name_from(parts));
    if (access != Access::kWrite) TRY(add_unique(facts_.reads, name));
    if (access != Access::kRead) TRY(add_unique(facts_.writes, name));
    return {};
  }

  Status add_function(const json::Value& list) {
    const SqlName name = TRY(name_from(strings_of(list)));
    if (is_server_function(name.name)) facts_.hazards |= canonical::kSqlServerFunction;
    if (name.name == "set_config") facts_.hazards |= canonical::kSqlSet | canonical::kSqlSetRole;
    return add_unique(facts_.functions, name);
  }

  void note_setting(std::string_view name) {
    if (name == "role" || name == "session_authorization" || name.empty()) facts_.hazards |= canonical::kSqlSetRole;
  }

  static Result<SqlName> name_from(const std::vector<std::string_view>& parts) {
    if (parts.empty() || parts.size() > 3) return fail(ErrorCode::kMalformed, "the tree has a name of another shape");
    SqlName name;
    name.name = parts.back();
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      if (!name.schema.empty()) name.schema += '.';
      name.schema += parts[i];
    }
    const bool too_long =
        std::ranges::any_of(parts, [](std::string_view part) { return part.size() > canonical::kSqlNameBytesMax; });
    if (too_long || name.name.empty())
      return fail(ErrorCode::kMalformed, "the tree has a name that PostgreSQL would not have");
    return name;
  }

  template <class T>
  static Status add_unique(std::vector<T>& list, T value) {
    if (std::ranges::find(list, value) != list.end()) return {};
    if (list.size() == canonical::kSqlNamesMax) return fail(ErrorCode::kTooLarge, "it names too many things");
    list.push_back(std::move(value));
    return {};
  }

  SqlFacts facts_;
  std::vector<std::string_view> with_names_;
};

}  // namespace

Result<canonical::SqlFacts> derive_facts(const json::Value& tree) { return Derivation().run(tree); }

Result<canonical::SqlFacts> derive_facts(std::string_view tree_json) {
  return derive_facts(TRY(
      json::parse(tree_json, {.bytes_max = kTreeBytesMax, .depth_max = kTreeDepthMax, .values_max = kTreeValuesMax})));
}

}  // namespace agentos::parser
