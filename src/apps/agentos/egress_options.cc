// resolv.conf, hosts and the secrets document are read once, when the kernel starts.
#include "apps/agentos/egress_options.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdlib>

#include "apps/agentos/reach.h"
#include "base/io/file.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kHostFileBytesMax = std::size_t{1} << 20;
constexpr std::size_t kSecretsFileBytesMax = std::size_t{256} << 10;

std::string host_file(const std::string& path) {
  auto text = io::read_file(path, kHostFileBytesMax);
  return text ? std::move(*text) : std::string();
}

// A process that holds secrets leaves no core dump and is not traced or looked into by others of its user.
Status become_unreadable() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return fail_errno(errno, "cannot forbid core dumps, and there are secrets to hold");
  }
  return {};
}

// /proc shows the environment a process began with; what became a secret is zeroed there.
void forget_variables(const std::vector<egress::SecretSpec>& specs) {
  for (const egress::SecretSpec& spec : specs) {
    if (spec.source != egress::SecretSource::kEnvironment) continue;
    char* value = std::getenv(spec.place.c_str());  // NOLINT(concurrency-mt-unsafe): before threads
    if (value == nullptr) continue;
    ::explicit_bzero(value, ::strlen(value));
    ::unsetenv(spec.place.c_str());  // NOLINT(concurrency-mt-unsafe): before threads
  }
}

const char* own_variable(const char* name) {
  return std::getenv(name);
}  // NOLINT(concurrency-mt-unsafe): before threads

}  // namespace

Result<kernel::EgressOptions> egress_options(const std::string& secrets_file) {
  kernel::EgressOptions out;
  if (auto program = find_egress_program()) out.program = *program;
  out.settings = egress::Settings::of_host(host_file("/etc/resolv.conf"), host_file("/etc/hosts"));
  if (secrets_file.empty()) return out;
  const std::string text = TRY(io::read_file(secrets_file, kSecretsFileBytesMax));
  egress::SecretsDocument document = TRY(egress::parse_secrets(text, secrets_file));
  if (!document.secrets.empty()) TRY(become_unreadable());
  out.settings.routes = std::move(document.routes);
  const char* credentials = own_variable("CREDENTIALS_DIRECTORY");
  out.secrets = TRY(egress::SecretStore::load(
      document.secrets,
      {.credentials_directory = credentials != nullptr ? credentials : "", .variable = own_variable}));
  forget_variables(document.secrets);
  return out;
}

}  // namespace agentos::cli
