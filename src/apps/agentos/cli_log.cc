// The grammar of `agentos log` and `agentos replay`.
#include <tuple>

#include "apps/agentos/cli_words.h"

namespace agentos::cli {
namespace {

using Verb = Result<int> (*)(const Globals&, const LogOptions&);

CLI::App* add_log_verb(CLI::App& log, Words& words, const char* name, const char* summary, const char* examples,
                       Verb function) {
  CLI::App* verb =
      add_verb(log, words, name, summary, examples, [&words, function] { return function(words.globals, words.log); });
  verb->add_option("--dir", words.log.directory, "The log's directory; default: the kernel's");
  return verb;
}

void add_listing(CLI::App& verb, Words& words) {
  verb.add_option("--agent", words.log.agent, "Only of this agent");
  verb.add_option("--call", words.log.call, "Only of this call");
  verb.add_option("--kind", words.log.kind, "Only this kind")
      ->check(CLI::IsMember({"intent", "outcome", "refused", "event"}));
  verb.add_option("--first", words.log.first, "From this index on");
  verb.add_option("--last", words.log.last, "How many entries at most, the newest")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.preparse_callback([&words](std::size_t) { words.lists_entries = true; });
}

void add_reading(CLI::App& log, Words& words) {
  add_listing(
      *add_log_verb(log, words, "show", "Print entries",
                    "  agentos log show --last 20\n  agentos log show --agent demo-1 --kind refused", verb_log_show),
      words);
  CLI::App* tail = add_log_verb(log, words, "tail", "Print the newest entries, and go on with -f",
                                "  agentos log tail -f\n  agentos log tail -f --format jsonl | jq", verb_log_tail);
  add_listing(*tail, words);
  tail->add_flag("-f,--follow", words.log.follow, "Go on with what is written from now on");
  add_log_verb(log, words, "stats", "Count entries by kind, decision, call and agent; say how they are kept",
               "  agentos log stats\n  agentos log stats --format json\n\n"
               "Exit code: 0; 1 when the log does not verify.",
               verb_log_stats);
  add_log_verb(log, words, "verify", "Recompute every entry, commitment and root",
               "  agentos log verify && echo whole\n  agentos log verify --dir ./copy/log", verb_log_verify);
  CLI::App* timeline =
      add_log_verb(log, words, "timeline", "Tell the record as a story: agents, their children, calls and decisions",
                   "  agentos log timeline                everything\n"
                   "  agentos log timeline demo           an agent by id or name, or a run, with its children\n"
                   "  agentos log timeline demo -f        a line a call, while it happens",
                   verb_log_timeline);
  timeline->add_option("who,--agent", words.log.agent, "An agent's id or name, or a run");
  timeline->add_option("--first", words.log.first, "From this index on");
  timeline->add_flag("-f,--follow", words.log.follow, "Go on with what is written from now on");
  timeline->preparse_callback([&words](std::size_t) { words.lists_entries = true; });
}

void add_query(CLI::App& log, Words& words) {
  LogOptions& options = words.log;
  CLI::App* query = add_log_verb(
      log, words, "query", "Find entries by what they are about, through an index",
      "  agentos log query --agent demo-1 --decision deny\n"
      "  agentos log query --tool search --since 10m --format jsonl\n"
      "  agentos log query --since 2026-11-28T20:00:00Z --until 2026-11-28T21:00:00+00:00\n"
      "  agentos log query --text /etc/passwd --last 1000\n\n"
      "All that is given must hold. The index (index.sqlite) is made and kept up by itself and can be deleted at any\n"
      "time; it holds no arguments or results, and every entry shown is read from the log.",
      verb_log_query);
  add_listing(*query, words);
  query->add_option("--run", options.run, "Only of this run");
  query->add_option("--tool", options.tool, "Only about this tool");
  query->add_option("--decision", options.decision, "allow, ask, deny (by policy) or refused (at another step)")
      ->check(CLI::IsMember({"allow", "ask", "deny", "refused"}));
  query->add_option("--rule", options.rule, "Only decided by this rule, like policy/rule");
  query->add_option("--status", options.status, "Only outcomes like this")
      ->check(CLI::IsMember({"ok", "error", "timeout", "killed", "cancelled", "unknown"}));
  query->add_option("--event", options.event, "Only events of this name");
  query->add_option("--label", options.label, "Only with this label");
  query->add_option("--text", options.text, "Only with this text in it, in upper or lower case");
  query->add_option("--since", options.since, "Not before: a time, or how long ago, like 10m");
  query->add_option("--until", options.until, "Not after");
  query->add_option("--index", options.index, "The index's file; default: in the log's directory");
  query->add_flag("--no-index", options.no_index, "Read the whole log instead");
}

void add_copying(CLI::App& log, Words& words) {
  LogOptions& options = words.log;
  CLI::App* writes = add_log_verb(
      log, words, "export", "Write the record for other programs and for people",
      "  agentos log export --to jsonl >record.jsonl\n"
      "  agentos log export --to otlp -o spans.json       lines of OTLP JSON (ExportTraceServiceRequest)\n"
      "  agentos log export --to ocsf >events.jsonl       lines of OCSF 1.7 events, for a SIEM\n"
      "  agentos log export --to html -o report.html demo-1\n\n"
      "The page needs nothing else: no script, no address. Content is as it was recorded: with --record-content it\n"
      "has secrets in it.",
      verb_log_export);
  writes->add_option("who,--agent", options.agent, "Only this agent; otlp and html: or name or run, with its children");
  writes->add_option("--to", options.to, "The form")
      ->check(CLI::IsMember({"jsonl", "otlp", "ocsf", "html", "csv"}))
      ->capture_default_str();
  writes->add_option("-o,--out", options.out, "The file; default: standard output");
  writes->add_option("--first", options.first, "From this index on");
  CLI::App* backup = add_log_verb(log, words, "backup", "Copy the log, also while it is written, and verify the copy",
                                  "  agentos log backup /backup/log-$(date +%F)\n"
                                  "  agentos log verify --dir /backup/log-2026-11-29\n\n"
                                  "The directory appears when the copy is whole. Private keys stay behind.",
                                  verb_log_backup);
  backup->add_option("to", options.out, "A directory that does not exist yet")->required();
  backup->add_flag("--with-keys", options.with_keys, "DANGEROUS: also its keys; who has them can sign another history");
}

void add_replay(CLI::App& program, Words& words) {
  ReplayOptions& options = words.replay;
  CLI::App* replay = add_verb(
      program, words, "replay", "Run a recorded agent again, its calls answered from the record",
      "  agentos replay demo-1                    the recorded command; says where it first does something else\n"
      "  agentos replay demo-1 --strict           also the order of calls must be the same\n"
      "  agentos replay demo-1 --step             stop before each call\n"
      "  agentos replay demo-1 -- ./agent --new   another program against the same record\n\n"
      "No kernel is asked and nothing is carried out: a call is answered with what was recorded, or the replay ends.\n"
      "Calls are compared by content or digest; to answer one its result must have been recorded whole, which long or\n"
      "secret ones are with --record-content only.\n"
      "Exit code: 0 the same, 1 it did something else, or made fewer calls.",
      [&words] { return verb_replay(words.globals, words.replay); });
  replay->add_option("run", options.run, "An agent's id, a name only one has, or a run")->required();
  replay->add_option("--dir", options.directory, "The log's directory; default: the kernel's");
  replay->add_option("--profile", options.profile, "Sandbox profile: a file, or a built-in one by name");
  replay->add_option("--timeout", options.timeout, "Time after which it is ended")->capture_default_str();
  replay->add_flag("--strict", options.strict, "Calls must come in the recorded order");
  replay->add_flag("--step", options.step, "Show each call and wait for Enter before it is answered");
  replay->add_option("command", options.command, "Another program and its arguments, after --");
}

}  // namespace

void add_log(CLI::App& program, Words& words) {
  CLI::App* log = add_verb(program, words, "log", "Read, search, export and prove the record", "", nullptr);
  log->require_subcommand(1);
  add_reading(*log, words);
  add_query(*log, words);
  add_copying(*log, words);
  add_log_proofs(*log, words);
  add_replay(program, words);
}

}  // namespace agentos::cli
