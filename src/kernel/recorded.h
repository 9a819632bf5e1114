// What of arguments, results and details goes into the record: by default what is short and clean, else a digest with a
// cleaned preview. Findings in them are facts for policy, made when a rule asks.
#pragma once

#include <string>
#include <string_view>

#include "kernel/recorded_content.h"
#include "lib/guard/preview.h"
#include "lib/policy/policy.h"

namespace agentos::kernel {

struct CallContext;

// `json` as the record keeps it; valid until the next call with this room.
std::string_view recorded_content(std::string_view json, RecordedContent content, guard::PreviewRoom& room);
// A detail of the kernel's own, whole, with findings replaced.
std::string recorded_detail(std::string json);

// Over the arguments of a call; `where` is "args.NAME". One thread at a time, as its context.
class ArgumentFindings final : public policy::FindingList {
 public:
  explicit ArgumentFindings(const CallContext& context) : context_(context) {}
  const json::Value& list() const override;
  void forget() { list_ = {}; }  // the arguments are others now

 private:
  const CallContext& context_;
  mutable json::Value list_;
};

// Over a result; `where` is "result".
class ResultFindings final : public policy::FindingList {
 public:
  explicit ResultFindings(const policy::ResultFacts& result) : result_(result) {}
  const json::Value& list() const override;

 private:
  const policy::ResultFacts& result_;
  mutable json::Value list_;
};

}  // namespace agentos::kernel
