// The four places a value can come from.
#include "lib/egress/secret_store.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/io/fd.h"

namespace agentos::egress {
namespace {

constexpr std::array<std::string_view, 4> kSources = {"file", "credential", "keyring", "environment"};

std::unexpected<Error> about(const SecretSpec& spec, ErrorCode code, const std::string& what, std::string hint = {}) {
  return fail(code, "secret \"" + spec.name + "\": " + what, std::move(hint));
}

enum class Ownership : std::uint8_t { kOwn, kSystem };

// A secret that others may read is none; what systemd hands out has its own protection.
Result<std::string> read_secret_file(const SecretSpec& spec, const std::string& path, Ownership ownership) {
  const io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return about(spec, code_of_errno(errno), "cannot open " + path + ": " + ::strerror(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return about(spec, ErrorCode::kInvalidArgument, path + " is not a regular file");
  }
  if (ownership == Ownership::kOwn && (status.st_mode & 077) != 0) {
    return about(spec, ErrorCode::kNotPermitted, "others may read " + path, "chmod 600 " + path);
  }
  std::string text(kSecretValueBytesMax + 2, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return about(spec, ErrorCode::kIo, "cannot read " + path);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<std::string> read_key(const SecretSpec& spec) {
  const long key = ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", spec.place.c_str(), 0);
  const long found =
      key >= 0 ? key : ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", spec.place.c_str(), 0);
  if (found < 0) {
    return about(spec, ErrorCode::kNotFound, "the keyring has no user key \"" + spec.place + "\"",
                 "keyctl padd user " + spec.place + " @u");
  }
  std::string text(kSecretValueBytesMax + 2, '\0');
  const long size = ::syscall(SYS_keyctl, KEYCTL_READ, found, text.data(), text.size());
  if (size < 0) return about(spec, ErrorCode::kNotPermitted, "the key cannot be read");
  text.resize(std::min<std::size_t>(static_cast<std::size_t>(size), text.size()));
  return text;
}

Result<std::string> read_source(const SecretSpec& spec, const SecretStore::Places& places) {
  switch (spec.source) {
    case SecretSource::kFile:
      return read_secret_file(spec, spec.place, Ownership::kOwn);
    case SecretSource::kCredential:
      if (places.credentials_directory.empty()) {
        return about(spec, ErrorCode::kNotFound, "systemd gave this process no credentials",
                     "LoadCredential= of the unit, see systemd.exec(5)");
      }
      return read_secret_file(spec, places.credentials_directory + "/" + spec.place, Ownership::kSystem);
    case SecretSource::kKeyring:
      return read_key(spec);
    case SecretSource::kEnvironment: {
      const char* value = places.variable != nullptr ? places.variable(spec.place.c_str()) : nullptr;
      if (value == nullptr) return about(spec, ErrorCode::kNotFound, "the kernel has no variable " + spec.place);
      return std::string(value);
    }
  }
  return about(spec, ErrorCode::kInvalidArgument, "an unknown source");
}

Status check_value(const SecretSpec& spec, std::string& value) {
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (value.empty()) return about(spec, ErrorCode::kInvalidArgument, "it is empty");
  if (value.size() > kSecretValueBytesMax) return about(spec, ErrorCode::kTooLarge, "it is too long");
  for (const char c : value) {
    if (c < ' ' || c > '~') return about(spec, ErrorCode::kInvalidArgument, "it has an octet that no header may have");
  }
  return {};
}

}  // namespace

std::string_view name_of(SecretSource source) { return kSources[static_cast<std::size_t>(source)]; }

Result<std::shared_ptr<const SecretStore>> SecretStore::load(const std::vector<SecretSpec>& specs,
                                                             const Places& places) {
  std::map<std::string, SecretBytes, std::less<>> values;
  for (const SecretSpec& spec : specs) {
    std::string value = TRY(read_source(spec, places));
    const Status fits = check_value(spec, value);
    if (!fits) ::explicit_bzero(value.data(), value.size());
    TRY(fits);
    values.emplace(spec.name, TRY(SecretBytes::take(value)));
  }
  auto store = std::make_shared<SecretStore>();
  store->specs_ = specs;
  store->values_ = std::move(values);
  return store;
}

Result<std::string_view> SecretStore::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return fail(ErrorCode::kNotFound, "there is no secret \"" + std::string(name) + "\"");
  return found->second.view();
}

}  // namespace agentos::egress
