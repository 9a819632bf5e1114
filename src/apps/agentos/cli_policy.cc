// The grammar of `agentos policy`.
#include "apps/agentos/cli_words.h"

namespace agentos::cli {
namespace {

constexpr const char* kFiles = "Documents: files, directories or built-in ones by name; - is standard input";

void add_tools(CLI::App& verb, PolicyOptions& options) {
  verb.add_option("--tools", options.tool_files, "The tools there are: manifests, beside the built-in tools")
      ->allow_extra_args(false);
  verb.add_flag("--kernel", options.tools_of_kernel, "The tools there are: those of the running kernel");
}

// A request, as a whole or in parts.
void add_request(CLI::App& verb, PolicyOptions& options) {
  verb.add_option("--request", options.request, "The request: JSON, a file, or - for standard input");
  verb.add_option("--name", options.name, "The caller's name");
  verb.add_option("--ring", options.ring, "The caller's ring")->check(CLI::Range(0, 3));
  verb.add_option("--label", options.labels, "A label of the caller (may be repeated)")->allow_extra_args(false);
  verb.add_option("--tool", options.tool, "The tool of an exec");
  verb.add_option("--path", options.path, "The path the call names");
  verb.add_option("--phase", options.phase, "list, call, result or subscribe");
  verb.add_option("--time", options.time, "When, like 2026-11-28T20:00:00Z");
}

void add_looking(CLI::App& policy, Words& words) {
  CLI::App* check = add_verb(policy, words, "check", "Compile documents and report the first mistake",
                             "  agentos policy check rules.yaml org.yaml\n"
                             "  agentos policy check --policy-key fleet.pub fleet.json",
                             [&words] { return verb_policy_check(words.globals, words.policy); });
  check->add_option("files", words.policy.files, "Documents; - is standard input")->required();
  check
      ->add_option("--policy-key", words.policy.policy_keys,
                   "Public key of who may have signed a bundle (may be repeated)")
      ->allow_extra_args(false);
  CLI::App* show = add_verb(policy, words, "show", "Show a built-in document, or what is in force",
                            "  agentos policy show agent-default\n  agentos policy show --agent demo-1",
                            [&words] { return verb_policy_show(words.globals, words.policy); });
  show->add_option("name", words.policy.name, "A built-in document");
  show->add_option("--agent", words.policy.agent, "What is in force for this agent");
  CLI::App* schema = add_verb(policy, words, "schema", "Print the JSON Schema of documents, for editors",
                              "  agentos policy schema >policy_schema.json\n  agentos policy schema --page",
                              [&words] { return verb_policy_schema(words.globals, words.policy); });
  schema->add_flag("--page", words.policy.page, "As a page for people instead");
}

void add_bundles(CLI::App& policy, Words& words) {
  PolicyOptions& options = words.policy;
  CLI::App* sign = add_verb(
      policy, words, "sign", "Make a signed bundle of documents",
      "  openssl genpkey -algorithm ed25519 -out fleet.pem && openssl pkey -in fleet.pem -pubout -out fleet.pub\n"
      "  agentos policy sign --key fleet.pem --name fleet --revision 7 --out fleet.json org.yaml team.yaml\n"
      "  agentos serve --policy-key fleet.pub --policy fleet.json\n\n"
      "A kernel with --policy-key takes only what one of these keys signed, and never an older revision of a name.",
      [&words] { return verb_policy_sign(words.globals, words.policy); });
  sign->add_option("files", options.files, "Documents")->required();
  sign->add_option("--key", options.key, "The private Ed25519 key, a PEM file without a passphrase")->required();
  sign->add_option("--name", options.name, "The bundle's name; revisions count by name")->required();
  sign->add_option("--revision", options.revision, "A number that grows with every change")
      ->required()
      ->check(CLI::PositiveNumber);
  sign->add_option("--out", options.out, "The bundle's file; default: standard output");
  CLI::App* load =
      add_verb(policy, words, "load", "Replace the documents that govern every agent of the running kernel",
               "  agentos policy load org.yaml\n  agentos policy load fleet.json\n\n"
               "All or nothing: when a document is not valid, what was in force stays.",
               [&words] { return verb_policy_load(words.globals, words.policy); });
  load->add_option("files", options.files, "Documents, built-in ones by name, or signed bundles")->required();
}

void add_importing(CLI::App& policy, Words& words) {
  PolicyOptions& options = words.policy;
  CLI::App* imports = add_verb(
      policy, words, "import", "Write documents of other programs as ours, and say what could not be carried over",
      "  agentos policy import --from original policies/*.yaml -o imported.yaml\n"
      "  agentos policy import --from agentgateway config.yaml --map jwt.sub=agent.name -o tools.yaml\n"
      "  agentos policy import --from srt ~/.srt-settings.json -o hosts.yaml --profile files.yaml\n\n"
      "What is lost, what decides otherwise and what has another place is listed, each with its reason.\n"
      "Exit code: 0 everything was carried over, 1 a rule or restriction was lost, 3 a file is not valid.\n"
      "Pages: docs/guide/migrate_from_original.md, migrate_from_agentgateway.md, migrate_from_srt.md",
      [&words] { return verb_policy_import(words.globals, words.policy); });
  imports
      ->add_option("files", options.files, "What to read; - is standard input. Several are one set of the original's")
      ->required();
  imports->add_option("--from", options.from, "Whose documents they are")
      ->required()
      ->check(CLI::IsMember({"original", "agentgateway", "srt"}));
  imports->add_option("-o,--out", options.out, "The file of the policy; default: standard output");
  imports->add_option("--profile", options.profile_out, "srt: the file of the profile");
  imports->add_option("--name", options.name, "The name of the document; default: as in what is read");
  imports
      ->add_option("--map", options.meanings,
                   "agentgateway: what a variable of it is here, NAME=EXPRESSION (may be repeated)")
      ->allow_extra_args(false);
  imports->add_option("--part", options.part, "agentgateway: the place of the rules, where there are several");
  imports
      ->add_option("--fields", options.fields,
                   "original: what fields of conditions are: calls, as the kernel gives them, or arguments, where a "
                   "program states its whole context as the arguments of a tool")
      ->check(CLI::IsMember({"calls", "arguments"}));
}

void add_deciding(CLI::App& policy, Words& words) {
  PolicyOptions& options = words.policy;
  CLI::App* explain = add_verb(
      policy, words, "explain", "Say why a call is decided as it is, and what would change that",
      "  agentos policy explain demo-1 write '{\"path\":\"/policy/a\",\"data\":\"x\"}'      an agent of the "
      "running kernel\n"
      "  agentos policy explain --policy rules.yaml demo-1 write '{\"path\":\"/policy/a\"}'   documents alone\n"
      "  agentos policy explain --policy rules.yaml --tool pay --request request.json\n\n"
      "Exit code: 0 allow, 2 deny, 4 ask, 3 a document or request is not valid.",
      [&words] { return verb_policy_explain(words.globals, words.policy); });
  explain->add_option("agent", options.agent, "As which agent");
  explain->add_option("call", options.call, "A call of the table");
  explain->add_option("arguments", options.arguments, "Its arguments, as a JSON object");
  explain->add_option("--policy", options.policies, "By these documents, without a kernel (may be repeated)")
      ->allow_extra_args(false);
  add_request(*explain, options);
  add_tools(*explain, options);
  CLI::App* eval = add_verb(
      policy, words, "eval", "Decide requests by documents",
      "  agentos policy eval rules.yaml --request '{\"agent\":\"demo-1\",\"call\":\"read\",\"path\":\"/state/a\"}'\n"
      "  agentos policy eval rules.yaml --batch requests.jsonl     a request a line in, a decision a line out\n"
      "  agentos policy eval --batch requests.jsonl                each with documents of the original\n\n"
      "Exit code of one request: 0 allow, 2 deny, 4 ask, 3 not valid; of a batch: 0, or 3 when a line could not be\n"
      "read. Keys of a request: docs/reference/policy.md; documents of the original (PolicyDocument 1.0) have lines\n"
      "{\"documents\": [...], \"context\": {...}}: docs/guide/original_policies.md",
      [&words] { return verb_policy_eval(words.globals, words.policy); });
  eval->add_option("files", options.files, kFiles);
  eval->add_option("--batch", options.batch, "A file with a request a line; - is standard input");
  add_request(*eval, options);
  eval->add_option("--agent", options.agent, "The caller's id");
  eval->add_option("--call", options.call, "A call of the table");
  eval->add_option("--args", options.arguments, "Its arguments, as a JSON object");
  add_tools(*eval, options);
}

void add_keeping(CLI::App& policy, Words& words) {
  PolicyOptions& options = words.policy;
  CLI::App* test = add_verb(policy, words, "test", "Decide the cases of policy tests and compare",
                            "  agentos policy test rules_test.yaml\n"
                            "  agentos policy test tests/*.yaml --coverage 80 --format json\n\n"
                            "Exit code: 0 all passed, 1 a case failed or coverage is too low, 3 a file is not valid.",
                            [&words] { return verb_policy_test(words.globals, words.policy); });
  test->add_option("files", options.files, "Documents of the kind PolicyTest")->required();
  test->add_option("--coverage", options.coverage,
                   "Least percent of rules applied and clause outcomes seen; lists what is missing")
      ->check(CLI::Range(0.0, 100.0));
  add_tools(*test, options);
  CLI::App* lint = add_verb(policy, words, "lint", "Look for rules that do not do what they seem to",
                            "  agentos policy lint rules.yaml\n  agentos policy lint policies/ --tools tools.yaml "
                            "--strict\n\nExit code: 0 clean, 3 errors (with --strict also warnings).",
                            [&words] { return verb_policy_lint(words.globals, words.policy); });
  lint->add_option("files", options.files, kFiles)->required();
  lint->add_flag("--strict", options.strict, "Warnings fail, too");
  add_tools(*lint, options);
  CLI::App* diff = add_verb(policy, words, "diff", "Show what changes between two sets of documents, by requests",
                            "  agentos policy diff old.yaml new.yaml\n"
                            "  agentos policy diff old/ new/ --format json\n\n"
                            "Exit code: 0 no difference was found, 1 some were, 3 a document is not valid.",
                            [&words] { return verb_policy_diff(words.globals, words.policy); });
  diff->add_option("before", options.before, "A file, a directory, or a built-in document")->required();
  diff->add_option("after", options.after, "Another")->required();
  add_tools(*diff, options);
  CLI::App* backtest = add_verb(policy, words, "backtest", "Decide every recorded call again, by other documents",
                                "  agentos policy backtest new.yaml\n"
                                "  agentos policy backtest new/ --dir ./copy/log --agent demo-1 --format json\n\n"
                                "The documents named decide alone, in the phase call. Content that was recorded as a "
                                "digest, limits, sequences and\n"
                                "budgets are not in the record: calls whose decision asks for them are counted apart.\n"
                                "Exit code: 0 nothing changes, 1 something does, 3 a document is not valid.",
                                [&words] { return verb_policy_backtest(words.globals, words.policy); });
  backtest->add_option("files", options.files, kFiles)->required();
  backtest->add_option("--dir,--log", options.log, "The log's directory; default: the kernel's");
  backtest->add_option("--agent", options.agent, "Only calls of this agent, by id or name");
  backtest->add_option("--witnesses", options.witnesses, "How many changes to list")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_tools(*backtest, options);
  CLI::App* format = add_verb(policy, words, "fmt", "Write documents in canonical form, comments kept",
                              "  agentos policy fmt rules.yaml            to standard output\n"
                              "  agentos policy fmt --write policies/*.yaml\n"
                              "  agentos policy fmt --check policies/*.yaml\n\n"
                              "Exit code: 0; with --check 1 when a file is not in canonical form; 3 not valid.",
                              [&words] { return verb_policy_fmt(words.globals, words.policy); });
  format->add_option("files", options.files, "Documents; - is standard input")->required();
  format->add_flag("--check", options.check, "Only say which files are not in canonical form");
  format->add_flag("--write", options.write, "Write the files");
  CLI::App* bench = add_verb(policy, words, "bench", "Measure deciding, in this process",
                             "  agentos policy bench rules.yaml --test rules_test.yaml\n"
                             "  agentos policy bench agent-default --batch requests.jsonl --seconds 5",
                             [&words] { return verb_policy_bench(words.globals, words.policy); });
  bench->add_option("files", options.files, kFiles)->required();
  bench->add_option("--test", options.tests, "Take the requests of a policy test (may be repeated)")
      ->allow_extra_args(false);
  bench->add_option("--batch", options.batch, "A file with a request a line; - is standard input");
  bench->add_option("--request", options.request, "One request: JSON or a file");
  bench->add_option("--seconds", options.seconds, "How long")->capture_default_str()->check(CLI::Range(0.01, 600.0));
  add_tools(*bench, options);
}

}  // namespace

void add_policy(CLI::App& program, Words& words) {
  CLI::App* policy =
      add_verb(program, words, "policy", "Check, show, explain, test, compare and import policy", "", nullptr);
  policy->require_subcommand(1);
  add_looking(*policy, words);
  add_deciding(*policy, words);
  add_keeping(*policy, words);
  add_bundles(*policy, words);
  add_importing(*policy, words);
}

}  // namespace agentos::cli
