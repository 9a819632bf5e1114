// Argument clauses on canonical forms: {host: [...]}, {under: /project}, {programs: [...]}, {tables: [...]} and the
// like.
//
// They compare what expressions get from url(), host(), path(), shell() and sql(), never the text. Of an allow rule
// every value must be among the patterns; of a deny or ask rule, a limit or a step one is enough. A text without a form
// is an error, so it denies. A text whose form is ambiguous satisfies no allow rule, and is an error for another rule
// that does not match it anyway. GRAMMAR.md, "Canonical forms", is the page for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/node_reader.h"
#include "lib/policy/request_view.h"
#include "lib/policy/rule.h"

namespace agentos::policy {

// Precondition of those that take one condition: its type or operator is one of forms.

// The patterns of condition.op; false after a complaint.
bool read_form_operand(NodeReader& read, const yaml::Node& node, Condition& condition);
// Type and sentences; `rule` reads "a rule (file:line:column)".
void finish_form_condition(Condition& condition, std::string_view rule);
// What an allow rule that looks at commands or SQL does not mention is not allowed: files written by redirection, and
// hazards of SQL. Appends a condition that says so.
void add_implied_conditions(std::string_view argument, std::string_view rule, Condition::Quantity quantity,
                            std::vector<Condition>& conditions);

Truth form_holds(const Condition& condition, RequestView& view);
// What the form has, for explanations; the text itself when it has no form.
json::Value form_actual(const Condition& condition, RequestView& view);
// Why the condition is an error for this request; empty when it is none.
std::string form_failure(const Condition& condition, RequestView& view);
// A text of `argument` that the conditions on it could accept; empty when none is known.
std::string form_example(const std::vector<Condition>& conditions, std::string_view argument);

}  // namespace agentos::policy
