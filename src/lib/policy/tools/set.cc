// Compiling a set: every set that has documents becomes a CompiledProgram.
#include "lib/policy/tools/set.h"

namespace agentos::policy::tools {

Result<PolicySet> compile_set(std::vector<Source> sources, std::shared_ptr<const Vocabulary> vocabulary,
                              std::shared_ptr<canonical::SqlParser> sql) {
  PolicySet set{
      .sources = std::move(sources), .vocabulary = std::move(vocabulary), .program = nullptr, .sql = std::move(sql)};
  set.program =
      std::dynamic_pointer_cast<const CompiledProgram>(TRY(Program::compile(set.sources, *set.vocabulary, 1)));
  CHECK(set.program != nullptr);
  return set;
}

}  // namespace agentos::policy::tools
