// Turns what a process did into one result: its exit status first, then the form of its output.
#include "lib/tool/executors/process/process_run.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "lib/tool/result.h"

namespace agentos::tool {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr int kReadsMax = 16;  // of one turn, so that one loud process cannot hold up the others

std::string_view first_line(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  text = text.substr(0, text.find('\n'));
  while (text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

ToolResult failed_exit(const sandbox::ExitStatus& exit, std::string_view errors) {
  std::string why(first_line(errors));
  if (why.empty() && exit.signaled) why = fmt::format("killed by signal {}", exit.code);
  if (why.empty()) why = "nothing on standard error";
  return failed(fmt::format("exit status {}", exit.shell_code()), why);
}

ToolResult json_result(std::string_view output) {
  if (output.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return failed("MalformedOutput", "standard output is empty; one JSON value was expected");
  }
  json::ParseLimits limits;
  limits.bytes_max = output.size();
  auto value = json::parse(output, limits);
  if (!value) return failed("MalformedOutput", "standard output is not one JSON value: " + value.error().message);
  ToolResult result;
  result.value = std::move(*value);
  return result;
}

}  // namespace

void Collected::read() {
  std::array<char, kReadBytes> buffer;
  for (int i = 0; i < kReadsMax && fd.valid(); ++i) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      fd.reset();
      return;
    }
    bytes += size;
    kept.append(buffer.data(), std::min(static_cast<std::size_t>(size), kept_max - kept.size()));
  }
}

void ProcessRun::kill() {
  if (tree == nullptr || exit) return;
  // A tree that cannot be killed by the call is killed by being given up.
  if (!started || !tree->kill()) tree.reset();
}

ToolResult ProcessRun::result() {
  ToolResult result;
  if (verdict) {
    result = std::move(*verdict);
  } else if (exit->shell_code() != 0) {
    result = failed_exit(*exit, errors.kept);
  } else if (manifest.output_json) {
    result = json_result(output.kept);
  } else {
    result.value = json::Object{{"text", json::to_valid_utf8(output.kept)}, {"exit_status", 0}};
  }
  result.exit_status = exit ? exit->shell_code() : -1;
  result.output_bytes = output.bytes;
  return result;
}

}  // namespace agentos::tool
