// The functions of expressions that give canonical forms, and the shapes of what they give. GRAMMAR.md, "Canonical
// forms", is the page for people.
//
// They ask the Forms that the scratch of an evaluation has as its host; without one they fail. A text without a form is
// an error value.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/environment.h"

namespace agentos::policy {

// url(t), host(t), path(t), path(t, folder), shell(t), sql(t), hazards(t), host_matches(h, p), path_matches(p, g).
std::span<const cel::Function> form_functions();
bool is_form_function(std::string_view name);

const std::shared_ptr<const cel::RecordShape>& url_shape();
const std::shared_ptr<const cel::RecordShape>& host_shape();
const std::shared_ptr<const cel::RecordShape>& path_shape();
const std::shared_ptr<const cel::RecordShape>& shell_shape();
const std::shared_ptr<const cel::RecordShape>& sql_shape();

// What is wrong with the literal patterns of host_matches and path_matches in a tree.
std::vector<cel::Issue> pattern_issues(const cel::Ast& ast);

}  // namespace agentos::policy
