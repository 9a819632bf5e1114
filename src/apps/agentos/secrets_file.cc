// Values pass through one buffer, which is zeroed, into locked memory, and from there to their file.
#include "apps/agentos/secrets_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "apps/agentos/reach.h"
#include "base/io/file.h"
#include "client/place.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kSecretsDocumentBytesMax = std::size_t{256} << 10;

// The terminal's echo is off while this lives.
class Unseen {
 public:
  explicit Unseen(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  bool done() const { return changed_; }

 private:
  int terminal_;
  termios before_{};
  bool changed_ = false;
};

void say(std::string_view text) { (void)!::write(STDERR_FILENO, text.data(), text.size()); }

// Until the end, or the first line's end on a terminal.
Status read_all(std::string& into, bool line) {
  for (std::size_t used = 0;;) {
    const ssize_t count = ::read(STDIN_FILENO, into.data() + used, into.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "cannot read the value from standard input");
    used += static_cast<std::size_t>(count);
    if (count == 0 || used == into.size() || (line && used > 0 && into[used - 1] == '\n')) {
      into.resize(used);
      return {};
    }
  }
}

}  // namespace

std::string secrets_file(const Globals& globals) { return state_directory_of(globals) + "/secrets/secrets.json"; }

Result<SecretsFile> SecretsFile::open(const Globals& globals) {
  TRY(client::own_directory(state_directory_of(globals)));
  const std::string folder = state_directory_of(globals) + "/secrets";
  TRY(client::own_directory(folder));
  io::Fd lock(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kSecretFileMode));
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX) != 0) return fail_errno(errno, "cannot lock " + folder);
  SecretsFile out(folder, std::move(lock));
  auto text = io::read_file(out.path(), kSecretsDocumentBytesMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return out;
  out.document_ = TRY(egress::parse_secrets(TRY(std::move(text)), out.path()));
  return out;
}

const egress::SecretSpec* SecretsFile::find(const std::string& name) const {
  const auto found = std::find_if(document_.secrets.begin(), document_.secrets.end(),
                                  [&](const egress::SecretSpec& one) { return one.name == name; });
  return found == document_.secrets.end() ? nullptr : &*found;
}

std::string SecretsFile::value_path(const std::string& name) const { return folder_ + "/" + name + ".value"; }

Status SecretsFile::save() const {
  const std::string text = egress::write_secrets(document_);
  // What a kernel would refuse to read is not written.
  TRY(egress::parse_secrets(text, path()));
  return io::write_file_atomic(path(), text, kSecretFileMode);
}

Status SecretsFile::remove(const std::string& name) {
  std::erase_if(document_.secrets, [&](const egress::SecretSpec& one) { return one.name == name; });
  std::erase_if(document_.routes, [&](const egress::Route& one) { return one.secret == name; });
  TRY(save());
  return forget_value(name);
}

Status SecretsFile::forget_value(const std::string& name) const {
  if (::unlink(value_path(name).c_str()) != 0 && errno != ENOENT) {
    return fail_errno(errno, "cannot remove " + value_path(name));
  }
  return {};
}

Result<egress::SecretBytes> read_secret_value(const std::string& name) {
  std::string value(egress::kSecretValueBytesMax + 2, '\0');
  Status read;
  if (::isatty(STDIN_FILENO) == 1) {
    const Unseen unseen(STDIN_FILENO);
    if (!unseen.done()) return fail(ErrorCode::kIo, "the terminal's echo cannot be turned off", "give it by a pipe");
    say("value of " + name + " (not shown): ");
    read = read_all(value, true);
    say("\n");
  } else {
    read = read_all(value, false);
  }
  if (read && value.ends_with('\n')) value.pop_back();
  if (read && value.ends_with('\r')) value.pop_back();
  const bool fits = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (read && value.empty()) read = fail(ErrorCode::kInvalidArgument, "the value is empty");
  if (read && value.size() > egress::kSecretValueBytesMax) read = fail(ErrorCode::kTooLarge, "the value is too long");
  if (read && !fits) {
    read = fail(ErrorCode::kInvalidArgument, "the value has an octet that no header may have",
                "one line of visible ASCII characters");
  }
  if (!read) ::explicit_bzero(value.data(), value.size());
  TRY(read);
  return egress::SecretBytes::take(value);
}

}  // namespace agentos::cli
