// OpenSSL over two memory buffers.
#include "base/tls/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "base/net/ip_address.h"

namespace agentos::tls {
namespace {

constexpr std::size_t kPieceBytes = 16384;

std::unexpected<Error> library_error(const std::string& what) {
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

// Verifying the first certificate would have the C library open files: the time zone's for gmtime_r(), and what qsort()
// wants to know of the machine's memory. Who made a context may be confined by then.
void read_what_is_read_late(SSL_CTX* context) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  sk_X509_OBJECT_sort(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
}

class OpenSslClient final : public Client {
 public:
  OpenSslClient(SSL* connection, BIO* from_network, BIO* to_network)
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

class OpenSslContext final : public ClientContext {
 public:
  explicit OpenSslContext(SSL_CTX* context) : context_(context) {}

  Result<std::unique_ptr<Client>> begin(const std::string& host) const override {
    std::unique_ptr<SSL, FreeConnection> connection(SSL_new(context_.get()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    if (connection == nullptr || in == nullptr || out == nullptr) return library_error("TLS has no memory");
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(connection.get(), in, out);
    X509_VERIFY_PARAM* verify = SSL_get0_param(connection.get());
    const bool address = net::scan_ip(host).has_value();
    const bool named = address ? X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1
                               : X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size()) == 1 &&
                                     SSL_set_tlsext_host_name(connection.get(), host.c_str()) == 1;
    if (!named) return library_error("the server's name cannot be verified");
    SSL_set_connect_state(connection.get());
    return std::make_unique<OpenSslClient>(connection.release(), in, out);
  }

 private:
  std::unique_ptr<SSL_CTX, FreeContext> context_;
};

}  // namespace

Result<std::unique_ptr<ClientContext>> ClientContext::make(const std::string& trust_file) {
  std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return library_error("TLS cannot be set up");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const char* file = trust_file.empty() ? kSystemTrustFile : trust_file.c_str();
  if (SSL_CTX_load_verify_file(context.get(), file) != 1) {
    return library_error("the trusted certificates cannot be read from " + std::string(file));
  }
  read_what_is_read_late(context.get());
  return std::make_unique<OpenSslContext>(context.release());
}

}  // namespace agentos::tls
