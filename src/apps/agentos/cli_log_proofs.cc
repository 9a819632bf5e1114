// The grammar of the verbs of `agentos log` that prove, redact and witness.
#include "apps/agentos/cli_words.h"

namespace agentos::cli {
namespace {

void add_directory(CLI::App& verb, Words& words) {
  verb.add_option("--dir", words.proof.directory, "The log's directory; default: the kernel's");
}

void add_prove(CLI::App& log, Words& words) {
  CLI::App* prove = add_verb(log, words, "prove", "Prove an entry, or that a log continues an earlier one",
                             "  agentos log prove 4711 --out entry.tlog-proof\n"
                             "  agentos-verify proof entry.tlog-proof --log-key log.pub\n"
                             "  agentos log prove --consistency 1000 --out since.proof\n"
                             "  agentos-verify consistency since.proof --log-key log.pub --checkpoint kept.checkpoint",
                             [&words] { return verb_log_prove(words.globals, words.proof); });
  prove->add_option("entry", words.proof.entry, "Index of the entry");
  prove->add_option("--consistency", words.proof.sizes, "Old size, and new size when it is not the newest signed one")
      ->expected(1, 2);
  prove->add_option("--out", words.proof.out, "A file for the proof; default: standard output");
  add_directory(*prove, words);
  CLI::App* tiles = add_verb(log, words, "tiles", "Build the tiles that make proofs quick and monitors possible",
                             "  agentos log tiles\n  agentos log tiles --entries   then: serve the directory over HTTP",
                             [&words] { return verb_log_tiles(words.globals, words.proof); });
  tiles->add_flag("--entries", words.proof.bundles, "Bundles of entries as well (C2SP tlog-tiles)");
  add_directory(*tiles, words);
}

void add_redact(CLI::App& log, Words& words) {
  CLI::App* redact = add_verb(log, words, "redact", "Take content out of the record; every proof still holds",
                              "  agentos log redact 17 18 --reason 'a token was pasted'    erases, for good\n"
                              "  agentos log redact --every --copy ./for-audit             a copy without any content",
                              [&words] { return verb_log_redact(words.globals, words.proof); });
  redact->add_option("entries", words.proof.entries, "Indexes of the entries whose content goes");
  redact->add_flag("--every", words.proof.every, "Of every entry; only with --copy");
  redact->add_option("--copy", words.proof.copy, "Write a copy without them, and leave the log as it is");
  redact->add_option("--reason", words.proof.reason, "Why, for the record");
  add_directory(*redact, words);
}

void add_witness(CLI::App& log, Words& words) {
  CLI::App* witness = add_verb(log, words, "witness", "Cosign the log's checkpoints, and refuse a rewritten one",
                               "  agentos log witness --state ~/witness                 goes on until it is stopped\n"
                               "  agentos log witness --state ~/witness --once\n"
                               "  agentos log witness --url https://witness.example/w1 --witness-key w1.pub\n"
                               "  agentos-verify log DIR --witness-key ~/witness/witness.pub --witnesses 1",
                               [&words] { return verb_log_witness(words.globals, words.proof); });
  CLI::Option_group* whom = witness->add_option_group("whom", "Who cosigns");
  whom->add_option("--state", words.proof.state, "The witness's own directory: its key and what it saw");
  whom->add_option("--url", words.proof.url, "A witness elsewhere (C2SP tlog-witness): asked over HTTPS");
  whom->require_option(1);
  witness->add_option("--witness-key", words.proof.witness_key, "With --url: the file with that witness's key");
  witness->add_option("--trust", words.proof.trust_file,
                      "With --url: certificates of authorities; default: the system's");
  witness->add_option("--name", words.proof.name, "Its name, when it is made")->capture_default_str();
  witness->add_flag("--once", words.proof.once, "Look once and end");
  witness->add_option("--every", words.proof.every_s, "Seconds between looks")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0));
  add_directory(*witness, words);
}

}  // namespace

void add_log_proofs(CLI::App& log, Words& words) {
  add_prove(log, words);
  add_redact(log, words);
  add_witness(log, words);
}

}  // namespace agentos::cli
