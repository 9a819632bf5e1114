// The second field of /proc/PID/stat is the program's name in parentheses and may hold anything, parentheses included;
// what counts begins after the last one.
#include "base/io/process.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "base/io/file.h"

namespace agentos::io {

namespace {

constexpr std::size_t kStatBytesMax = 4096;
constexpr std::size_t kChildrenBytesMax = 16 << 20;

template <class Number>
bool to_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view next_word(std::string_view& text) {
  const std::size_t start = std::min(text.find_first_not_of(" \n"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \n", start), text.size());
  const std::string_view word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

std::string folder_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

std::unexpected<Error> no_process(pid_t pid) {
  return fail(ErrorCode::kNotFound, "there is no process " + std::to_string(pid));
}

// Where the kernel was built without the list of children: ask every process for its parent.
Result<std::vector<pid_t>> children_by_search(pid_t parent) {
  std::vector<pid_t> children;
  for (const std::string& name : TRY(list_directory("/proc"))) {
    pid_t pid = 0;
    if (!to_number(std::string_view(name), pid)) continue;
    const auto status = read_process_status(pid);
    if (status && status->parent == parent) children.push_back(pid);
  }
  return children;
}

}  // namespace

Result<ProcessStatus> read_process_status(pid_t pid) {
  if (pid <= 0) return no_process(pid);
  const auto content = read_file(folder_of(pid) + "/stat", kStatBytesMax);
  // ESRCH comes from a process that ended between open and read.
  if (!content && content.error().code == ErrorCode::kNotFound) return no_process(pid);
  if (!content) return std::unexpected(content.error());
  std::string_view rest = *content;
  const std::size_t name_end = rest.rfind(')');
  if (name_end == std::string_view::npos) return fail(ErrorCode::kMalformed, folder_of(pid) + "/stat is malformed");
  rest.remove_prefix(name_end + 1);
  ProcessStatus status;
  const std::string_view state = next_word(rest);                 // field 3
  const bool parent = to_number(next_word(rest), status.parent);  // field 4
  constexpr int kFieldsToStartTime = 17;                          // fields 5 to 21
  for (int i = 0; i < kFieldsToStartTime; ++i) next_word(rest);
  if (state.size() != 1 || !parent || !to_number(next_word(rest), status.start_time_ticks)) {
    return fail(ErrorCode::kMalformed, folder_of(pid) + "/stat is malformed");
  }
  status.state = state[0];
  return status;
}

Result<pid_t> read_process_parent(pid_t pid) { return TRY(read_process_status(pid)).parent; }

Result<std::vector<pid_t>> children_of(pid_t pid) {
  const auto threads = list_directory(folder_of(pid) + "/task");
  if (!threads) return no_process(pid);
  std::vector<pid_t> children;
  for (const std::string& thread : *threads) {
    const auto content = read_file(folder_of(pid) + "/task/" + thread + "/children", kChildrenBytesMax);
    if (!content && read_process_status(pid)) return children_by_search(pid);
    if (!content) return no_process(pid);
    std::string_view rest = *content;
    for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
      pid_t child = 0;
      if (to_number(word, child)) children.push_back(child);
    }
  }
  std::sort(children.begin(), children.end());
  return children;
}

}  // namespace agentos::io
