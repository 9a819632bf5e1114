// agentos-parser: reads SQL from a socket and answers facts, confined before it reads the first octet. It ends when the
// socket closes or a frame is wrong.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "apps/parser/answer.h"
#include "apps/parser/confinement.h"
#include "lib/canonical/parser_process.h"

namespace {

constexpr std::size_t kHeaderBytes = 4;

bool read_exactly(char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(STDIN_FILENO, into, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_frame(std::string_view text) {
  std::string frame;
  for (std::size_t i = 0; i < kHeaderBytes; ++i) frame += static_cast<char>(text.size() >> (8 * i) & 0xff);
  frame += text;
  for (std::string_view rest = frame; !rest.empty();) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_frame(std::string& text) {
  std::array<char, kHeaderBytes> header{};
  if (!read_exactly(header.data(), header.size())) return false;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kHeaderBytes; ++i) size |= std::size_t{static_cast<std::uint8_t>(header[i])} << (8 * i);
  if (size > agentos::canonical::kSqlBytesMax) return false;
  text.resize(size);
  return read_exactly(text.data(), size);
}

}  // namespace

int main() {
  // What is set up lazily is set up before the filter.
  (void)agentos::parser::answer("SELECT 1");
  (void)agentos::parser::answer("SELEC");
  if (!agentos::parser::confine()) ::_exit(1);
  if (!write_frame(agentos::canonical::kSqlParserGreeting)) ::_exit(1);
  std::string sql;
  while (read_frame(sql)) {
    if (!write_frame(agentos::parser::answer(sql))) ::_exit(1);
  }
  ::_exit(0);
}
