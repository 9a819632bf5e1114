// agentos log export: the record in a form other programs and people read. A file is replaced as a whole or not at all.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "apps/agentos/log_entries.h"
#include "apps/agentos/ocsf.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/spans.h"
#include "apps/agentos/story_drawing.h"
#include "apps/agentos/timeline.h"
#include "base/io/fd.h"
#include "base/io/file.h"
#include "lib/recorder/note.h"

namespace agentos::cli {
namespace {

using recorder::StoredEntry;

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kKeyFileBytesMax = 64 * 1024;

// Standard output, or a file that gets its name when everything is in it.
class Sink {
 public:
  static Result<Sink> open(const std::string& name) {
    Sink sink;
    sink.name_ = name;
    if (name.empty() || name == "-") return sink;
    sink.partial_ = name + ".partial";
    sink.file_ = io::Fd(::open(sink.partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!sink.file_.valid()) return fail_errno(errno, "cannot write " + sink.partial_);
    return sink;
  }
  Status write(std::string_view text) {
    if (!file_.valid()) {
      print(text);
      return {};
    }
    buffer_ += text;
    return buffer_.size() >= kBufferBytes ? flush() : Status{};
  }
  Status finish() {
    if (!file_.valid()) return {};
    TRY(flush());
    if (::fsync(file_.get()) != 0) return fail_errno(errno, "cannot write " + partial_);
    if (::rename(partial_.c_str(), name_.c_str()) != 0) return fail_errno(errno, "cannot write " + name_);
    return {};
  }
  void give_up() {
    if (file_.valid()) ::unlink(partial_.c_str());
  }

 private:
  Status flush() {
    for (std::string_view left = buffer_; !left.empty();) {
      const ssize_t written = ::write(file_.get(), left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail_errno(errno, "cannot write " + partial_);
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
    return {};
  }
  std::string name_, partial_, buffer_;
  io::Fd file_;
};

Status export_lines(const std::string& directory, const LogOptions& options, Sink& sink) {
  Status written;
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    const json::Value leaf = leaf_of(entry);
    if (!options.agent.empty() && leaf.string_or("agent", "") != options.agent) return true;
    written = sink.write(printable_json(json::write(entry_json(entry, leaf))) + "\n");
    return written.has_value();
  }));
  return written;
}

Status export_events(const std::string& directory, const LogOptions& options, Sink& sink) {
  const auto key = TRY(recorder::parse_verifier(TRY(io::read_file(directory + "/log.pub", kKeyFileBytesMax))));
  Status written;
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    const json::Value leaf = leaf_of(entry);
    if (!options.agent.empty() && leaf.string_or("agent", "") != options.agent) return true;
    written = sink.write(printable_json(json::write(ocsf_event(entry, leaf, key.name))) + "\n");
    return written.has_value();
  }));
  return written;
}

std::string csv_field(std::string_view text) {
  std::string shown = printable(text);
  // A cell that a spreadsheet would take for a formula.
  if (!shown.empty() && std::string_view("=+-@").find(shown[0]) != std::string_view::npos) shown.insert(0, "'");
  if (shown.find_first_of(",\"") == shown.npos) return shown;
  std::string out = "\"";
  for (const char c : shown) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

Status export_table(const std::string& directory, const LogOptions& options, Sink& sink) {
  static constexpr const char* kColumns[] = {"kind", "agent", "run",    "call",   "tool",     "effect", "verdict",
                                             "rule", "step",  "reason", "status", "approval", "name"};
  std::string head = "index,time_us";
  for (const char* column : kColumns) (head += ',') += column;
  TRY(sink.write(head + ",intent,code,bytes,duration_us,count,content\r\n"));
  Status written;
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    const json::Value leaf = leaf_of(entry);
    if (!options.agent.empty() && leaf.string_or("agent", "") != options.agent) return true;
    std::string row = fmt::format("{},{}", entry.index, leaf.int_or("time_us", 0));
    for (const char* column : kColumns) (row += ',') += csv_field(leaf.string_or(column, ""));
    for (const char* column : {"intent", "code", "bytes", "duration_us", "count"}) {
      row += ',';
      if (const json::Value* value = leaf.find(column)) row += json::write(*value);
    }
    (row += ',') += csv_field(entry.opening.value_or(""));
    written = sink.write(row + "\r\n");
    return written.has_value();
  }));
  return written;
}

Status export_story(const std::string& directory, const LogOptions& options, Sink& sink) {
  std::vector<std::size_t> roots;
  const Story story = TRY(story_of(directory, options, roots));
  if (story.left_out() > 0)
    print_note(fmt::format("{} entries are left out; --first N begins later", story.left_out()));
  if (options.to == "html") {
    return sink.write(
        html_page(story, roots, "AgentOS record" + (options.agent.empty() ? "" : ": " + options.agent), directory));
  }
  const std::string log = TRY(io::read_file(directory + "/log.pub", kKeyFileBytesMax));
  for (const std::string& line : otlp_requests(story, roots, log)) TRY(sink.write(line));
  return {};
}

}  // namespace

Result<int> verb_log_export(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Sink sink = TRY(Sink::open(options.out));
  const Status written = options.to == "jsonl"  ? export_lines(directory, options, sink)
                         : options.to == "ocsf" ? export_events(directory, options, sink)
                         : options.to == "csv"  ? export_table(directory, options, sink)
                                                : export_story(directory, options, sink);
  if (!written) {
    sink.give_up();
    return std::unexpected(written.error());
  }
  TRY(sink.finish());
  return kExitOk;
}

}  // namespace agentos::cli
