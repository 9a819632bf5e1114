// One end of a TLS connection over two memory buffers, for both sides: the only place but its users that sees OpenSSL.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/tls/tls_client.h"

namespace agentos::tls {

inline constexpr std::size_t kPieceBytes = 16384;

inline std::unexpected<Error> library_error(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return fail(ErrorCode::kIo, code == 0 ? what : what + ": " + text.data());
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeConnection {
  void operator()(SSL* connection) const { SSL_free(connection); }
};

template <class Interface>
class OpenSslEnd final : public Interface {
 public:
  OpenSslEnd(SSL* connection, BIO* from_network, BIO* to_network)
      : ssl_(connection), from_network_(from_network), to_network_(to_network) {}

  Status receive(std::string_view ciphertext) override {
    if (!ciphertext.empty()) BIO_write(from_network_, ciphertext.data(), static_cast<int>(ciphertext.size()));
    if (!ready_) {
      const int done = SSL_do_handshake(ssl_.get());
      if (done != 1) return waits(done) ? Status{} : trouble("the TLS handshake failed");
      ready_ = true;
      std::string held;
      held.swap(unsent_);
      send(held);
    }
    std::array<char, kPieceBytes> piece;
    for (;;) {
      const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
      if (got > 0) {
        input_.append(piece.data(), static_cast<std::size_t>(got));
        continue;
      }
      if (SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN) {
        ended_ = true;
        return {};
      }
      return waits(got) ? Status{} : trouble("the TLS connection broke");
    }
  }

  void send(std::string_view plaintext) override {
    if (!ready_) {
      if (unsent_.size() + plaintext.size() <= kUnsentBytesMax) unsent_ += plaintext;
      return;
    }
    while (!plaintext.empty()) {
      const std::size_t size = plaintext.size() < kPieceBytes ? plaintext.size() : kPieceBytes;
      if (SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(size)) <= 0) return;  // receive() will say why
      plaintext.remove_prefix(size);
    }
  }

  void finish() override {
    if (ready_) SSL_shutdown(ssl_.get());
  }

  void take_input(std::string& plaintext) override {
    plaintext += input_;
    input_.clear();
  }
  void take_output(std::string& ciphertext) override {
    std::array<char, kPieceBytes> piece;
    for (int got = 0; (got = BIO_read(to_network_, piece.data(), static_cast<int>(piece.size()))) > 0;) {
      ciphertext.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  bool ready() const override { return ready_; }
  bool ended() const override { return ended_; }

 private:
  bool waits(int result) const {
    const int error = SSL_get_error(ssl_.get(), result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  }
  std::unexpected<Error> trouble(std::string what) const {
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK) {
      ERR_clear_error();
      return fail(ErrorCode::kIo, what + ": " + X509_verify_cert_error_string(verified));
    }
    return library_error(what);
  }

  std::unique_ptr<SSL, FreeConnection> ssl_;
  BIO* from_network_;  // owned by ssl_
  BIO* to_network_;
  std::string input_, unsent_;
  bool ready_ = false, ended_ = false;
};

}  // namespace agentos::tls
