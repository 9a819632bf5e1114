// Reading with a bound.
#include "apps/agentos/documents.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "apps/agentos/reach.h"
#include "base/io/file.h"

namespace agentos::cli {
namespace {

Result<std::string> read_standard_input() {
  std::string text;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno(errno, "cannot read standard input");
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > kDocumentBytesMax) return fail(ErrorCode::kTooLarge, "a document has at most 1 MiB");
  }
}

}  // namespace

Result<abi::Document> read_document(const std::string& file) {
  abi::Document document;
  if (file == "-") {
    document.file = "standard input";
    document.text = TRY(read_standard_input());
  } else {
    document.file = TRY(absolute_path(file));
    document.text = TRY(io::read_file(document.file, kDocumentBytesMax));
  }
  if (!json::valid_utf8(document.text)) {
    return fail(ErrorCode::kMalformed, file + " is not UTF-8 text", "save it as UTF-8");
  }
  return document;
}

Result<policy::TrustedKey> read_policy_key(const std::string& file) {
  const std::string path = TRY(absolute_path(file));
  auto key = crypto::verify_key_from_pem(TRY(io::read_file(path, crypto::kPemBytesMax)));
  if (!key) return fail(key.error().code, file + ": " + key.error().message, key.error().hint);
  return policy::TrustedKey{path, *key};
}

}  // namespace agentos::cli
