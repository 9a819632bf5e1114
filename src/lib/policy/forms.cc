// Reading: a form or a sentence why there is none.
#include "lib/policy/forms.h"

#include <algorithm>
#include <array>

namespace agentos::policy {
namespace {

using namespace canonical;  // NOLINT(google-build-using-namespace): names of features and oddities

void keep(std::string& error, const Error& from) { error = from.message.empty() ? "it has no form" : from.message; }

std::vector<std::string> texts_of(const std::vector<SqlName>& names) {
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const SqlName& name : names) texts.push_back(name.text());
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

void UrlForm::read() {
  if (auto read = read_url(text, scratch)) {
    url = *read;
  } else {
    keep(error, read.error());
  }
}

bool UrlForm::host_ambiguous() const {
  constexpr std::uint32_t kOfHost = kUrlTrimmed | kUrlBreaksRemoved | kUrlSlashes | kUrlBackslash | kUrlManyAt |
                                    kUrlAtBehindHost | kUrlHost | kUrlPort | kUrlFileHost;
  return (url.oddities & kOfHost) != 0;
}

void HostForm::read() {
  if (auto read = read_host(text)) {
    host = *read;
  } else {
    keep(error, read.error());
  }
}

void PathForm::read() {
  if (auto read = read_file_path(text, base, scratch)) {
    path = *read;
  } else {
    keep(error, read.error());
  }
}

void ShellForm::read() {
  if (Status status = read_shell(text, shell); !status) keep(error, status.error());
}

bool ShellForm::ambiguous() const {
  constexpr std::uint32_t kUnknownPrograms =
      kShellAnsiQuoting | kShellFunction | kShellScriptFile | kShellLookupChanged | kShellUnreadWrapper;
  return (shell.features & kUnknownPrograms) != 0 ||
         std::ranges::any_of(shell.programs, [](const ShellProgram& program) { return !program.is_static; });
}

void SqlForm::read(SqlParser* parser) {
  if (parser == nullptr) {
    error = "no SQL parser is at hand";
    return;
  }
  auto facts = parser->parse(text);
  if (!facts) {
    keep(error, facts.error());
    return;
  }
  sql = std::move(*facts);
  reads = texts_of(sql.reads);
  writes = texts_of(sql.writes);
  functions = texts_of(sql.functions);
  tables.clear();
  std::ranges::set_union(reads, writes, std::back_inserter(tables));
  kinds_list_.over(sql.kinds);
  reads_list_.over(reads);
  writes_list_.over(writes);
  tables_list_.over(tables);
  functions_list_.over(functions);
}

bool SqlForm::read_only() const {
  constexpr auto kQueries = std::to_array<std::string_view>({"select", "explain", "variable_show"});
  return !sql.kinds.empty() && writes.empty() && sql.hazards == 0 &&
         std::ranges::all_of(
             sql.kinds, [&](const std::string& kind) { return std::ranges::find(kQueries, kind) != kQueries.end(); });
}

cel::Value SqlForm::field(std::uint32_t index, cel::Scratch& scratch) const {
  switch (index) {
    case 0:
      return cel::Value::list(kinds_list_);
    case 1:
      return cel::Value::integer(sql.statements);
    case 2:
      return cel::Value::list(tables_list_);
    case 3:
      return cel::Value::list(reads_list_);
    case 4:
      return cel::Value::list(writes_list_);
    case 5:
      return cel::Value::list(functions_list_);
    case 6:
      return list_of_words(describe_sql_hazards(sql.hazards), scratch);
    case 7:
      return cel::Value::boolean(read_only());
    default:
      return {};
  }
}

std::string_view program_name(const ShellProgram& program) {
  constexpr auto kFolders =
      std::to_array<std::string_view>({"/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/"});
  if (!program.is_static) return {};
  const std::string_view folder = program.path.substr(0, program.path.size() - program.name.size());
  return folder.empty() || std::ranges::find(kFolders, folder) != kFolders.end() ? program.name : program.path;
}

bool redirects_output(const ShellWord& word, std::string_view& target) {
  if (word.role != ShellRole::kRedirection) return false;
  switch (word.redirect) {
    case Redirect::kOutput:
    case Redirect::kAppend:
    case Redirect::kBoth:
      target = word.is_static ? word.text : std::string_view();
      return target != "/dev/null";
    case Redirect::kDuplicate:  // of a descriptor, unless what it names is only known to the shell
      target = {};
      return !word.is_static;
    default:
      return false;
  }
}

void Forms::reset(SqlParser* sql) {
  urls_.reset();
  hosts_.reset();
  paths_.reset();
  shells_.reset();
  sqls_.reset();
  parser_ = sql;
}

const SqlForm* Forms::sql(std::string_view text) {
  auto [form, fresh] = sqls_.find(text, {});
  if (fresh) form->read(parser_);
  return form;
}

namespace {

// The compiled pattern, kept under its text; null is kept too.
template <class Pattern, class Compile>
const Pattern* kept(std::map<std::string, std::unique_ptr<const Pattern>, std::less<>>& patterns, std::string_view text,
                    Compile compile) {
  const auto known = patterns.find(text);
  if (known != patterns.end()) return known->second.get();
  if (patterns.size() == kPatternsKeptMax) patterns.clear();
  Result<Pattern> made = compile(text);
  std::unique_ptr<const Pattern>& slot = patterns[std::string(text)];
  if (made) slot = std::make_unique<const Pattern>(std::move(*made));
  return slot.get();
}

}  // namespace

const Glob* Forms::path_glob(std::string_view pattern) {
  return kept<Glob>(globs_, pattern, [](std::string_view text) { return Glob::compile(text, Glob::Style::kPath); });
}

const HostPattern* Forms::host_pattern(std::string_view pattern) {
  return kept<HostPattern>(host_patterns_, pattern, [](std::string_view text) { return HostPattern::parse(text); });
}

}  // namespace agentos::policy
