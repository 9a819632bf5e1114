// Secrets in memory of the kernel: read once, held where no core dump and no swap shows them, zeroed at the end.
//
// Thread-safe once made. Nothing here puts a value into an error or a description.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/egress/settings.h"

namespace agentos::egress {

inline constexpr std::size_t kSecretsMax = 128;
inline constexpr std::size_t kSecretValueBytesMax = 8192;
inline constexpr std::size_t kSecretNameBytesMax = 64;

enum class SecretSource : std::uint8_t { kFile, kCredential, kKeyring, kEnvironment };
std::string_view name_of(SecretSource source);  // "file", "credential", "keyring", "environment"

struct SecretSpec {
  std::string name;
  SecretSource source = SecretSource::kFile;
  std::string place;  // path, name of a credential, description of a user key, name of a variable
};

// A document of secrets and the routes that use them (SECRETS.md). kMalformed with file:line:column.
struct SecretsDocument {
  std::vector<SecretSpec> secrets;
  std::vector<Route> routes;
};
Result<SecretsDocument> parse_secrets(std::string_view text, std::string_view file);
// The same document as JSON, which parse_secrets() reads; there is no value in it.
std::string write_secrets(const SecretsDocument& document);

// Letters, digits and ".", "_", "-", not first; the name of a file, a word of policy and of the record.
bool is_secret_name(std::string_view name);

// An octet string in locked memory.
class SecretBytes {
 public:
  // Takes the octets and zeroes `from`. kNoSpace when the memory cannot be had or locked.
  static Result<SecretBytes> take(std::string& from);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  std::string_view view() const { return {memory_, size_}; }

 private:
  SecretBytes(char* memory, std::size_t size, std::size_t mapped) : memory_(memory), size_(size), mapped_(mapped) {}
  char* memory_;  // null: moved away
  std::size_t size_, mapped_;
};

class SecretStore {
 public:
  // Where sources are looked up, so that a test can say.
  struct Places {
    std::string credentials_directory;  // $CREDENTIALS_DIRECTORY of systemd.exec(5); empty: none
    const char* (*variable)(const char* name) = nullptr;
  };
  // Reads every one. One newline at the end is no part of a value; a value has only visible ASCII and spaces, for it
  // goes into a header. kNotFound, kInvalidArgument, kTooLarge, kNotPermitted (a file others may read).
  static Result<std::shared_ptr<const SecretStore>> load(const std::vector<SecretSpec>& specs, const Places& places);

  Result<std::string_view> value(std::string_view name) const;  // kNotFound
  const std::vector<SecretSpec>& specs() const { return specs_; }

 private:
  std::vector<SecretSpec> specs_;
  std::map<std::string, SecretBytes, std::less<>> values_;
};

}  // namespace agentos::egress
