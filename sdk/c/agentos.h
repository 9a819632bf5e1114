/* The stable C interface of AgentOS: a kernel inside this program, agents of this program, and their calls.
 *
 * Errors. A function that can fail returns 0 or a code of `enum agentos_error` (agentos_calls.h), and fills the
 *   agentos_failure it was given; NULL is accepted where nobody wants to know more. After success its code is 0 and
 *   its texts are empty. A NULL where an argument is needed is AGENTOS_ERROR_INVALID_ARGUMENT, never a crash. No C++
 *   exception leaves the library. Output arguments are set to NULL, 0 or -1 when a function fails.
 * Ownership. Strings that come out through a `char **` belong to the caller: agentos_free() them. Text that goes in is
 *   copied before the function returns. Text is UTF-8 and ends with a NUL.
 * Threads. Every function may be called from any thread, also several at once on one kernel or agent, but closing a
 *   handle ends its use: no other call may be under way on that handle, or come later. Functions block until the call
 *   is answered. A process that has opened a kernel must not fork() and go on using it in the child.
 * Units. Sizes and offsets are octets; names that end in _ms are milliseconds, in _us microseconds.
 * Stability. Functions, numbers and the layout of structs stay as they are within the shared object's name
 *   (libagentos.so.0); functions and calls are added. Requests and replies are the JSON objects of docs/reference.
 *
 * Agents made here are part of this program: they are governed and recorded like any other, but trusted, since nothing
 * can confine or kill a part of a process from outside.
 */
#ifndef AGENTOS_H
#define AGENTOS_H

#include <stddef.h>
#include <stdint.h>

#include "agentos_calls.h"

#if defined(__GNUC__)
#define AGENTOS_API __attribute__((visibility("default")))
#else
#define AGENTOS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct agentos_kernel agentos_kernel;
typedef struct agentos_agent agentos_agent;
typedef struct agentos_invocation agentos_invocation;

/* What went wrong. It owns nothing: it may live on the stack and be copied. Longer texts are cut between characters. */
typedef struct agentos_failure {
  int32_t code;       /* 0, or one of enum agentos_error */
  char name[32];      /* of the code: "denied" */
  char message[2048]; /* one sentence: what and where */
  char hint[512];     /* how to mend it; may be empty */
  char rule[272]; /* of a denial by policy: "document/rule", by agentos_call and agentos_call_descriptor; else empty */
  char step[32];  /* of a refusal: where the kernel refused it ("policy", "rights", "quota", ...); as for rule */
} agentos_failure;

/* "0.1.0"; never NULL, not to be freed. */
AGENTOS_API const char* agentos_version(void);
/* AGENTOS_ABI_REVISION of the library, to be compared with the header's. */
AGENTOS_API int64_t agentos_abi_revision(void);
/* "denied" for AGENTOS_ERROR_DENIED; "ok" for 0; NULL for a number that is no code. Not to be freed. */
AGENTOS_API const char* agentos_error_name(int code);
/* Frees what this library allocated; NULL is fine. */
AGENTOS_API void agentos_free(void* memory);

/* --- The kernel ------------------------------------------------------------------------------------------------- */

/* Opens a kernel. options_json is an object; an unknown member is refused:
 *   "state_directory"  string, needed: where the log is kept (folder "log"); made with mode 0700. One kernel at a time.
 *   "policy"           array of documents that govern every agent; each is
 *                        a string with a line break: the document itself (YAML or JSON),
 *                        another string: the path of a file,
 *                        {"text": "...", "file": "name for messages"}, or {"preset": "agent-default"}.
 *                      Left out: an agent without documents of its own may only use its own files.
 *   "policy_keys"      array of paths of public Ed25519 keys (PEM). With any, "policy" holds bundles signed by one of
 *                      them (agentos policy sign) and built-in documents only.
 *   "permissive"       true: whatever rights allow is allowed. Dangerous, and recorded. Default false.
 *   "mode"             when entries of the log are on disk: "effects" (default), "always" or "interval".
 *   "grace_ms"         how long closing waits for agents that handle SIGTERM; default 5000.
 *   "ask_timeout_ms"   how long a rule that asks waits for an approval when it names no time; default 60000.
 *   "agents_max"       how many agents may be alive at once; default 20000.
 *   "init"             path of the program agentos-init: agents and tools that are processes can then be started.
 *                      Left out: no process of an agent is ever started.
 *   "sql_parser"       path of the program agentos-parser: policy can then read SQL; without it such rules deny. */
AGENTOS_API int agentos_kernel_open(const char* options_json, agentos_kernel** kernel, agentos_failure* failure);

/* Ends every agent, writes the log to its end, signs it and frees the handle; NULL is fine. Blocks until done: calls
 * under way on agents are answered first. Agents that are still open stay valid handles, whose calls then fail with
 * AGENTOS_ERROR_NOT_RUNNING or AGENTOS_ERROR_TERMINATED; they are still to be closed. Not from a tool's function. */
AGENTOS_API void agentos_kernel_close(agentos_kernel* kernel);

/* One call as operator of this kernel ("ps", "explain", "policy_load", ...). As agentos_call. */
AGENTOS_API int agentos_operator_call(agentos_kernel* kernel, const char* call, const char* request_json,
                                      char** reply_json, agentos_failure* failure);

/* --- Agents ----------------------------------------------------------------------------------------------------- */

/* Makes an agent of this program. options_json is an object or NULL; an unknown member is refused:
 *   "name"    string, for people and policy; default "agent"
 *   "id"      string; default: made from the name. AGENTOS_ERROR_ALREADY_EXISTS when it is taken
 *   "policy"  array of documents as for agentos_kernel_open; beside the kernel's own, so they can only tighten those
 *   "preset"  string, one more document of "policy": the name of a built-in one
 *   "budget"  object of integers: calls bytes tokens money_micros time_ms concurrency
 *   "rights"  array of names (docs/reference/rights.md); default: those of ring 3
 *   "labels"  array of strings, for policy */
AGENTOS_API int agentos_agent_create(agentos_kernel* kernel, const char* options_json, agentos_agent** agent,
                                     agentos_failure* failure);
/* Ends the agent and frees the handle; NULL is fine. */
AGENTOS_API void agentos_agent_close(agentos_agent* agent);
/* Its id, which lives as long as the handle; NULL for NULL. */
AGENTOS_API const char* agentos_agent_id(const agentos_agent* agent);

/* One call: its name, and its request as a JSON object (NULL: {}). *reply_json becomes the reply, a JSON object; NULL
 * when nobody wants it. Octets are a string where they are UTF-8, else {"base64": "..."}. */
AGENTOS_API int agentos_call(agentos_agent* agent, const char* call, const char* request_json, char** reply_json,
                             agentos_failure* failure);
/* The same for calls whose reply comes with a descriptor ("mmap"). *descriptor is the caller's to close, or -1. */
AGENTOS_API int agentos_call_descriptor(agentos_agent* agent, const char* call, const char* request_json,
                                        char** reply_json, int* descriptor, agentos_failure* failure);

/* write and read without JSON; the same calls under the same rules. agentos_write replaces the whole file; `data` may
 * be NULL when size is 0. agentos_read fills at most `capacity` octets from `offset` on and says in *size how many; a
 * reply has at most 737280, so read on until *size is 0. */
AGENTOS_API int agentos_write(agentos_agent* agent, const char* path, const void* data, size_t size,
                              agentos_failure* failure);
AGENTOS_API int agentos_read(agentos_agent* agent, const char* path, int64_t offset, void* buffer, size_t capacity,
                             size_t* size, agentos_failure* failure);

/* --- Tools ------------------------------------------------------------------------------------------------------ */

/* A function of this program as a tool. It runs on a thread of the library's, several at once. arguments_json is a
 * JSON object that fits the input schema; it and `invocation` live until the function returns. The function returns 0
 * and sets *result to a JSON value (NULL means null), or returns another number and sets *result to a sentence that
 * says why it failed (or NULL). *result must come from malloc() or strdup(); the library frees it. */
typedef int (*agentos_tool_function)(void* user_data, const char* arguments_json, const agentos_invocation* invocation,
                                     char** result);
/* Called once when user_data is not needed any more: the tool was removed, or the kernel and every agent of it closed,
 * and every run of the function has returned. From any thread. */
typedef void (*agentos_release_function)(void* user_data);

/* Whether the call was cancelled or is past its deadline: not 0 means that nobody waits for the result. A function
 * that takes long should look now and then. */
AGENTOS_API int agentos_cancelled(const agentos_invocation* invocation);

/* Registers a tool. manifest_json is an object; an unknown member is refused:
 *   "name"              string, needed: letters, digits, _ . : / -; starts with a letter; at most 128
 *   "summary"           string: what it does
 *   "input_schema"      object: JSON Schema 2020-12 of the arguments; default: any object
 *   "output_schema"     object: of the result; default: anything
 *   "timeout_ms"        integer, the deadline; default 30000
 *   "read_only"         boolean, a declaration: it changes nothing outside itself; default false
 * `release` may be NULL. When registering fails, user_data stays the caller's and `release` is not called. Agents run
 * it with the call "exec" when policy allows; the operator call "tool_remove" takes it away. */
AGENTOS_API int agentos_tool_register(agentos_kernel* kernel, const char* manifest_json, agentos_tool_function function,
                                      void* user_data, agentos_release_function release, agentos_failure* failure);

/* --- The log ---------------------------------------------------------------------------------------------------- */

/* Verifies a log directory ("<state_directory>/log"), also while a kernel writes it. *report_json becomes
 * {"valid", "entries", "checkpoint_size", "root", "intents", "outcomes", "refused", "events", "unknown",
 * "open_intents", "problem", "position"}. Returns 0 for a valid log, AGENTOS_ERROR_CORRUPT with the report for one that
 * is not, another code when it cannot be read. */
AGENTOS_API int agentos_log_verify(const char* directory, char** report_json, agentos_failure* failure);

#ifdef __cplusplus
}
#endif

#endif /* AGENTOS_H */
