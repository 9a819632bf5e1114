// A handful of words; the program has no library for them.
#include "apps/verify/command_line.h"

#include "base/io/file.h"
#include "lib/recorder/note_lines.h"

namespace agentos::verify {
namespace {

constexpr std::size_t kWitnessesMax = 64;

std::unexpected<Error> usage(std::string what) {
  return fail(ErrorCode::kInvalidArgument, std::move(what), "agentos-verify --help");
}

Result<std::string> small_file(const std::string& path) { return io::read_file(path, recorder::kNoteSizeMax); }

Status take_option(const std::string& name, const std::string& value, Request& request) {
  recorder::Anchors& anchors = request.anchors;
  if (name == "--log-key") {
    anchors.log_key = TRY(small_file(value));
  } else if (name == "--seal-key") {
    anchors.seal_key = TRY(small_file(value));
  } else if (name == "--checkpoint") {
    anchors.checkpoint = TRY(small_file(value));
  } else if (name == "--witness-key") {
    if (anchors.witness_keys.size() >= kWitnessesMax) return usage("there are too many witnesses");
    anchors.witness_keys.push_back(TRY(small_file(value)));
  } else if (name == "--witnesses") {
    if (value.size() != 1 || value[0] < '0' || value[0] > '9') return usage("--witnesses takes a number from 0 to 9");
    anchors.witnesses_min = static_cast<std::size_t>(value[0] - '0');
  } else if (name == "--format") {
    if (value != "json" && value != "text") return usage("--format is text or json");
    request.json = value == "json";
  } else {
    return usage("there is no option " + name);
  }
  return {};
}

}  // namespace

const char* const kHelp =
    "agentos-verify: does the record say what was recorded?\n"
    "\n"
    "  agentos-verify log DIRECTORY                    every entry, the tree, what was signed and sealed, tiles\n"
    "  agentos-verify proof FILE --log-key KEY         that an entry is in the log of a checkpoint (.tlog-proof)\n"
    "  agentos-verify consistency FILE --log-key KEY --checkpoint OLD\n"
    "                                                  that a newer log continues the one of a checkpoint\n"
    "\n"
    "What you know from before makes more of it provable:\n"
    "  --log-key FILE       log.pub as you remember it\n"
    "  --seal-key FILE      seal.pub as you remember it: finds a history rewritten with today's stolen keys\n"
    "  --checkpoint FILE    a checkpoint you kept: finds a rollback, a wiped log, another history\n"
    "  --witness-key FILE   the verifier key of a witness you trust; may be repeated\n"
    "  --witnesses N        so many of them must have cosigned\n"
    "  --format json        for programs\n"
    "\n"
    "Exit status: 0 it holds; 1 it does not; 64 wrong usage; 74 a file cannot be read.\n"
    "\n"
    "  agentos-verify log ~/.local/state/agentos/log --checkpoint yesterday.checkpoint\n";

Result<Request> parse_command_line(std::span<const char* const> words) {
  Request request;
  std::string subject;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--help" || word == "-h") return Request{};
    if (word.starts_with("--")) {
      if (i + 1 == words.size()) return usage(word + " takes a value");
      TRY(take_option(word, words[++i], request));
    } else if (subject.empty()) {
      subject = word;
    } else if (request.path.empty()) {
      request.path = word;
    } else {
      return usage("one directory or file at a time");
    }
  }
  if (subject.empty()) return request;
  if (subject != "log" && subject != "proof" && subject != "consistency")
    return usage("agentos-verify checks a log, a proof or a consistency");
  if (request.path.empty()) return usage("what is to be checked is missing");
  request.subject = subject == "log" ? Subject::kLog : subject == "proof" ? Subject::kProof : Subject::kConsistency;
  if (request.subject != Subject::kLog && request.anchors.log_key.empty())
    return usage("a proof is checked against a key you trust: --log-key FILE");
  if (request.subject == Subject::kConsistency && request.anchors.checkpoint.empty())
    return usage("consistency is with an earlier checkpoint: --checkpoint FILE");
  return request;
}

}  // namespace agentos::verify
