// A program with a kernel inside: it gives its agent a tool and a policy, lets it work, sees it refused, and proves
// the record afterwards. Run it with the path of a folder for the log.
#include <cstdio>
#include <string>

#include "kernel/kernel.h"
#include "lib/recorder/reader.h"

namespace {

using namespace agentos;

constexpr const char* kPolicy = R"(
apiVersion: agentos/v1
kind: Policy
metadata: {name: clerk}
spec:
  rules:
    - {name: notes, syscalls: [read, write], paths: ["/mem/working/**"], action: allow}
    - {name: pricing, syscalls: [exec], tools: [price], action: allow}
)";

// A tool that is a function of this program. The kernel has checked the arguments against the schema below.
Result<json::Value> price(const json::Value& arguments, const std::atomic<bool>&) {
  json::Object result;
  result["total_cents"] = 250 * arguments.int_or("apples", 0);
  return json::Value(std::move(result));
}

Status add_price(kernel::Kernel& kernel) {
  tool::Manifest manifest;
  manifest.name = "price";
  manifest.summary = "What some apples cost.";
  manifest.runs = tool::Runs::kHost;
  manifest.read_only = true;
  manifest.input_schema = TRY(
      json::parse(R"({"type":"object","properties":{"apples":{"type":"integer","minimum":0}},"required":["apples"]})"));
  return kernel.tools().add(std::move(manifest), kernel.host_executors().make(price));
}

Status work(abi::Session& agent) {
  abi::ExecRequest exec;
  exec.tool = "price";
  exec.arguments = json::Object{{"apples", 4}};
  const abi::ExecReply priced = TRY(agent.call(exec));
  std::printf("tool       %s\n", json::write(priced.result).c_str());

  abi::WriteRequest write;
  write.path = "/mem/working/bill";
  write.data = Bytes(json::write(priced.result));
  std::printf("written    %lld octets\n", static_cast<long long>(TRY(agent.call(write)).size));

  abi::ReadRequest read;
  read.path = write.path;
  std::printf("read       %s\n", TRY(agent.call(read)).data.content.c_str());
  return {};
}

// What the policy does not allow does not happen, and the answer says why.
bool is_refused(abi::Session& agent) {
  abi::WriteRequest write;
  write.path = "/mem/semantic/prices";
  write.data = Bytes("everything is free");
  const auto reply = agent.call(write);
  if (reply) return false;
  std::printf("denied     %s\n", reply.error().message.c_str());
  return reply.error().code == abi::error::denied;
}

Status run(const std::string& state_directory) {
  kernel::KernelOptions options;
  options.state_directory = state_directory;
  auto kernel = TRY(kernel::Kernel::open(std::move(options)));
  TRY(add_price(*kernel));

  kernel::AgentOptions clerk;
  clerk.name = "clerk";
  clerk.policy = {{kPolicy, "clerk.yaml"}};
  auto agent = TRY(kernel->create_agent(std::move(clerk)));
  std::printf("agent      %s\n", agent->agent().c_str());
  TRY(work(*agent));
  if (!is_refused(*agent)) return fail(ErrorCode::kInternal, "the agent was not refused");
  agent.reset();
  kernel.reset();

  const auto report = TRY(recorder::verify_log(state_directory + "/log"));
  if (!report.valid) return fail(ErrorCode::kCorrupt, report.problem + " at " + report.position);
  std::printf("log        valid, %llu entries, %llu refused\n", static_cast<unsigned long long>(report.entries),
              static_cast<unsigned long long>(report.refused));
  return {};
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: embed_cpp STATE_DIRECTORY\n");
    return 64;
  }
  if (const Status status = run(words[1]); !status) {
    std::fprintf(stderr, "embed_cpp: %s\n", status.error().message.c_str());
    return 1;
  }
  return 0;
}
