// resolv.conf, hosts and the secrets document are read once, when the kernel starts.
#include "apps/agentos/egress_options.h"

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
  out.settings.routes = std::move(document.routes);
  const char* credentials = own_variable("CREDENTIALS_DIRECTORY");
  out.secrets = TRY(egress::SecretStore::load(
      document.secrets,
      {.credentials_directory = credentials != nullptr ? credentials : "", .variable = own_variable}));
  return out;
}

}  // namespace agentos::cli
