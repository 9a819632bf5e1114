// The prompts of the original kernel's MCP server, filled in: one user message each.
#include <array>
#include <utility>

#include "server/mcp_door/agent_speaker.h"

namespace agentos::mcp_door {
namespace {

struct PromptArgument {
  std::string_view name, description;
  bool required;
};
struct PromptText {
  std::string_view name, description;
  std::array<PromptArgument, 2> arguments;  // a nameless one is none
  std::string_view text;                    // {argument} is what was given, or empty
};
constexpr PromptText kPrompts[] = {
    {"governed_agent",
     "Tell a model how to work as an agent under this kernel.",
     {{{"agent_id", "The agent's id.", true}, {"policies", "Policies that govern it.", false}}},
     "You are the agent {agent_id}. A kernel decides each of your actions by policy and records it. Policies named to "
     "you: {policies}. Read what is in force with syscall.getpolicy, and ask with syscall.checkpolicy before an action "
     "whose permission you doubt. Act through the kernel's tools alone. When an action is denied, read the rule, the "
     "reason and the hint; change your plan, and do not look for a way around it. When it waits for a person, wait."},
    {"verify_claim",
     "Have a claim checked against evidence.",
     {{{"claim", "The claim.", true}, {}}},
     "Check this claim: {claim}\n\nSplit it into parts that can be true or false by themselves. For each, name the "
     "evidence for and against it and where it is from, by reading with the tools you have. Say which parts are "
     "supported, which are contradicted and which you could not check. Do not call the claim verified unless every "
     "part is supported by something you read."},
    {"safe_execution",
     "Have an action carried out with care.",
     {{{"action", "What to do.", true}, {"params", "Its arguments.", false}}},
     "Carry out the action {action} with these arguments: {params}\n\nFirst ask syscall.checkpolicy whether it would "
     "be "
     "allowed. If not, say so with the rule and the reason, and stop. If it would be, say what it changes and whether "
     "that can be undone, then call it once through kernel_execute, and report its result as it was."}};

const PromptText* find_prompt(std::string_view name) {
  for (const PromptText& prompt : kPrompts) {
    if (prompt.name == name) return &prompt;
  }
  return nullptr;
}

// What stands for an argument is put in as it is; nothing in it is filled in again.
std::string filled(const PromptText& prompt, const json::Value& arguments) {
  std::string out;
  for (std::string_view rest = prompt.text; !rest.empty();) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    out += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find('}');
    out += arguments.string_or(rest.substr(1, close - 1), "");
    rest.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

void AgentSpeaker::list_prompts(const mcp::Asked& asked) {
  json::Array prompts;
  for (const PromptText& prompt : kPrompts) {
    json::Array arguments;
    for (const PromptArgument& argument : prompt.arguments) {
      if (argument.name.empty()) continue;
      json::Object one{{"name", argument.name}, {"description", argument.description}};
      one["required"] = argument.required;
      arguments.emplace_back(std::move(one));
    }
    json::Object one{{"name", prompt.name}, {"description", prompt.description}};
    one["arguments"] = std::move(arguments);
    prompts.emplace_back(std::move(one));
  }
  json::Object result;
  result["prompts"] = std::move(prompts);
  answer(asked, json::Value(std::move(result)));
}

void AgentSpeaker::get_prompt(const mcp::Asked& asked) {
  const PromptText* prompt = find_prompt(asked.params.string_or("name", ""));
  if (prompt == nullptr) return answer_error(asked, {mcp::kInvalidParams, "there is no prompt of that name", {}});
  const json::Value none = json::Object{};
  const json::Value* arguments = asked.params.find("arguments");
  if (arguments == nullptr || !arguments->is_object()) arguments = &none;
  for (const PromptArgument& argument : prompt->arguments) {
    if (argument.required && arguments->string_or(argument.name, "").empty()) {
      return answer_error(
          asked, {mcp::kInvalidParams, "the prompt needs the argument \"" + std::string(argument.name) + "\"", {}});
    }
  }
  json::Object content{{"type", "text"}};
  content["text"] = filled(*prompt, *arguments);
  json::Object message{{"role", "user"}};
  message["content"] = std::move(content);
  json::Object result{{"description", prompt->description}};
  result["messages"] = json::Array{json::Value(std::move(message))};
  answer(asked, json::Value(std::move(result)));
}

}  // namespace agentos::mcp_door
