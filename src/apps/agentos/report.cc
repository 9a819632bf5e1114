// Whole writes, and the one place that spells errors.
#include "apps/agentos/report.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "abi/codes.h"

namespace agentos::cli {
namespace {

constexpr int kExitBrokenPipe = 141;  // as a program that SIGPIPE ended

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

void print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return;
  if (errno != EPIPE) print_error(fail_errno(errno, "cannot write to standard output").error());
  std::_Exit(errno == EPIPE ? kExitBrokenPipe : 1);
}

void print_json(const json::Value& value) { print(printable_json(json::write_pretty(value)) + "\n"); }

void print_table(const Table& table) { print(table.render(screen_of(STDOUT_FILENO))); }

void print_note(std::string_view text) { write_all(STDERR_FILENO, "agentos: note: " + printable(text) + "\n"); }

void print_error(const Error& error) {
  const Screen screen = screen_of(STDERR_FILENO);
  const std::string_view what = error.message.empty() ? abi::error_info(error.code).sentence : error.message;
  std::string text = styled(screen, Style::kBad, "agentos:") + " " + printable(what) + "\n";
  if (!error.hint.empty()) text += "  fix: " + printable(error.hint) + "\n";
  write_all(STDERR_FILENO, text);
}

int exit_code_of(const Error& error) { return abi::error_info(error.code).exit; }

}  // namespace agentos::cli
