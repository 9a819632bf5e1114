// The page: a table a place, then what expressions may name.
#include <fmt/format.h>

#include <algorithm>

#include "lib/policy/attributes.h"
#include "lib/policy/keys.h"
#include "lib/policy/tools/schema.h"

namespace agentos::policy::tools {
namespace {

std::string cell(std::string_view text) {  // a bar would end the cell
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (std::string_view word : words) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", word);
  return out;
}

std::string anchor(Where place) {
  std::string out;
  for (char c : title_of(place)) {
    if (c == ' ') out += '-';
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) out += static_cast<char>(c | 0x20);
  }
  return out;
}

std::string link(Where place) { return fmt::format("[{}](#{})", title_of(place), anchor(place)); }

std::string value_words(const Key& key) {
  switch (key.form) {
    case KeyForm::kWord:
      return joined(key.words);
    case KeyForm::kWords:
      return "list of " + joined(key.words);
    case KeyForm::kName:
      return "name";
    case KeyForm::kNames:
      return "list of names";
    case KeyForm::kText:
      return "text";
    case KeyForm::kTexts:
      return "list of texts";
    case KeyForm::kInteger:
      return "integer";
    case KeyForm::kNumber:
      return "number";
    case KeyForm::kBoolean:
      return "boolean";
    case KeyForm::kDuration:
      return "duration, `30s`";
    case KeyForm::kGlobs:
      return "list of globs";
    case KeyForm::kPathGlobs:
      return "list of path globs";
    case KeyForm::kRings:
      return "list of 0 to 3";
    case KeyForm::kCalls:
      return "list of [calls](calls.md), or `*`";
    case KeyForm::kTargets:
      return "list of globs, `self`, `children`, `parent`, `none`";
    case KeyForm::kExpression:
      return "expression";
    case KeyForm::kExpressions:
      return "mapping of names to expressions";
    case KeyForm::kMoment:
      return "`08:00`, or `2026-12-20T00:00:00Z`";
    case KeyForm::kValue:
      return "text or integer";
    case KeyForm::kValues:
      return "list of texts, or of integers";
    case KeyForm::kPorts:
      return "list of 1 to 65535";
    case KeyForm::kTextOrTexts:
      return "text, or list of texts";
    case KeyForm::kAnyTexts:
      return "list of texts, may be empty";
    case KeyForm::kData:
      return "anything";
    case KeyForm::kDataMap:
      return "mapping";
    case KeyForm::kObject:
      return link(key.nested);
    case KeyForm::kObjects:
      return "list, each " + link(key.nested);
    case KeyForm::kObjectMap:
      return "mapping of names, each " + link(key.nested);
    case KeyForm::kObligations:
      return fmt::format("list of {}, or {}", joined(key.words), link(key.nested));
    case KeyForm::kObjectOrGlobs:
      break;
  }
  return "list of globs, or " + link(key.nested);
}

std::string section(Where place) {
  std::string out = fmt::format("\n## {}\n\n| key | value | needed | means |\n|---|---|---|---|\n", title_of(place));
  out[4] = static_cast<char>(out[4] & ~0x20);
  for (const Key* key : keys_of(place)) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", key->name, cell(value_words(*key)), key->required ? "yes" : "",
                       cell(key->summary));
  }
  return out;
}

void add_shape(std::string& out, std::string_view variable, const cel::Type& type, std::string_view phases) {
  out += fmt::format("| `{}` | {} | {} |\n", variable, cell(type.to_string()), phases);
  if (!type.is(cel::TypeKind::kRecord)) return;
  for (const cel::Field& field : type.shape().fields()) {
    out += fmt::format("| `{}.{}` | {}{} | |\n", variable, field.name, cell(field.type.to_string()),
                       field.presence == cel::Presence::kMayBeAbsent ? ", may be absent" : "");
  }
}

std::string attributes_section(const Vocabulary& vocabulary) {
  std::string out =
      "\n## Attributes\n\nWhat an expression may name, and its type. `args` has the arguments' own types when every "
      "call and tool a rule names is known.\n\n| attribute | type | where |\n|---|---|---|\n";
  Selector of_tools;
  of_tools.call_names = {"exec"};
  const Attributes all = attributes_for(vocabulary, Phase::kResult, of_tools, {});
  for (const cel::Variable& variable : all.environment.variables()) {
    add_shape(out, variable.name, variable.type, where_known(variable.name));
  }
  return out;
}

std::string functions_section(const Vocabulary& vocabulary) {
  const Attributes all = attributes_for(vocabulary, Phase::kResult, {}, {});
  std::vector<std::string_view> names = all.environment.function_names();
  std::erase_if(names, [](std::string_view name) {
    return name.find_first_of("@?!") != std::string_view::npos || name.starts_with('_') || name.starts_with('-');
  });
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::string line, out = "\n## Functions\n\n";
  for (std::string_view name : names) {
    const std::string word = fmt::format("`{}`", name);
    if (line.size() + word.size() + 1 > 118) {
      out += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + line + "\n";
}

}  // namespace

std::string reference_page(const Vocabulary& vocabulary, std::string_view notice) {
  std::string out = fmt::format(
      "<!-- {} -->\n# Policy documents\n\nEvery key there is, from `src/lib/policy/keys.cc`; another one is refused. "
      "What they mean together is on [the language's page](../../src/lib/policy/GRAMMAR.md), a JSON Schema for editors "
      "in [policy_schema.json](policy_schema.json).\n",
      notice);
  for (std::size_t place = 0; place < kWheres; ++place) out += section(static_cast<Where>(place));
  return out + attributes_section(vocabulary) + functions_section(vocabulary);
}

}  // namespace agentos::policy::tools
