// The attributes of one request as CEL values, and the scratch its expressions are evaluated in.
//
// One thread; kept by the thread between decisions, so that deciding allocates nothing once it is warm.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/policy/attributes.h"
#include "lib/policy/cel/activation.h"
#include "lib/policy/cel/scratch.h"
#include "lib/policy/forms.h"
#include "lib/policy/policy.h"
#include "lib/policy/text_list.h"

namespace agentos::policy {

class AgentRecord final : public cel::Record {
 public:
  void over(const Request& request);
  const cel::RecordShape& shape() const override { return *agent_shape(); }
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;

 private:
  cel::Value groups(cel::Scratch& scratch) const;
  const Request* request_ = nullptr;
  TextList labels_, chain_;
};

class CallRecord final : public cel::Record {
 public:
  void over(const Request& request) { request_ = &request; }
  const cel::RecordShape& shape() const override { return *call_shape(); }
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;

 private:
  const Request* request_ = nullptr;
};

class ToolRecord final : public cel::Record {
 public:
  void over(const Request& request) { request_ = &request; }
  const cel::RecordShape& shape() const override { return *tool_shape(); }
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;

 private:
  const Request* request_ = nullptr;
};

class ResultRecord final : public cel::Record {
 public:
  void over(const ResultFacts& result) { result_ = &result; }
  const cel::RecordShape& shape() const override { return *result_shape(); }
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;

 private:
  const ResultFacts* result_ = nullptr;
};

// history.calls[NAME]: how often the run was allowed a call or tool of that name; 0 for those it never made.
class CallCounts final : public cel::Map {
 public:
  void over(const Past* past) { past_ = past; }
  std::uint32_t size() const override { return 0; }
  cel::Value find(const cel::Value& key, cel::Scratch& scratch) const override;
  cel::MapEntry entry(std::uint32_t, cel::Scratch&) const override { return {}; }

 private:
  const Past* past_ = nullptr;
};

class HistoryRecord final : public cel::Record {
 public:
  void over(const Past* past) { counts_.over(past); }
  const cel::RecordShape& shape() const override { return *history_shape(); }
  cel::Value field(std::uint32_t, cel::Scratch&) const override { return cel::Value::map(counts_); }

 private:
  CallCounts counts_;
};

// Arguments under the shape a rule was compiled for. A member of another type than declared is an error value: what is
// decided has passed no schema yet.
class ArgumentsRecord final : public cel::Record {
 public:
  ArgumentsRecord(const cel::RecordShape* shape, const json::Object* object) : shape_(shape), object_(object) {}
  const cel::RecordShape& shape() const override { return *shape_; }
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;

 private:
  const cel::RecordShape* shape_;
  const json::Object* object_;
};

// The numbers of the patterns that match one argument, found out when a rule asks.
struct PatternMatches {
  enum class Known : std::uint8_t { kNo, kYes, kNever };
  Known known = Known::kNo;
  std::vector<int> ids;  // ascending
};

class ExpressionState {
 public:
  static ExpressionState* acquire(const Request& request);
  static void release(ExpressionState* state);

  cel::Scratch& scratch() { return scratch_; }
  // Any attribute but args and table, which depend on the rule. Absent when the request has none.
  cel::Value attribute(Attribute attribute);
  // Of a field of one engine's index; `of` tells engines apart.
  PatternMatches& patterns(const void* of, std::size_t field);
  const json::Value* arguments();  // null when they are not known as an object
  Forms& forms() { return forms_; }

 private:
  void bind(const Request& request);

  cel::Scratch scratch_;
  Forms forms_;
  const Request* request_ = nullptr;
  bool in_use_ = false;
  AgentRecord agent_;
  CallRecord call_;
  ToolRecord tool_;
  ResultRecord result_;
  HistoryRecord history_;
  TextList flow_;
  const void* patterns_of_ = nullptr;
  std::vector<PatternMatches> patterns_;
};

}  // namespace agentos::policy
