// See mcp_http.h.
#include "apps/agentos/mcp_http.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <utility>

#include "apps/agentos/attendance.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/io/file.h"
#include "base/io/socket.h"
#include "server/mcp_door/http/endpoint.h"
#include "server/mcp_door/http/listener.h"

namespace agentos::cli {
namespace {

// Makes the server side of sessions: an agent of the kernel at one end of a socket pair, the endpoint at the other.
class Opener {
 public:
  Opener(io::Loop& loop, client::Client& kernel, McpOpening opening)
      : loop_(loop), kernel_(kernel), opening_(std::move(opening)) {}

  Status start(std::function<void(Error)> lost) {
    lost_ = std::move(lost);
    return loop_.add(kernel_.descriptor(), EPOLLIN, [this](std::uint32_t) { take_replies(); });
  }

  void open(std::function<void(Result<io::Fd>)> done) {
    auto ends = io::socket_pair();
    if (!ends) return done(std::unexpected(ends.error()));
    std::vector<int> descriptors = {ends->second.get(), ends->second.get(), STDERR_FILENO};
    if (opening_.variables.valid()) descriptors.push_back(opening_.variables.get());
    auto ticket = kernel_.begin(opening_.request, descriptors);
    if (!ticket) return done(std::unexpected(ticket.error()));
    waiting_.push_back({*ticket, std::move(ends->first), std::move(done)});
    take_replies();
  }

 private:
  struct Waiting {
    client::Client::Ticket ticket;
    io::Fd ours;
    std::function<void(Result<io::Fd>)> done;
  };

  void take_replies() {
    if (Status pumped = kernel_.pump(0); !pumped) {
      (void)loop_.remove(kernel_.descriptor());
      const Error& error = pumped.error();
      for (Waiting& one : std::exchange(waiting_, {})) one.done(std::unexpected(error));
      return lost_(error);
    }
    std::list<Waiting> ready;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const auto next = std::next(it);
      if (kernel_.ready(it->ticket)) ready.splice(ready.end(), waiting_, it);
      it = next;
    }
    for (Waiting& one : ready) {
      auto reply = kernel_.take<abi::McpOpenRequest>(one.ticket);
      if (!reply) {
        one.done(std::unexpected(reply.error()));
      } else {
        one.done(std::move(one.ours));
      }
    }
  }

  io::Loop& loop_;
  client::Client& kernel_;
  const McpOpening opening_;
  std::function<void(Error)> lost_;
  std::list<Waiting> waiting_;
};

bool is_token_text(std::string_view token) {
  return token.size() >= mcp_http::kTokenBytesMin && token.size() <= mcp_http::kTokenBytesMax &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// The token of the file; made and written where there is none.
Result<std::string> token_of(const std::string& file, Random& random) {
  if (file.empty()) return mcp_http::fresh_token(random);
  const std::string path = TRY(absolute_path(file));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return fail_errno(errno, "cannot look at " + path);
    std::string token = mcp_http::fresh_token(random);
    TRY(io::write_file_atomic(path, token + "\n", 0600));
    return token;
  }
  if ((status.st_mode & 077) != 0 || status.st_uid != ::geteuid()) {
    return fail(ErrorCode::kInvalidArgument, path + " can be read by others", "chmod 600 it, and make it your own");
  }
  std::string token = TRY(io::read_file(path, mcp_http::kTokenBytesMax + 2));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (!is_token_text(token)) {
    return fail(ErrorCode::kInvalidArgument, path + " holds no token",
                "16 to 4096 visible characters on one line, or "
                "remove the file to have one made");
  }
  return token;
}

Result<mcp_http::EndpointOptions> endpoint_options(const McpServeOptions& options, const mcp_http::Place& place) {
  mcp_http::EndpointOptions out;
  const std::string& path = options.http_path;
  if (!path.starts_with('/') || path.find_first_of(" ?#%\t\r\n") != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "--path must be a path such as /mcp");
  }
  for (const std::string& origin : options.allow_origins) {
    const std::size_t scheme = origin.find("://");
    if (scheme == std::string::npos || origin.find('/', scheme + 3) != std::string::npos ||
        scheme + 3 >= origin.size()) {
      return fail(ErrorCode::kInvalidArgument, "\"" + origin + "\" is no origin",
                  "write scheme, host and port as a browser does: https://app.example");
    }
  }
  out.path = path;
  out.guard.hosts = options.allow_hosts;
  if (!place.wildcard) out.guard.hosts.push_back(place.host);
  out.guard.any_address = place.wildcard;
  out.guard.origins = options.allow_origins;
  return out;
}

Result<std::unique_ptr<tls::ServerContext>> tls_of(const McpServeOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return fail(ErrorCode::kInvalidArgument, "--tls-cert and --tls-key come together");
  }
  if (options.tls_certificate.empty()) return std::unique_ptr<tls::ServerContext>();
  return tls::ServerContext::make(TRY(absolute_path(options.tls_certificate)), TRY(absolute_path(options.tls_key)));
}

std::string url_of(const mcp_http::Place& place, std::string_view scheme, std::uint16_t port, const std::string& path) {
  const bool six = place.host.find(':') != std::string::npos;
  const std::string host = six ? "[" + place.host + "]" : place.host;
  return std::string(scheme) + "://" + host + ":" + std::to_string(port) + path;
}

void say_ready(const Globals& globals, const McpServeOptions& options, const std::string& url,
               const std::string& token) {
  if (options.no_token) {
    print_note("every program of this machine can use the endpoint: there is no token");
  } else if (options.token_file.empty()) {
    print_note("clients send \"Authorization: Bearer " + token + "\"");
  }
  if (globals.format != Format::kJson) return print(url + "\n");
  json::Object about;
  about["url"] = url;
  if (!options.token_file.empty()) about["token_file"] = options.token_file;
  print(json::write(json::Value(std::move(about))) + "\n");
}

}  // namespace

Result<int> serve_http(const Globals& globals, const McpServeOptions& options, McpOpening opening) {
  const io::Fd signals = TRY(take_signals());
  const RealClock clock;
  SystemRandom random;
  const mcp_http::Place place = TRY(mcp_http::read_place(options.http));
  mcp_http::EndpointOptions endpoint_words = TRY(endpoint_options(options, place));
  if (options.no_token && (!place.loopback || !options.token_file.empty())) {
    return fail(ErrorCode::kInvalidArgument,
                "--no-token is for an address of this machine alone, without --token-file");
  }
  if (!options.no_token) endpoint_words.guard.token = TRY(token_of(options.token_file, random));
  const std::string token = endpoint_words.guard.token;
  const std::unique_ptr<tls::ServerContext> tls = TRY(tls_of(options));
  const std::string scheme = endpoint_words.guard.scheme = tls == nullptr ? "http" : "https";
  const std::unique_ptr<io::Loop> loop = TRY(io::Loop::make(clock));
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  Opener opener(*loop, *reached.client, std::move(opening));
  mcp_http::Endpoint endpoint(*loop, clock, random, std::move(endpoint_words),
                              [&opener](auto done) { opener.open(std::move(done)); });
  const auto listener = TRY(mcp_http::Listener::open(*loop, clock, endpoint.limits(), endpoint, place, tls.get()));
  Result<int> ended = 0;
  TRY(opener.start([&](Error error) {
    ended = std::unexpected(std::move(error));
    loop->stop();
  }));
  TRY(loop->add(signals.get(), EPOLLIN, [&](std::uint32_t) {
    signalfd_siginfo signal{};
    if (::read(signals.get(), &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal)) return;
    const auto number = static_cast<int>(signal.ssi_signo);
    if (number != SIGTERM && number != SIGINT && number != SIGHUP) return;
    ended = 128 + number;
    loop->stop();
  }));
  if (!place.loopback && tls == nullptr)
    print_note("other machines can reach this endpoint; what they send and get is not encrypted");
  say_ready(globals, options, url_of(place, scheme, listener->port(), options.http_path), token);
  TRY(loop->run());
  endpoint.end("the endpoint is closing");
  listener->close();
  return ended;
}

}  // namespace agentos::cli
