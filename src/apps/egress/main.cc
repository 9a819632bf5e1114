// agentos-egress: started by the kernel with its control socket as standard input. Reads its settings and the trusted
// certificates, confines itself, greets, and serves until the socket closes.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "apps/egress/confinement.h"
#include "apps/egress/proxy.h"
#include "base/io/socket.h"
#include "lib/egress/control.h"

namespace {

using namespace agentos;

int fail_start(const Error& error) {
  egress::ControlMessage message;
  message.verb = egress::Verb::kReject;
  message.message = error.message;
  const std::string text = egress::write_control(message);
  (void)!::write(STDIN_FILENO, text.data(), text.size());
  return 1;
}

int serve() {
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) return 1;
  std::string packet(egress::kSettingsBytesMax, '\0');
  const ssize_t size = ::read(STDIN_FILENO, packet.data(), packet.size());
  if (size <= 0) return 1;
  auto settings = egress::Settings::read(std::string_view(packet).substr(0, static_cast<std::size_t>(size)));
  if (!settings) return fail_start(settings.error());
  // Without certificates there are no reverse routes over TLS; a route that asks for one says so.
  auto tls = tls::ClientContext::make(settings->trust_file);
  SystemRandom random;
  auto loop = io::Loop::make();
  if (!loop) return fail_start(loop.error());
  if (Status status = io::set_nonblocking(STDIN_FILENO); !status) return fail_start(status.error());
  if (Status status = egress::confine(); !status) return fail_start(status.error());
  if (::write(STDIN_FILENO, egress::kGreeting.data(), egress::kGreeting.size()) < 0) return 1;
  egress::Proxy proxy(**loop, io::Fd(STDIN_FILENO), *settings, tls ? tls->get() : nullptr, random,
                      [&loop] { (*loop)->stop(); });
  if (!proxy.begin()) return 1;
  return (*loop)->run() ? 0 : 1;
}

}  // namespace

int main() { ::_exit(serve()); }
