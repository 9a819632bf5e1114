// Each clause by what its form has: one value (host, scheme, port, path) or several (programs, tables, hazards).
#include "lib/policy/form_condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "lib/canonical/text_hazards.h"
#include "lib/policy/expression_state.h"
#include "lib/policy/form_shown.h"
#include "lib/policy/forms.h"
#include "lib/policy/matching.h"

namespace agentos::policy {
namespace {

using Operator = Condition::Operator;
using Quantity = Condition::Quantity;

Truth truth_of(bool held) { return held ? Truth::kTrue : Truth::kFalse; }

// A comparison: whether it is true, and why that is uncertain or an error.
struct Compared {
  Truth truth = Truth::kFalse;
  std::string_view why = {};
};

constexpr std::string_view kAmbiguousUrl = "clients read this URL or host in different ways";
constexpr std::string_view kAmbiguousPath = "a link or a shell could lead this path elsewhere";
constexpr std::string_view kAmbiguousPrograms = "which programs this command runs is not known from its text";
constexpr std::string_view kAmbiguousTarget = "which file this command writes is not known from its text";

// Ambiguous forms satisfy no allow rule; any other rule they could satisfy errs.
Compared settle(const Condition& condition, bool matched, bool ambiguous, std::string_view why) {
  if (condition.quantity == Quantity::kEvery) return {truth_of(matched && !ambiguous), {}};
  if (matched || !ambiguous) return {truth_of(matched), {}};
  return {Truth::kError, why};
}

Compared no_form(const Form& form) { return {Truth::kError, form.error}; }

Compared compare_host(const Condition& condition, Forms& forms, std::string_view text) {
  const canonical::Host* host = nullptr;
  bool ambiguous = false;
  // No host is also a URL, which has a colon behind its scheme.
  const UrlForm* url = text.find(':') == std::string_view::npos ? nullptr : forms.url(text);
  if (url != nullptr && url->ok()) {
    host = &url->url.host;
    ambiguous = url->host_ambiguous();
  } else {
    const HostForm* alone = forms.host(text);
    if (!alone->ok()) return url != nullptr ? no_form(*url) : no_form(*alone);
    host = &alone->host;
    ambiguous = alone->host.ambiguous();
  }
  const bool matched = host->size > 0 && std::ranges::any_of(condition.hosts, [&](const canonical::HostPattern& one) {
                         return one.matches(*host);
                       });
  return settle(condition, matched, ambiguous, kAmbiguousUrl);
}

Compared compare_url(const Condition& condition, Forms& forms, std::string_view text) {
  const UrlForm* form = forms.url(text);
  if (!form->ok()) return no_form(*form);
  switch (condition.op) {
    case Operator::kScheme: {
      const bool matched = std::ranges::find(condition.texts, form->url.scheme) != condition.texts.end();
      return settle(condition, matched, form->host_ambiguous(), kAmbiguousUrl);
    }
    case Operator::kPort: {
      const bool matched = std::ranges::binary_search(condition.integers, std::int64_t{form->url.port});
      return settle(condition, matched, form->host_ambiguous(), kAmbiguousUrl);
    }
    default:
      return settle(condition, any_matches(condition.globs, form->url.path), form->url.ambiguous(), kAmbiguousUrl);
  }
}

Compared compare_path(const Condition& condition, Forms& forms, std::string_view text) {
  const PathForm* form = forms.path(text, {});
  if (!form->ok()) return no_form(*form);
  return settle(condition, any_matches(condition.globs, form->path.text), form->ambiguous(), kAmbiguousPath);
}

Compared compare_programs(const Condition& condition, const ShellForm& form) {
  const auto matches = [&](const canonical::ShellProgram& program) {
    const std::string_view name = program_name(program);
    return !name.empty() && any_matches(condition.globs, name);
  };
  const auto& programs = form.shell.programs;
  const bool matched = condition.quantity == Quantity::kEvery
                           ? !programs.empty() && std::ranges::all_of(programs, matches)
                           : std::ranges::any_of(programs, matches);
  return settle(condition, matched, form.ambiguous(), kAmbiguousPrograms);
}

Compared compare_redirections(const Condition& condition, Forms& forms, const ShellForm& form) {
  bool every = true, some = false, uncertain = false;
  for (const canonical::ShellWord& word : form.shell.words) {
    std::string_view target;
    if (!redirects_output(word, target)) continue;
    const PathForm* path = target.empty() ? nullptr : forms.path(target, {});
    const bool known = path != nullptr && path->ok() && !path->ambiguous();
    const bool matched = path != nullptr && path->ok() && any_matches(condition.globs, path->path.text);
    every = every && known && matched;
    some = some || matched;
    uncertain = uncertain || !known;
  }
  if (condition.quantity == Quantity::kEvery) return {truth_of(every), {}};
  return settle(condition, some, uncertain, kAmbiguousTarget);
}

bool sql_name_matches(const Condition& condition, const std::string& name) {
  if (any_matches(condition.globs, name)) return true;
  if (condition.quantity == Quantity::kEvery) return false;
  // For rules that deny or ask: a name without a schema may be of any, and so may a pattern without one.
  const std::size_t dot = name.rfind('.');
  for (std::size_t i = 0; i < condition.bare.size(); ++i) {
    const bool same_bare = condition.bare[i].pattern().size() == condition.globs[i].pattern().size();
    if ((dot == std::string::npos || same_bare) &&
        condition.bare[i].matches(std::string_view(name).substr(dot == std::string::npos ? 0 : dot + 1))) {
      return true;
    }
  }
  return false;
}

std::span<const std::string> sql_values(const Condition& condition, const SqlForm& form) {
  switch (condition.op) {
    case Operator::kStatements:
      return form.sql.kinds;
    case Operator::kTables:
      return form.tables;
    case Operator::kReads:
      return form.reads;
    case Operator::kWrites:
      return form.writes;
    default:
      return form.functions;
  }
}

Compared compare_flags(const Condition& condition, std::uint32_t flags) {
  const bool every = (flags & ~condition.flags) == 0, some = (flags & condition.flags) != 0;
  return {truth_of(condition.quantity == Quantity::kEvery ? every : some), {}};
}

Compared compare_sql(const Condition& condition, const SqlForm& form) {
  if (!form.ok()) return no_form(form);
  if (condition.op == Operator::kSqlHazards) {
    return compare_flags(condition, form.sql.hazards);
  }
  const auto values = sql_values(condition, form);
  const auto matches = [&](const std::string& value) { return sql_name_matches(condition, value); };
  if (condition.quantity == Quantity::kOne) return {truth_of(std::ranges::any_of(values, matches)), {}};
  const bool needs_one = condition.op == Operator::kStatements;
  return {truth_of(std::ranges::all_of(values, matches) && !(needs_one && values.empty())), {}};
}

Compared compare(const Condition& condition, RequestView& view) {
  const Arguments* arguments = view.request().arguments;
  std::string_view text;
  if (arguments == nullptr || !arguments->text(condition.argument, text)) {
    const bool present = arguments != nullptr && arguments->present(condition.argument);
    return {present ? Truth::kError : Truth::kFalse, "it is no text"};
  }
  Forms& forms = view.state().forms();
  switch (condition.op) {
    case Operator::kHost:
      return compare_host(condition, forms, text);
    case Operator::kScheme:
    case Operator::kPort:
    case Operator::kUrlPath:
      return compare_url(condition, forms, text);
    case Operator::kUnder:
    case Operator::kPath:
      return compare_path(condition, forms, text);
    case Operator::kPrograms:
    case Operator::kRedirectsTo: {
      const ShellForm* form = forms.shell(text);
      if (!form->ok()) return no_form(*form);
      return condition.op == Operator::kPrograms ? compare_programs(condition, *form)
                                                 : compare_redirections(condition, forms, *form);
    }
    case Operator::kTextHazards:
      return compare_flags(condition, canonical::text_hazards(text));
    default:
      return compare_sql(condition, *forms.sql(text));
  }
}

json::Value list_of(std::span<const std::string> values) {
  json::Array list;
  for (const std::string& value : values) list.push_back(json::to_valid_utf8(value));
  return list;
}

std::string with_oddities(std::string_view text, const UrlForm& form) {
  if (!form.url.ambiguous()) return std::string(text);
  return fmt::format("{} (odd: {})", text, canonical::describe_url_oddities(form.url.oddities));
}

json::Value actual_of_url(Operator op, const UrlForm& form) {
  switch (op) {
    case Operator::kHost:
      return with_oddities(form.url.host.text(), form);
    case Operator::kScheme:
      return with_oddities(form.url.scheme, form);
    case Operator::kPort:
      return std::int64_t{form.url.port};
    default:
      return with_oddities(form.url.path, form);
  }
}

json::Value actual_of_shell(Operator op, const ShellForm& form) {
  json::Array list;
  if (op == Operator::kPrograms) {
    for (const canonical::ShellProgram& program : form.shell.programs) {
      const std::string_view name = program_name(program);
      list.push_back(name.empty() ? std::string("(known only to a running shell)") : json::to_valid_utf8(name));
    }
    return list;
  }
  for (const canonical::ShellWord& word : form.shell.words) {
    std::string_view target;
    if (redirects_output(word, target)) list.push_back(json::to_valid_utf8(target.empty() ? word.source : target));
  }
  return list;
}

}  // namespace

Truth form_holds(const Condition& condition, RequestView& view) {
  const Compared compared = compare(condition, view);
  if (compared.truth == Truth::kError) view.fail_with(compared.why);
  return compared.truth;
}

std::string form_failure(const Condition& condition, RequestView& view) {
  if (condition.type != Condition::Type::kForm) return {};
  const Compared compared = compare(condition, view);
  return compared.truth == Truth::kError ? json::to_valid_utf8(compared.why) : std::string();
}

json::Value form_actual(const Condition& condition, RequestView& view) {
  std::string_view text;
  if (!view.request().arguments->text(condition.argument, text)) {
    if (!view.request().arguments->present(condition.argument)) return nullptr;
    return "(of another type)";
  }
  Forms& forms = view.state().forms();
  const json::Value raw = json::to_valid_utf8(text);
  switch (condition.op) {
    case Operator::kHost:
      if (const HostForm* host = forms.host(text); host->ok()) return std::string(host->host.text());
      [[fallthrough]];
    case Operator::kScheme:
    case Operator::kPort:
    case Operator::kUrlPath: {
      const UrlForm* form = forms.url(text);
      return form->ok() ? actual_of_url(condition.op, *form) : raw;
    }
    case Operator::kUnder:
    case Operator::kPath: {
      const PathForm* form = forms.path(text, {});
      return form->ok() ? json::Value(std::string(form->path.text)) : raw;
    }
    case Operator::kPrograms:
    case Operator::kRedirectsTo: {
      const ShellForm* form = forms.shell(text);
      return form->ok() ? actual_of_shell(condition.op, *form) : raw;
    }
    case Operator::kTextHazards:
      return canonical::describe_text_hazards(canonical::text_hazards(text));
    case Operator::kSqlHazards: {
      const SqlForm* form = forms.sql(text);
      return form->ok() ? json::Value(canonical::describe_sql_hazards(form->sql.hazards)) : raw;
    }
    default: {
      const SqlForm* form = forms.sql(text);
      return form->ok() ? list_of(sql_values(condition, *form)) : raw;
    }
  }
}

std::string form_example(const std::vector<Condition>& conditions, std::string_view argument) {
  std::string scheme = "https", host = "example.com", port, path = "/", table, other;
  bool url = false, sql = false;
  for (const Condition& condition : conditions) {
    if (condition.argument != argument || (condition.texts.empty() && condition.integers.empty())) continue;
    switch (condition.op) {
      case Operator::kHost:
        host = host_example(condition.texts.front());
        url = true;
        break;
      case Operator::kScheme:
        scheme = condition.texts.front();
        url = true;
        break;
      case Operator::kPort:
        port = fmt::format(":{}", condition.integers.front());
        url = true;
        break;
      case Operator::kUrlPath:
        path = condition.globs.front().example();
        url = true;
        break;
      case Operator::kUnder:
      case Operator::kPath:
      case Operator::kPrograms:
        other = condition.globs.front().example();
        break;
      case Operator::kTables:
      case Operator::kReads:
        table = condition.globs.front().example();
        sql = true;
        break;
      case Operator::kStatements:
        sql = true;
        break;
      default:
        break;
    }
  }
  if (url) return fmt::format("{}://{}{}{}", scheme, host, port, path);
  if (sql) return table.empty() ? "select 1" : "select * from " + table;
  return other;
}

}  // namespace agentos::policy
