// Canonical forms in explanations of expressions: which to show with their values, and texts that could have a wanted
// form.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/cel/ast.h"

namespace agentos::policy {

// The expressions of a checked tree that read a form, as text: "url(args.u).host".
std::vector<std::string> forms_shown(const cel::Ast& ast);

// For a node compared by `function` with one of `values`: if it reads a form of an argument, texts of that argument
// whose form could be such a value.
void add_form_candidates(const cel::Ast& ast, cel::NodeId node, std::string_view function,
                         const std::vector<json::Value>& values,
                         std::vector<std::pair<std::string, json::Value>>& found);

// A host the pattern matches: "www.example.com" for "*.example.com".
std::string host_example(std::string_view pattern);

}  // namespace agentos::policy
