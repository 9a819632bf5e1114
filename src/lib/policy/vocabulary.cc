// The words of the table of calls.
#include "abi/table.h"
#include "lib/policy/policy.h"

namespace agentos::policy {

Vocabulary table_vocabulary() {
  Vocabulary vocabulary;
  for (const abi::Row& row : abi::rows()) {
    Vocabulary::Call call;
    call.number = row.number;
    call.name = row.name;
    call.changes = row.effect != abi::Effect::none;
    call.arguments = row.request.info->fields;
    call.typed = true;
    vocabulary.calls.push_back(call);
  }
  return vocabulary;
}

}  // namespace agentos::policy
