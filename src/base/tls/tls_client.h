// The client's side of TLS over any transport: what came from the network goes in, what has to go there comes out.
//
// The server must present a certificate for the name it was asked by, signed by a trusted authority; there is no way to
// turn that off. Not thread-safe; a context may be shared by connections of one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::tls {

inline constexpr std::size_t kUnsentBytesMax = std::size_t{1} << 20;  // held before the handshake is over

class Client {
 public:
  virtual ~Client() = default;
  // kIo with what the library says: the connection is of no more use.
  virtual Status receive(std::string_view ciphertext) = 0;
  virtual void send(std::string_view plaintext) = 0;      // held until the handshake is over
  virtual void finish() = 0;                              // says that nothing more will be sent
  virtual void take_input(std::string& plaintext) = 0;    // appended
  virtual void take_output(std::string& ciphertext) = 0;  // appended; to be sent whatever else happens
  virtual bool ready() const = 0;                         // the handshake is over and the server is who it should be
  virtual bool ended() const = 0;                         // the server said that it sends no more
};

inline constexpr char kSystemTrustFile[] = "/etc/ssl/certs/ca-certificates.crt";

class ClientContext {
 public:
  virtual ~ClientContext() = default;
  // `trust_file`: certificates of authorities in PEM; empty: kSystemTrustFile. Nothing is read later.
  static Result<std::unique_ptr<ClientContext>> make(const std::string& trust_file);
  // `host`: a canonical name or address.
  virtual Result<std::unique_ptr<Client>> begin(const std::string& host) const = 0;
};

}  // namespace agentos::tls
