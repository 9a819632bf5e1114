// The generators: each adds its files. One .cc per kind of output.
#pragma once

#include "apps/abigen/files.h"
#include "base/error.h"

namespace agentos::abigen {

void add_schema(Files& files);             // src/abi/generated/schema.json
void add_policy_vocabulary(Files& files);  // src/abi/generated/policy_vocabulary.json
void add_mcp_tools(Files& files);          // src/abi/generated/mcp_tools.json
void add_numbers(Files& files);            // src/abi/generated/numbers.txt
void add_python_calls(Files& files);       // sdk/python/agentos/_calls.py
void add_python_errors(Files& files);      // sdk/python/agentos/_errors.py
void add_openapi(Files& files);            // src/abi/generated/openapi.json
void add_node_calls(Files& files);         // sdk/node/lib/calls.js and calls.d.ts
void add_node_errors(Files& files);        // sdk/node/lib/errors.js and errors.d.ts
void add_c_header(Files& files);           // sdk/c/agentos_calls.h
void add_policy_pages(Files& files);       // docs/reference/policy.md and policy_schema.json
void add_isolation_page(Files& files);     // docs/reference/isolation.md
void add_tables(Files& files);             // docs/reference/{calls,errors,signals,rights,events}.md
Status add_manual_pages(Files& files);     // docs/reference/man/agentos_<name>.2

}  // namespace agentos::abigen
