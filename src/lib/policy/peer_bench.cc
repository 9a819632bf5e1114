// AgentOS on the workload that bench/policy gives every engine: the arguments are read from a JSON object by name, as
// in the kernel. Timed as the peers are: half of the time batches of 16 decisions (p50 and rate: the clock is
// amortised), half single ones (p99: the clock's own cost is taken off). One JSON object a line.
//
//   peer_bench rules WORKLOAD RULES SECONDS [verify]   decisions; load_ms is the median of five compilations
//   peer_bench cel WORKLOAD SECONDS                    single expressions
//   peer_bench reload WORKLOAD RULES SECONDS           decisions while another thread compiles and swaps the same set
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "lib/policy/cel/program.h"
#include "lib/policy/fixture.h"

using namespace agentos;
using namespace agentos::policy;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kBatch = 16;
constexpr std::size_t kSamplesMax = 1'000'000;
constexpr int kCompilations = 5;

double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double percentile(std::vector<double>& samples, double which) {
  std::ranges::sort(samples);
  return samples[static_cast<std::size_t>(which * static_cast<double>(samples.size() - 1))];
}

double clock_cost_ns() {
  std::vector<double> samples;
  for (int i = 0; i < 10'000; ++i) samples.push_back(ns_since(Clock::now()));
  return percentile(samples, 0.5);
}

std::string read_file(const std::string& name) {
  std::ifstream file(name);
  if (!file) throw std::runtime_error(name + ": cannot be read; bench/policy/workload.py writes it");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<json::Value> read_lines(const std::string& name) {
  std::istringstream text(read_file(name));
  std::vector<json::Value> rows;
  for (std::string line; std::getline(text, line);) {
    auto row = json::parse(line);
    if (!row) throw std::runtime_error(name + ": " + row.error().message);
    rows.push_back(std::move(*row));
  }
  return rows;
}

class Samples {
 public:
  Samples() { taken_.reserve(kSamplesMax); }
  bool full() const { return taken_.size() == kSamplesMax; }
  void add(double ns) {
    taken_.push_back(ns);
    sum_ += ns;
  }
  double mean() const { return sum_ / static_cast<double>(taken_.size()); }
  double at(double which) { return percentile(taken_, which); }

 private:
  std::vector<double> taken_;
  double sum_ = 0;
};

// Round and round over the inputs.
class Round {
 public:
  explicit Round(std::size_t inputs) : inputs_(inputs) {}
  std::size_t next() { return at_ = at_ + 1 == inputs_ ? 0 : at_ + 1; }

 private:
  const std::size_t inputs_;
  std::size_t at_ = 0;
};

std::size_t kept = 0;  // what was decided, so that deciding cannot be left out

template <class Decide>
void measure_singles(Samples& singles, double seconds, Round& round, const Decide& decide) {
  const double clock = clock_cost_ns();
  for (auto start = Clock::now(); ns_since(start) < seconds * 1e9 && !singles.full();) {
    const std::size_t input = round.next();
    const auto before = Clock::now();
    kept += decide(input) ? 1 : 0;
    singles.add(std::max(0.0, ns_since(before) - clock));
  }
}

// As members of a JSON object.
template <class Decide>
std::string measure(std::size_t inputs, double seconds, const Decide& decide) {
  Samples batches, singles;
  Round round(inputs);
  for (auto start = Clock::now(); ns_since(start) < seconds / 2 * 1e9 && !batches.full();) {
    const auto before = Clock::now();
    for (std::size_t k = 0; k < kBatch; ++k) kept += decide(round.next()) ? 1 : 0;
    batches.add(ns_since(before) / kBatch);
  }
  measure_singles(singles, seconds / 2, round, decide);
  return fmt::format("\"p50_ns\":{:.1f},\"p99_ns\":{:.1f},\"decisions_per_second\":{:.0f}", batches.at(0.5),
                     singles.at(0.99), 1e9 / batches.mean());
}

class JsonArguments final : public Arguments {
 public:
  explicit JsonArguments(const json::Value& value) : value_(&value) {}
  bool text(std::string_view name, std::string_view& out) const override {
    const json::Value* member = value_->find(name);
    if (member == nullptr || !member->is_string()) return false;
    out = member->as_string();
    return true;
  }
  bool integer(std::string_view name, std::int64_t& out) const override {
    const json::Value* member = value_->find(name);
    if (member == nullptr || !member->is_int()) return false;
    out = member->as_int();
    return true;
  }
  bool present(std::string_view name) const override { return value_->find(name) != nullptr; }
  const json::Value* object() const override { return value_; }

 private:
  const json::Value* value_;
};

struct Workload {
  std::string document;
  std::vector<json::Value> rows;
  std::vector<JsonArguments> arguments;
  std::vector<Request> requests;

  explicit Workload(const std::string& folder)
      : document(read_file(folder + "/agentos.yaml")), rows(read_lines(folder + "/requests.jsonl")) {
    for (const json::Value& row : rows) arguments.emplace_back(*row.find("args"));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Request request;
      request.principal = {.agent = "demo-1", .name = "demo", .parent = {}, .ring = 3, .labels = {}};
      request.call = fixture::number_of("exec");
      request.call_name = "exec";
      request.tool = rows[i].find("tool")->as_string();
      request.arguments = &arguments[i];
      requests.push_back(request);
    }
  }

  std::shared_ptr<const Program> compile() const {
    auto program = fixture::compile({document});
    if (!program) throw std::runtime_error(program.error().message);
    return *program;
  }
};

// FNV-1a over one letter a verdict.
std::string digest(const Program& program, const std::vector<Request>& requests) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const Request& request : requests) {
    const char letter = program.decide(request).verdict == Verdict::kAllow ? 'a' : 'd';
    hash = (hash ^ static_cast<std::uint64_t>(letter)) * 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

void rules(const std::string& workload, const std::string& rules, double seconds) {
  const Workload work(workload + "/" + rules);
  std::vector<double> compilations;
  std::shared_ptr<const Program> program;
  for (int i = 0; i < kCompilations; ++i) {
    const auto start = Clock::now();
    program = work.compile();
    compilations.push_back(ns_since(start) / 1e6);
  }
  const double load_ms = percentile(compilations, 0.5);
  const std::string verdicts = digest(*program, work.requests);
  std::vector<Request> of_regex;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    if (work.rows[i].bool_or("regex", false)) of_regex.push_back(work.requests[i]);
  }
  auto report = [&](std::string_view kind, const std::vector<Request>& requests) {
    if (requests.empty()) return;
    const std::string timing = measure(requests.size(), seconds, [&](std::size_t input) {
      return program->decide(requests[input]).verdict == Verdict::kAllow;
    });
    fmt::print(
        "{{\"engine\":\"agentos\",\"rules\":{},\"kind\":\"{}\",{},\"load_ms\":{:.2f},\"verdicts_digest\":\"{}\"}}\n",
        rules, kind, timing, load_ms, verdicts);
  };
  report("mixed", work.requests);
  report("regex", of_regex);
}

void expressions(const std::string& workload, double seconds) {
  cel::Environment environment;
  const cel::Type object = cel::Type::map(cel::Type::string(), cel::Type::dyn());
  if (!environment.add_variable("args", object) || !environment.add_variable("agent", object)) {
    throw std::runtime_error("the variables cannot be declared");
  }
  for (const json::Value& row : read_lines(workload + "/expressions.jsonl")) {
    const auto program = cel::compile(row.find("expression")->as_string(), environment);
    if (!program) throw std::runtime_error(program.error().front().message);
    const json::Value& input = *row.find("input");
    const std::array variables = {cel::Value::json(*input.find("args")), cel::Value::json(*input.find("agent"))};
    const cel::Activation activation{variables};
    cel::Scratch scratch;
    auto evaluate = [&](std::size_t) {
      scratch.reset();
      return program->evaluate(activation, scratch).is_true();
    };
    const bool value = evaluate(0);
    fmt::print("{{\"engine\":\"agentos\",\"expression\":\"{}\",{},\"value\":{}}}\n", row.find("name")->as_string(),
               measure(1, seconds, evaluate), value);
  }
}

// What an agent of the kernel holds: the program, shared, under a lock that each decision takes to copy the pointer.
class InForce {
 public:
  explicit InForce(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> get() {
    const std::lock_guard lock(mutex_);
    return program_;
  }
  void set(std::shared_ptr<const Program> program) {
    const std::lock_guard lock(mutex_);
    program_.swap(program);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Program> program_;
};

void reload(const std::string& workload, const std::string& rules, double seconds) {
  const Workload work(workload + "/" + rules);
  InForce in_force(work.compile());
  auto decide = [&](std::size_t input) {
    return in_force.get()->decide(work.requests[input]).verdict == Verdict::kAllow;
  };
  Round round(work.requests.size());
  Samples before, during;
  measure_singles(before, seconds / 2, round, decide);
  std::atomic<bool> stop = false;
  int reloads = 0;
  std::thread reloader([&] {
    while (!stop) {
      in_force.set(work.compile());
      ++reloads;
    }
  });
  measure_singles(during, seconds / 2, round, decide);
  stop = true;
  reloader.join();
  fmt::print(
      "{{\"engine\":\"agentos\",\"rules\":{},\"kind\":\"reload\",\"p99_before_ns\":{:.1f},\"p99_during_ns\":{:.1f},"
      "\"worst_before_ns\":{:.0f},\"worst_during_ns\":{:.0f},\"reloads\":{}}}\n",
      rules, before.at(0.99), during.at(0.99), before.at(1), during.at(1), reloads);
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  try {
    if (arguments.size() >= 4 && arguments[0] == "rules") {
      rules(arguments[1], arguments[2], std::stod(arguments[3]));
    } else if (arguments.size() == 4 && arguments[0] == "reload") {
      reload(arguments[1], arguments[2], std::stod(arguments[3]));
    } else if (arguments.size() == 3 && arguments[0] == "cel") {
      expressions(arguments[1], std::stod(arguments[2]));
    } else {
      fmt::print(
          stderr,
          "usage: peer_bench rules WORKLOAD RULES SECONDS | reload WORKLOAD RULES SECONDS | cel WORKLOAD SECONDS\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return kept == 0 ? 1 : 0;
}
