/* A C program with a kernel inside: it gives its agent a tool and a policy, lets it work, sees it refused, and proves
 * the record afterwards. Run it with the path of a folder for the log. */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include <agentos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kPolicy[] =
    "{\"name\": \"clerk\", \"policy\": [\"apiVersion: agentos/v1\\nkind: Policy\\nmetadata: {name: clerk}\\n"
    "spec:\\n  rules:\\n"
    "    - {name: notes, syscalls: [read, write], paths: [/mem/working/**], action: allow}\\n"
    "    - {name: pricing, syscalls: [exec], tools: [price], action: allow}\\n\"]}";

static const char kPrice[] =
    "{\"name\": \"price\", \"summary\": \"What some apples cost.\", \"read_only\": true, \"input_schema\": {\"type\": "
    "\"object\", \"properties\": {\"apples\": {\"type\": \"integer\"}}, \"required\": [\"apples\"]}}";

/* A tool that is a function of this program. The kernel has checked the arguments against the schema above. */
static int price(void* user_data, const char* arguments_json, const agentos_invocation* invocation, char** result) {
  const int cents = *(const int*)user_data;
  int apples = 0;
  (void)invocation;
  if (sscanf(arguments_json, "{\"apples\":%d}", &apples) != 1) {
    *result = strdup("apples alone are priced here");
    return 1;
  }
  *result = malloc(64);
  if (*result == NULL) return 1;
  snprintf(*result, 64, "{\"total_cents\":%d}", apples * cents);
  return 0;
}

static int stop(const char* what, const agentos_failure* failure) {
  fprintf(stderr, "embed_c: %s: %s (%s)\n", what, failure->message, failure->name);
  return 1;
}

static int work(agentos_agent* agent) {
  agentos_failure failure;
  char* reply = NULL;
  char buffer[64];
  size_t size = 0;
  const char note[] = "four apples";

  printf("agent      %s\n", agentos_agent_id(agent));
  if (agentos_call(agent, "exec", "{\"tool\": \"price\", \"arguments\": {\"apples\": 4}}", &reply, &failure) != 0)
    return stop("exec", &failure);
  printf("tool       %s\n", reply);
  agentos_free(reply);

  if (agentos_write(agent, "/mem/working/bill", note, strlen(note), &failure) != 0) return stop("write", &failure);
  if (agentos_read(agent, "/mem/working/bill", 0, buffer, sizeof buffer, &size, &failure) != 0)
    return stop("read", &failure);
  printf("read       %.*s\n", (int)size, buffer);

  /* What the policy does not allow does not happen, and the answer says why. */
  if (agentos_call(agent, "write", "{\"path\": \"/mem/semantic/prices\", \"data\": \"free\"}", NULL, &failure) !=
      AGENTOS_ERROR_DENIED) {
    fprintf(stderr, "embed_c: the agent was not refused\n");
    return 1;
  }
  printf("denied     %s: %s\n", failure.rule, failure.message);
  return 0;
}

static int run(const char* options, const char* log) {
  agentos_failure failure;
  agentos_kernel* kernel = NULL;
  agentos_agent* agent = NULL;
  char* report = NULL;
  int cents = 250;
  int code;

  if (agentos_kernel_open(options, &kernel, &failure) != 0) return stop("kernel", &failure);
  code = agentos_tool_register(kernel, kPrice, price, &cents, NULL, &failure);
  if (code == 0) code = agentos_agent_create(kernel, kPolicy, &agent, &failure);
  code = code == 0 ? work(agent) : stop("start", &failure);
  agentos_agent_close(agent);
  agentos_kernel_close(kernel);
  if (code != 0) return code;

  if (agentos_log_verify(log, &report, &failure) != 0) return stop("log", &failure);
  printf("log        %s\n", report);
  agentos_free(report);
  return 0;
}

int main(int count, char** words) {
  char options[4200];
  char log[4200];
  if (count != 2 || strlen(words[1]) > 4000 || strpbrk(words[1], "\"\\") != NULL) {
    fprintf(stderr, "usage: embed_c STATE_DIRECTORY\n");
    return 64;
  }
  snprintf(options, sizeof options, "{\"state_directory\": \"%s\"}", words[1]);
  snprintf(log, sizeof log, "%s/log", words[1]);
  return run(options, log);
}
