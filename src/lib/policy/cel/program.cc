// Programs: compiling and evaluating.
#include "lib/policy/cel/program.h"

#include "lib/policy/cel/plan/cost.h"
#include "lib/policy/cel/plan/planner.h"

namespace agentos::cel {

Program::Program(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

const Type& Program::type() const { return plan_->ast[plan_->ast.root()].type; }
const Ast& Program::ast() const { return plan_->ast; }
std::span<const AttributePath> Program::reads() const { return plan_->reads; }
std::uint64_t Program::cost_bound(const SizeBounds& bounds) const { return cost_of(plan_->ast, bounds); }

Value Program::evaluate(const Activation& activation, Scratch& scratch) const {
  Frame frame{activation, scratch, nullptr};
  Value result;
  if (scratch.take_steps(plan_->root->weight)) {
    if (plan_->locals > 0) frame.locals = scratch.make_array<Value>(plan_->locals).data();
    if (frame.locals != nullptr || plan_->locals == 0) result = cel::evaluate(plan_->root, frame);
  }
  if (!scratch.is_exhausted()) [[likely]]
    return result;
  static constexpr EvaluationError kTooCostly{"cost limit exceeded"}, kTooLarge{"memory limit exceeded"};
  return Value::error(scratch.exhausted_limit() == kTooCostly.message ? kTooCostly : kTooLarge);
}

Value Activation::load(std::uint32_t, Scratch&) const { return Value(); }

std::expected<Program, std::vector<Issue>> compile(Ast ast, const Environment& environment, const Limits& limits) {
  auto plan = std::make_unique<Plan>();
  const CheckMode mode = ast.is_checked() ? CheckMode::kStrict : CheckMode::kLenient;
  if (mode == CheckMode::kLenient) Checker(ast, environment, limits, mode).run();
  plan->ast = std::move(ast);
  std::vector<Issue> issues = Planner(*plan, environment, limits, mode).run();
  if (!issues.empty()) return std::unexpected(std::move(issues));
  plan->reads = attribute_paths(plan->ast);
  return Program(std::move(plan));
}

std::expected<Program, std::vector<Issue>> compile(std::string_view source, const Environment& environment,
                                                   const Limits& limits) {
  auto ast = parse(source, limits, environment.has_block_macros() ? Macros::kWithBlocks : Macros::kStandard);
  if (!ast) return std::unexpected(std::move(ast).error());
  auto checked = check(std::move(*ast), environment, limits);
  if (!checked) return std::unexpected(std::move(checked).error());
  return compile(std::move(*checked), environment, limits);
}

}  // namespace agentos::cel
