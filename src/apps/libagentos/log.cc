// Verifying a log, with or without a kernel.
#include <unistd.h>

#include <cerrno>

#include "apps/libagentos/boundary.h"
#include "lib/recorder/reader.h"

using agentos::Status;
using agentos::c::guarded;
using agentos::c::need;
using agentos::json::Object;

namespace {

std::string as_json(const agentos::recorder::VerifyReport& report) {
  Object object;
  object["valid"] = report.valid;
  object["entries"] = report.entries;
  object["checkpoint_size"] = report.checkpoint_size;
  object["root"] = report.root;
  object["intents"] = report.intents;
  object["outcomes"] = report.outcomes;
  object["refused"] = report.refused;
  object["events"] = report.events;
  object["unknown"] = report.unknown;
  object["open_intents"] = report.open_intents;
  object["problem"] = agentos::json::to_valid_utf8(report.problem);
  object["position"] = agentos::json::to_valid_utf8(report.position);
  return agentos::json::write(agentos::json::Value(std::move(object)));
}

}  // namespace

int agentos_log_verify(const char* directory, char** report_json, agentos_failure* failure) {
  if (report_json != nullptr) *report_json = nullptr;
  return guarded(failure, [&](Object&) -> Status {
    TRY(need(directory, "directory"));
    if (::access(directory, R_OK | X_OK) != 0) {
      return agentos::fail_errno(errno, "cannot read the log " + agentos::json::to_valid_utf8(directory));
    }
    const auto report = TRY(agentos::recorder::verify_log(directory));
    if (report_json != nullptr) *report_json = agentos::c::copy_out(as_json(report));
    if (report.valid) return {};
    return agentos::fail(agentos::abi::error::corrupt, report.problem + " at " + report.position);
  });
}
