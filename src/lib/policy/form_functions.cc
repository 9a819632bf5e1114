// The table of functions. Each takes steps for the text it reads, so that a loop over texts stays within the budget.
#include "lib/policy/form_functions.h"

#include <algorithm>

#include "lib/canonical/text_hazards.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"
#include "lib/policy/forms.h"

namespace agentos::policy {
namespace {

using cel::CallContext;
using cel::CallStyle;
using cel::Type;
using cel::Value;
using Arguments = std::span<const Value>;

// Steps a text costs: reading one is at most as dear as a few operations an octet.
constexpr std::uint64_t steps_for(std::string_view text) { return 8 + text.size() / 4; }

Forms* forms_of(const CallContext& context, std::string_view text) {
  return context.scratch.take_steps(steps_for(text)) ? static_cast<Forms*>(context.scratch.host()) : nullptr;
}

Value no_forms(const CallContext& context) { return context.scratch.error("no canonical forms are at hand"); }

template <class F>
Value form_or_error(const CallContext& context, const F* form) {
  if (form->ok()) return Value::record(static_cast<const cel::Record&>(*form));
  return context.scratch.error(form->error);
}

Value url(const CallContext& context, Arguments arguments) {
  Forms* forms = forms_of(context, arguments[0].text());
  return forms == nullptr ? no_forms(context) : form_or_error(context, forms->url(arguments[0].text()));
}

Value host(const CallContext& context, Arguments arguments) {
  Forms* forms = forms_of(context, arguments[0].text());
  return forms == nullptr ? no_forms(context) : form_or_error(context, forms->host(arguments[0].text()));
}

Value path(const CallContext& context, Arguments arguments) {
  Forms* forms = forms_of(context, arguments[0].text());
  const std::string_view base = arguments.size() > 1 ? arguments[1].text() : std::string_view();
  return forms == nullptr ? no_forms(context) : form_or_error(context, forms->path(arguments[0].text(), base));
}

Value shell(const CallContext& context, Arguments arguments) {
  Forms* forms = forms_of(context, arguments[0].text());
  return forms == nullptr ? no_forms(context) : form_or_error(context, forms->shell(arguments[0].text()));
}

Value sql(const CallContext& context, Arguments arguments) {
  Forms* forms = forms_of(context, arguments[0].text());
  return forms == nullptr ? no_forms(context) : form_or_error(context, forms->sql(arguments[0].text()));
}

Value hazards(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  if (!context.scratch.take_steps(steps_for(text))) return no_forms(context);
  return list_of_words(canonical::describe_text_hazards(canonical::text_hazards(text)), context.scratch);
}

// Whether one of the patterns, a text or a list of texts, matches; the first that is no pattern is an error.
template <class Matches>
Value any_pattern(const CallContext& context, const Value& patterns, Matches matches) {
  const bool one = patterns.is(cel::ValueKind::kString);
  const std::uint32_t count = one ? 1 : cel::list_size(patterns);
  if (!context.scratch.take_steps(1 + std::uint64_t{4} * count)) return no_forms(context);
  bool found = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Value pattern = one ? patterns : cel::list_element(patterns, i, context.scratch);
    if (!pattern.is(cel::ValueKind::kString)) return context.scratch.error("a pattern is no text");
    const std::optional<bool> matched = matches(pattern.text());
    if (!matched) return cel::fault(context.scratch, "'{}' is no pattern", pattern.text().substr(0, 100));
    found = found || *matched;
  }
  return Value::boolean(found);
}

Value host_in(const CallContext& context, const canonical::Host& host, const Value& patterns) {
  Forms* forms = static_cast<Forms*>(context.scratch.host());
  return any_pattern(context, patterns, [&](std::string_view text) -> std::optional<bool> {
    const canonical::HostPattern* pattern = forms->host_pattern(text);
    return pattern == nullptr ? std::nullopt : std::optional(pattern->matches(host));
  });
}

Value path_in(const CallContext& context, std::string_view path, const Value& patterns) {
  Forms* forms = static_cast<Forms*>(context.scratch.host());
  return any_pattern(context, patterns, [&](std::string_view text) -> std::optional<bool> {
    const Glob* glob = forms->path_glob(text);
    return glob == nullptr ? std::nullopt : std::optional(glob->matches(path));
  });
}

// The form a record argument is, when it is one of `shape`.
template <class F>
const F* form_of(const Value& value, const cel::RecordShape& shape) {
  if (value.storage() != cel::Storage::kHost || &value.host_record().shape() != &shape) return nullptr;
  return static_cast<const F*>(&value.host_record());
}

Value host_matches(const CallContext& context, Arguments arguments) {
  if (arguments[0].is(cel::ValueKind::kString)) {
    Forms* forms = forms_of(context, arguments[0].text());
    if (forms == nullptr) return no_forms(context);
    const HostForm* form = forms->host(arguments[0].text());
    return form->ok() ? host_in(context, form->host, arguments[1]) : context.scratch.error(form->error);
  }
  if (context.scratch.host() == nullptr) return no_forms(context);
  if (const auto* of_url = form_of<UrlForm>(arguments[0], *url_shape())) {
    return host_in(context, of_url->url.host, arguments[1]);
  }
  const auto* form = form_of<HostForm>(arguments[0], *host_shape());
  return form == nullptr ? context.scratch.error("host_matches() takes a text, a url or a host")
                         : host_in(context, form->host, arguments[1]);
}

Value path_matches(const CallContext& context, Arguments arguments) {
  if (arguments[0].is(cel::ValueKind::kString)) {
    Forms* forms = forms_of(context, arguments[0].text());
    if (forms == nullptr) return no_forms(context);
    const PathForm* form = forms->path(arguments[0].text(), {});
    return form->ok() ? path_in(context, form->path.text, arguments[1]) : context.scratch.error(form->error);
  }
  if (context.scratch.host() == nullptr) return no_forms(context);
  const auto* form = form_of<PathForm>(arguments[0], *path_shape());
  return form == nullptr ? context.scratch.error("path_matches() takes a text or a path")
                         : path_in(context, form->path.text, arguments[1]);
}

std::vector<cel::Function> make_functions() {
  const auto overload = [](std::string id, std::vector<Type> parameters, Type result, cel::NativeFunction function) {
    return cel::Overload{.id = std::move(id),
                         .style = CallStyle::kGlobal,
                         .parameters = std::move(parameters),
                         .result = std::move(result),
                         .function = function};
  };
  const Type text = Type::string(), texts = Type::list(Type::string());
  const Type url_type = Type::record(url_shape()), host_type = Type::record(host_shape());
  const Type path_type = Type::record(path_shape());
  return {
      {"url", {overload("string_to_url", {text}, url_type, url)}},
      {"host", {overload("string_to_host", {text}, host_type, host)}},
      {"path",
       {overload("string_to_path", {text}, path_type, path),
        overload("string_string_to_path", {text, text}, path_type, path)}},
      {"shell", {overload("string_to_shell", {text}, Type::record(shell_shape()), shell)}},
      {"sql", {overload("string_to_sql", {text}, Type::record(sql_shape()), sql)}},
      {"hazards", {overload("string_hazards", {text}, texts, hazards)}},
      {"host_matches",
       {overload("string_host_matches_string", {text, text}, Type::boolean(), host_matches),
        overload("string_host_matches_list", {text, texts}, Type::boolean(), host_matches),
        overload("url_host_matches_string", {url_type, text}, Type::boolean(), host_matches),
        overload("url_host_matches_list", {url_type, texts}, Type::boolean(), host_matches),
        overload("host_host_matches_string", {host_type, text}, Type::boolean(), host_matches),
        overload("host_host_matches_list", {host_type, texts}, Type::boolean(), host_matches)}},
      {"path_matches",
       {overload("string_path_matches_string", {text, text}, Type::boolean(), path_matches),
        overload("string_path_matches_list", {text, texts}, Type::boolean(), path_matches),
        overload("path_path_matches_string", {path_type, text}, Type::boolean(), path_matches),
        overload("path_path_matches_list", {path_type, texts}, Type::boolean(), path_matches)}},
  };
}

Status is_pattern(std::string_view text, bool of_hosts) {
  if (of_hosts) {
    TRY(canonical::HostPattern::parse(text));
  } else {
    TRY(Glob::compile(text, Glob::Style::kPath));
  }
  return {};
}

}  // namespace

std::span<const cel::Function> form_functions() {
  static const std::vector<cel::Function> functions = make_functions();
  return functions;
}

bool is_form_function(std::string_view name) {
  return std::ranges::find(form_functions(), name, &cel::Function::name) != form_functions().end();
}

std::vector<cel::Issue> pattern_issues(const cel::Ast& ast) {
  std::vector<cel::Issue> issues;
  const auto check = [&](const cel::Node& node, bool hosts) {
    const auto* text = std::get_if<std::string>(&node.literal);
    if (node.kind != cel::NodeKind::kLiteral || text == nullptr) return;
    const Status status = is_pattern(*text, hosts);
    if (status) return;
    issues.push_back({node.position.line, node.position.column, status.error().message, status.error().hint});
  };
  for (cel::NodeId id = 0; id < ast.size(); ++id) {
    const cel::Node& node = ast[id];
    if (node.kind != cel::NodeKind::kCall || node.arguments.size() != 2) continue;
    if (node.name != "host_matches" && node.name != "path_matches") continue;
    const cel::Node& patterns = ast[node.arguments[1]];
    check(patterns, node.name == "host_matches");
    if (patterns.kind != cel::NodeKind::kList) continue;
    for (const cel::Entry& entry : patterns.entries) check(ast[entry.value], node.name == "host_matches");
  }
  return issues;
}

}  // namespace agentos::policy
