// OpenSSL over two memory buffers.
#include "base/tls/tls_client.h"

#include <ctime>

#include "base/net/ip_address.h"
#include "base/tls/openssl_end.h"

namespace agentos::tls {
namespace {

// Verifying the first certificate would have the C library open files: the time zone's for gmtime_r(), and what qsort()
// wants to know of the machine's memory. Who made a context may be confined by then.
void read_what_is_read_late(SSL_CTX* context) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  sk_X509_OBJECT_sort(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
}

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
    return std::make_unique<OpenSslEnd<Client>>(connection.release(), in, out);
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
