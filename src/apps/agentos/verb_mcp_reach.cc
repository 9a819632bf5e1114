// agentos mcp reach: a server that is reached by streamable HTTP, as one on standard input and output. It is what the
// kernel starts, confined as any server, for an entry with a URL.
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "apps/agentos/report.h"
#include "apps/agentos/verbs.h"
#include "lib/mcp/line_reader.h"
#include "lib/mcp/remote/remote_server.h"

namespace agentos::cli {
namespace {

void write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data() + sent, text.size() - sent);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // who reads has gone, which reading shows
    sent += static_cast<std::size_t>(written);
  }
}

// "Authorization=TOKEN_VARIABLE": a field, and the variable that has its value.
Result<std::vector<mcp::HeaderField>> fields_from(const std::vector<std::string>& words) {
  std::vector<mcp::HeaderField> out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos || !egress::is_token(name)) {
      return fail(ErrorCode::kInvalidArgument, "--header takes NAME=VARIABLE, and \"" + word + "\" is not that");
    }
    const char* value = ::getenv(word.substr(equals + 1).c_str());
    if (value == nullptr) {
      return fail(ErrorCode::kNotFound, "the variable " + word.substr(equals + 1) + " is not set");
    }
    for (const char* c = value; *c != '\0'; ++c) {
      if (static_cast<unsigned char>(*c) >= 0x20 && *c != 0x7f) continue;
      return fail(ErrorCode::kInvalidArgument,
                  "the variable " + word.substr(equals + 1) + " holds no value of a header");
    }
    out.push_back({name, value});
  }
  return out;
}

}  // namespace

Result<int> verb_mcp_reach(const Globals&, const McpReachOptions& options) {
  const mcp_remote::Url url = TRY(mcp_remote::read_url(options.url));
  std::vector<mcp::HeaderField> fields = TRY(fields_from(options.headers));
  std::unique_ptr<tls::ClientContext> tls;
  if (url.tls) tls = TRY(tls::ClientContext::make({}));
  const RealClock clock;
  const std::unique_ptr<io::Loop> loop = TRY(io::Loop::make(clock));
  Result<int> ended = 0;
  const auto server = std::make_shared<mcp_remote::RemoteServer>(
      *loop, tls.get(), url, std::move(fields),
      mcp_remote::RemoteServer::Client{.say = write_line, .lost = [&](const std::string& why) {
                                         ended = fail(ErrorCode::kClosed, why);
                                         loop->stop();
                                       }});
  mcp::LineReader lines;
  TRY(loop->add(STDIN_FILENO, EPOLLIN, [&](std::uint32_t) {
    std::array<char, 64 << 10> buffer;
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (size <= 0) {
      (void)loop->remove(STDIN_FILENO);
      return server->end([&] { loop->stop(); });
    }
    lines.feed({buffer.data(), static_cast<std::size_t>(size)});
    std::string_view line;
    for (auto step = lines.next(line); step != mcp::LineReader::Step::kNeedMore; step = lines.next(line)) {
      if (step == mcp::LineReader::Step::kLine) server->take(line);
    }
  }));
  TRY(loop->run());
  return ended;
}

}  // namespace agentos::cli
