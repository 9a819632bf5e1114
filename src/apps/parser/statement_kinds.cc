// Tables of statements and functions, from PostgreSQL 15's node types and its list of built-in functions.
#include "apps/parser/statement_kinds.h"

#include <algorithm>
#include <array>

#include "lib/canonical/sql_facts.h"

namespace agentos::parser {
namespace {

using namespace canonical;  // NOLINT(google-build-using-namespace): the names of hazards

struct Kind {
  std::string_view node;
  std::uint32_t hazards;
};

constexpr auto kKinds = std::to_array<Kind>({
    {"SelectStmt", 0},
    {"InsertStmt", 0},
    {"UpdateStmt", 0},
    {"DeleteStmt", 0},
    {"MergeStmt", 0},
    {"ExplainStmt", 0},
    {"VariableShowStmt", 0},
    {"DeclareCursorStmt", 0},
    {"ClosePortalStmt", 0},
    {"ReturnStmt", 0},
    {"PLAssignStmt", kSqlCode},
    {"CopyStmt", 0},
    {"TransactionStmt", kSqlTransaction},
    {"ConstraintsSetStmt", kSqlTransaction},
    {"PrepareStmt", kSqlPrepared},
    {"ExecuteStmt", kSqlPrepared},
    {"FetchStmt", kSqlPrepared},
    {"DeallocateStmt", kSqlPrepared},
    {"CallStmt", kSqlCall},
    {"LockStmt", kSqlLock},
    {"ListenStmt", kSqlNotify},
    {"UnlistenStmt", kSqlNotify},
    {"NotifyStmt", kSqlNotify},
    {"VacuumStmt", kSqlMaintenance},
    {"ClusterStmt", kSqlMaintenance},
    {"ReindexStmt", kSqlMaintenance},
    {"DiscardStmt", kSqlMaintenance},
    {"RefreshMatViewStmt", kSqlMaintenance},
    {"CheckPointStmt", kSqlSystem},
    {"DoStmt", kSqlDo},
    {"LoadStmt", kSqlLoad},
    {"VariableSetStmt", kSqlSet},
    {"AlterSystemStmt", kSqlSystem | kSqlSet},
    {"CreatedbStmt", kSqlSystem | kSqlDdl},
    {"DropdbStmt", kSqlSystem | kSqlDdl},
    {"AlterDatabaseStmt", kSqlSystem | kSqlDdl},
    {"AlterDatabaseSetStmt", kSqlSystem | kSqlDdl | kSqlSet},
    {"AlterDatabaseRefreshCollStmt", kSqlSystem | kSqlDdl},
    {"CreateTableSpaceStmt", kSqlSystem | kSqlDdl},
    {"DropTableSpaceStmt", kSqlSystem | kSqlDdl},
    {"AlterTableSpaceOptionsStmt", kSqlSystem | kSqlDdl},
    {"AlterTableMoveAllStmt", kSqlSystem | kSqlDdl},
    {"GrantStmt", kSqlDcl},
    {"GrantRoleStmt", kSqlDcl},
    {"AlterDefaultPrivilegesStmt", kSqlDcl},
    {"CreateRoleStmt", kSqlDcl},
    {"AlterRoleStmt", kSqlDcl},
    {"AlterRoleSetStmt", kSqlDcl | kSqlSet},
    {"DropRoleStmt", kSqlDcl},
    {"ReassignOwnedStmt", kSqlDcl | kSqlDdl},
    {"DropOwnedStmt", kSqlDcl | kSqlDdl},
    {"AlterOwnerStmt", kSqlDcl | kSqlDdl},
    {"CreatePolicyStmt", kSqlDcl | kSqlDdl},
    {"AlterPolicyStmt", kSqlDcl | kSqlDdl},
    {"SecLabelStmt", kSqlDcl},
    {"CreateFunctionStmt", kSqlDdl | kSqlCode},
    {"AlterFunctionStmt", kSqlDdl | kSqlCode},
    {"CreateTrigStmt", kSqlDdl | kSqlCode},
    {"RuleStmt", kSqlDdl | kSqlCode},
    {"CreateEventTrigStmt", kSqlDdl | kSqlCode},
    {"AlterEventTrigStmt", kSqlDdl | kSqlCode},
    {"CreatePLangStmt", kSqlDdl | kSqlCode},
    {"CreateExtensionStmt", kSqlDdl | kSqlCode | kSqlLoad},
    {"AlterExtensionStmt", kSqlDdl | kSqlCode | kSqlLoad},
    {"AlterExtensionContentsStmt", kSqlDdl | kSqlCode},
    {"CreateCastStmt", kSqlDdl | kSqlCode},
    {"CreateTransformStmt", kSqlDdl | kSqlCode},
    {"CreateConversionStmt", kSqlDdl | kSqlCode},
    {"CreateAmStmt", kSqlDdl | kSqlCode},
    {"CreateOpClassStmt", kSqlDdl | kSqlCode},
    {"AlterOperatorStmt", kSqlDdl | kSqlCode},
    {"DefineStmt", kSqlDdl | kSqlCode},
    {"CreateFdwStmt", kSqlDdl | kSqlForeign | kSqlCode},
    {"AlterFdwStmt", kSqlDdl | kSqlForeign | kSqlCode},
    {"CreateForeignServerStmt", kSqlDdl | kSqlForeign},
    {"AlterForeignServerStmt", kSqlDdl | kSqlForeign},
    {"CreateForeignTableStmt", kSqlDdl | kSqlForeign},
    {"ImportForeignSchemaStmt", kSqlDdl | kSqlForeign},
    {"CreateUserMappingStmt", kSqlDdl | kSqlForeign | kSqlDcl},
    {"AlterUserMappingStmt", kSqlDdl | kSqlForeign | kSqlDcl},
    {"DropUserMappingStmt", kSqlDdl | kSqlForeign | kSqlDcl},
    {"CreatePublicationStmt", kSqlDdl | kSqlForeign},
    {"AlterPublicationStmt", kSqlDdl | kSqlForeign},
    {"CreateSubscriptionStmt", kSqlDdl | kSqlForeign},
    {"AlterSubscriptionStmt", kSqlDdl | kSqlForeign},
    {"DropSubscriptionStmt", kSqlDdl | kSqlForeign},
});

constexpr auto kServerFunctions = std::to_array<std::string_view>({"set_config",
                                                                   "query_to_xml",
                                                                   "query_to_xmlschema",
                                                                   "query_to_xml_and_xmlschema",
                                                                   "cursor_to_xml",
                                                                   "cursor_to_xmlschema",
                                                                   "table_to_xml",
                                                                   "table_to_xmlschema",
                                                                   "table_to_xml_and_xmlschema",
                                                                   "schema_to_xml",
                                                                   "schema_to_xmlschema",
                                                                   "schema_to_xml_and_xmlschema",
                                                                   "database_to_xml",
                                                                   "database_to_xmlschema",
                                                                   "database_to_xml_and_xmlschema",
                                                                   "ts_stat",
                                                                   "ts_rewrite",
                                                                   "currval",
                                                                   "nextval",
                                                                   "setval",
                                                                   "has_table_privilege",
                                                                   "loread",
                                                                   "lowrite",
                                                                   "xpath_table",
                                                                   "crosstab",
                                                                   "connectby",
                                                                   "pageinspect",
                                                                   "http",
                                                                   "http_get",
                                                                   "http_post",
                                                                   "plpy",
                                                                   "txid_current",
                                                                   "binary_upgrade_set_next_pg_type_oid"});
// Families by what they begin with: pg_read_file, pg_terminate_backend, pg_sleep, pg_logical_*, lo_export, dblink_exec
// ...
constexpr auto kServerFamilies = std::to_array<std::string_view>({"pg_read_",
                                                                  "pg_ls_",
                                                                  "pg_stat_file",
                                                                  "pg_file_",
                                                                  "pg_logdir_",
                                                                  "pg_terminate_",
                                                                  "pg_cancel_",
                                                                  "pg_reload_",
                                                                  "pg_rotate_",
                                                                  "pg_switch_",
                                                                  "pg_create_",
                                                                  "pg_drop_",
                                                                  "pg_copy_",
                                                                  "pg_logical_",
                                                                  "pg_replication_",
                                                                  "pg_promote",
                                                                  "pg_start_backup",
                                                                  "pg_stop_backup",
                                                                  "pg_backup_",
                                                                  "pg_wal_",
                                                                  "pg_sleep",
                                                                  "pg_advisory_",
                                                                  "pg_try_advisory_",
                                                                  "pg_notify",
                                                                  "pg_import_",
                                                                  "pg_execute_",
                                                                  "pg_stat_reset",
                                                                  "pg_log_",
                                                                  "pg_current_logfile",
                                                                  "pg_export_",
                                                                  "pg_extension_config_dump",
                                                                  "lo_",
                                                                  "dblink",
                                                                  "postgres_fdw_",
                                                                  "pg_get_",
                                                                  "pg_reset",
                                                                  "pg_largeobject",
                                                                  "http_",
                                                                  "table_to_",
                                                                  "aws_",
                                                                  "file_"});

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::uint32_t hazards_of(std::string_view node) {
  const auto* found = std::ranges::find(kKinds, node, &Kind::node);
  return found == kKinds.end() ? std::uint32_t{kSqlDdl} : found->hazards;
}

bool is_query(std::string_view node) {
  return node == "SelectStmt" || node == "InsertStmt" || node == "UpdateStmt" || node == "DeleteStmt" ||
         node == "MergeStmt";
}

bool only_carries(std::string_view node) {
  return node == "ExplainStmt" || node == "PrepareStmt" || node == "ExecuteStmt" || node == "DeclareCursorStmt" ||
         node == "CallStmt" || node == "VariableSetStmt";
}

std::string kind_of(std::string_view node) {
  if (node.ends_with("Stmt")) node.remove_suffix(4);
  std::string kind;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const bool starts_word = is_upper(node[i]) && i > 0 && !is_upper(node[i - 1]);
    if (starts_word) kind += '_';
    kind += is_upper(node[i]) ? static_cast<char>(node[i] + ('a' - 'A')) : node[i];
  }
  return kind;
}

bool is_server_function(std::string_view name) {
  return std::ranges::find(kServerFunctions, name) != kServerFunctions.end() ||
         std::ranges::any_of(kServerFamilies, [&](std::string_view family) { return name.starts_with(family); });
}

}  // namespace agentos::parser
