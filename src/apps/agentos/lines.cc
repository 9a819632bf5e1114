// Reading in pieces; a line that is too long is skipped to its end.
#include "apps/agentos/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/io/fd.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kReadOctets = 256 * 1024;

Status read_lines(int descriptor, Lines& lines) {
  std::string text;
  std::string buffer(kReadOctets, '\0');
  bool skipping = false;  // the rest of a line too long
  for (;;) {
    lines.pause();
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno(errno, "cannot read the batch");
    if (size == 0) break;
    std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      if (!skipping && text.empty()) {
        lines.line(rest.substr(0, end));
      } else if (!skipping) {
        lines.line(text.append(rest.substr(0, end)));
      }
      text.clear();
      skipping = false;
      rest.remove_prefix(end + 1);
    }
    if (!skipping) text.append(rest);
    if (text.size() <= kLineOctetsMax) continue;
    lines.line_too_long();
    text.clear();
    skipping = true;
  }
  if (!text.empty()) lines.line(text);
  lines.pause();
  return {};
}

}  // namespace

Status each_line(const std::string& file, Lines& lines) {
  if (file == "-") return read_lines(STDIN_FILENO, lines);
  const io::Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.valid()) return fail_errno(errno, "cannot open " + file);
  return read_lines(opened.get(), lines);
}

}  // namespace agentos::cli
