// docs/reference/policy.md and policy_schema.json: the keys of policy documents.
#include "apps/abigen/generators.h"
#include "lib/policy/tools/schema.h"

namespace agentos::abigen {

void add_policy_pages(Files& files) {
  const policy::Vocabulary vocabulary = policy::table_vocabulary();
  files["docs/reference/policy.md"] = policy::tools::reference_page(vocabulary, kNotice);
  files["docs/reference/policy_schema.json"] =
      json::write_pretty(policy::tools::schema_of_documents(vocabulary, kNotice)) + "\n";
}

}  // namespace agentos::abigen
