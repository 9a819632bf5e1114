// agentos syscalls: the table of calls, from this program itself; no kernel is needed.
#include "abi/table.h"
#include "apps/agentos/report.h"
#include "apps/agentos/verbs.h"

namespace agentos::cli {

Result<int> verb_syscalls(const Globals& globals) {
  if (globals.format == Format::kJson) {
    json::Array rows;
    for (const abi::Row& row : abi::rows()) {
      json::Array errors;
      for (const ErrorCode code : row.errors) errors.emplace_back(abi::error_info(code).name);
      json::Object one;
      one["number"] = static_cast<std::int64_t>(row.number);
      one["name"] = row.name;
      one["summary"] = row.summary;
      one["support"] = abi::name_of(row.support);
      one["subject"] = abi::name_of(row.subject);
      one["right"] = row.right_name;
      one["effect"] = abi::name_of(row.effect);
      one["errors"] = std::move(errors);
      rows.emplace_back(std::move(one));
    }
    print_json(json::Value(std::move(rows)));
    return kExitOk;
  }
  Table table({{"NO", Align::kRight},
               {"CALL"},
               {"BY"},
               {"RIGHT"},
               {"EFFECT"},
               {"SUPPORT"},
               {"SUMMARY", Align::kLeft, Fit::kFlexible}});
  for (const abi::Row& row : abi::rows()) {
    table.add({std::to_string(row.number), std::string(row.name), std::string(abi::name_of(row.subject)),
               std::string(row.right_name), std::string(abi::name_of(row.effect)),
               std::string(abi::name_of(row.support)), std::string(row.summary)});
  }
  print_table(table);
  return kExitOk;
}

}  // namespace agentos::cli
