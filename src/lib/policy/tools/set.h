// A set of documents compiled for looking into, and requests against it.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "lib/policy/program.h"
#include "lib/policy/tools/request.h"

namespace agentos::policy::tools {

// The vocabulary is shared since stated requests have views into it.
struct PolicySet {
  std::vector<Source> sources;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::shared_ptr<const CompiledProgram> program;
  std::shared_ptr<canonical::SqlParser> sql = nullptr;  // null: rules that ask for SQL deny

  Result<std::unique_ptr<const StatedRequest>> read(const json::Value& stated) const {
    return StatedRequest::read(stated, *vocabulary, *program, sql.get());
  }
};

// The first error of the documents, with its place.
Result<PolicySet> compile_set(std::vector<Source> sources, std::shared_ptr<const Vocabulary> vocabulary,
                              std::shared_ptr<canonical::SqlParser> sql = nullptr);

}  // namespace agentos::policy::tools
