// See tls_server.h.
#include "base/tls/tls_server.h"

#include "base/tls/openssl_end.h"

namespace agentos::tls {
namespace {

class OpenSslServerContext final : public ServerContext {
 public:
  explicit OpenSslServerContext(SSL_CTX* context) : context_(context) {}

  Result<std::unique_ptr<Server>> begin() const override {
    std::unique_ptr<SSL, FreeConnection> connection(SSL_new(context_.get()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    if (connection == nullptr || in == nullptr || out == nullptr) return library_error("TLS has no memory");
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(connection.get(), in, out);
    SSL_set_accept_state(connection.get());
    return std::make_unique<OpenSslEnd<Server>>(connection.release(), in, out);
  }

 private:
  std::unique_ptr<SSL_CTX, FreeContext> context_;
};

std::unexpected<Error> unusable(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, library_error(what).error().message);
}

}  // namespace

Result<std::unique_ptr<ServerContext>> ServerContext::make(const std::string& certificate_file,
                                                           const std::string& key_file) {
  std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return library_error("TLS cannot be set up");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // A key with a passphrase is refused: nobody is there to be asked.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return unusable("no certificate can be read from " + certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable("no key can be read from " + key_file);
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return unusable("the key in " + key_file + " is not that of the certificate");
  }
  return std::make_unique<OpenSslServerContext>(context.release());
}

}  // namespace agentos::tls
