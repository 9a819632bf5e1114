// The server's side of TLS over any transport: what came from the network goes in, what has to go there comes out.
//
// TLS 1.2 and 1.3. Not thread-safe; a context may be shared by connections of one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::tls {

class Server {
 public:
  virtual ~Server() = default;
  // kIo with what the library says: the connection is of no more use.
  virtual Status receive(std::string_view ciphertext) = 0;
  virtual void send(std::string_view plaintext) = 0;      // after the handshake alone
  virtual void finish() = 0;                              // says that nothing more will be sent
  virtual void take_input(std::string& plaintext) = 0;    // appended
  virtual void take_output(std::string& ciphertext) = 0;  // appended; to be sent whatever else happens
  virtual bool ready() const = 0;                         // the handshake is over
  virtual bool ended() const = 0;                         // the client said that it sends no more
};

class ServerContext {
 public:
  virtual ~ServerContext() = default;
  // PEM files: the certificate with those that lead to its authority, and its key. kInvalidArgument when they cannot be
  // read or do not belong together. Nothing is read later.
  static Result<std::unique_ptr<ServerContext>> make(const std::string& certificate_file, const std::string& key_file);
  virtual Result<std::unique_ptr<Server>> begin() const = 0;
};

}  // namespace agentos::tls
