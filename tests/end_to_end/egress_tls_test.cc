// TLS through the proxy: tunnels whose name is the host's, and routes where the proxy speaks TLS and puts a secret in.
#include <fcntl.h>
#include <sys/wait.h>

#include "tests/end_to_end/egress_world.h"

namespace agentos::test {
namespace {

constexpr std::string_view kKeyed = R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: keyed}
spec:
  rules:
    - {name: connections, syscalls: [connect], arguments: {host: {host: [api.example.com]}, port: {in: [443]}}, action: allow}
    - {name: requests, syscalls: [http_request], arguments: {host: {host: [api.example.com]}, scheme: {in: [https]}}, action: allow}
    - {name: key, syscalls: [secret_use], arguments: {secret: {in: [key]}, host: {host: [api.example.com]}}, action: allow}
)";

// A TLS server in Python with a certificate of its own for api.example.com; it answers with the Authorization it got.
// It ends when this object goes, for its standard input closes.
class TlsServer {
 public:
  TlsServer() {
    char name[] = "/tmp/agentos-tls-XXXXXX";
    folder_ = ::mkdtemp(name);
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=api.example.com -addext subjectAltName=DNS:api.example.com -keyout " +
        folder_ + "/key.pem -out " + certificate() + " 2>/dev/null";
    usable_ = std::system(make.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe)
    if (!usable_) return;
    const std::string script = R"(
import base64, http.server, ssl, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = base64.b64encode((self.headers.get("Authorization", "none") + " " + self.path).encode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
)";
    int in[2], out[2];
    CHECK(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::execl("/usr/bin/python3", "python3", "-B", "-c", script.c_str(), folder_.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = io::Fd(in[1]);
    const io::Fd output(out[0]);
    std::string line;  // Python may write it in pieces
    for (char octet = 0; line.find('\n') == std::string::npos && ::read(output.get(), &octet, 1) == 1;) line += octet;
    usable_ = line.ends_with('\n');
    port_ = static_cast<std::uint16_t>(std::atoi(line.c_str()));
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() {
    input_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  bool usable() const { return usable_; }
  std::string certificate() const { return folder_ + "/cert.pem"; }
  std::uint16_t port() const { return port_; }

 private:
  std::string folder_;
  io::Fd input_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  bool usable_ = false;
};

const char* key_of_the_test(const char*) { return "hunter2-is-the-secret"; }

class EgressTls : public testing::Test {
 protected:
  void SetUp() override {
    if (!server_.usable()) GTEST_SKIP() << "there is no openssl program to make a certificate with";
  }
  kernel::EgressOptions options(const std::string& trust_file) {
    kernel::EgressOptions out = egress_to(plain_);
    out.settings.rehearsal[{kPublicAddress, 443}] = {net::IpAddress::v4(INADDR_LOOPBACK), server_.port()};
    out.settings.trust_file = trust_file;
    out.settings.routes.push_back(
        {"api.internal", true, "api.example.com", 443, "key", egress::Placement::kHeader, "Authorization", "Bearer "});
    out.secrets = *egress::SecretStore::load({{"key", egress::SecretSource::kEnvironment, "KEY"}},
                                             {.credentials_directory = {}, .variable = key_of_the_test});
    return out;
  }
  HttpServer plain_;
  TlsServer server_;
};

TEST_F(EgressTls, a_route_speaks_tls_outside_and_puts_the_secret_in) {
  EgressWorld world(options(server_.certificate()));
  const std::string script = R"(
import base64, urllib.request
for path in ("one", "two"):
    request = urllib.request.Request("http://api.internal/" + path, headers={"Authorization": "Bearer placeholder"})
    text = base64.b64decode(urllib.request.urlopen(request, timeout=10).read()).decode()
    print(text.replace("hunter2-is-the-secret", "THE SECRET"))
)";
  const auto ended = world.python(script, kKeyed);
  EXPECT_EQ(ended.output, "Bearer THE SECRET /one\nBearer THE SECRET /two\n");
  EXPECT_EQ(world.entries("intent", "secret_use").size(), 2U);
  const auto requests = world.entries("intent", "http_request");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(json::write(requests[0]).find("\"scheme\":\"https\""), std::string::npos) << json::write(requests[0]);
  for (const json::Value& entry : world.record()) EXPECT_EQ(json::write(entry).find("hunter2"), std::string::npos);
}

TEST_F(EgressTls, without_the_rule_the_secret_is_not_used) {
  EgressWorld world(options(server_.certificate()));
  std::string policy(kKeyed);
  policy.resize(policy.find("    - {name: key"));
  const auto ended = world.python(R"(
import urllib.request, urllib.error
try:
    urllib.request.urlopen("http://api.internal/", timeout=10)
except urllib.error.HTTPError as error:
    print(error.code, "secret_use" in error.read().decode())
)",
                                  policy);
  EXPECT_EQ(ended.output, "403 True\n");
  EXPECT_EQ(world.entries("refused", "secret_use").size(), 1U);
}

TEST_F(EgressTls, a_server_without_a_trusted_certificate_is_not_spoken_to) {
  EgressWorld world(options(""));
  const auto ended = world.python(R"(
import urllib.request, urllib.error
try:
    urllib.request.urlopen("http://api.internal/", timeout=10)
except urllib.error.HTTPError as error:
    print(error.code)
)",
                                  kKeyed);
  EXPECT_EQ(ended.output, "502\n");
}

TEST_F(EgressTls, a_tunnel_carries_tls_end_to_end) {
  EgressWorld world(options(server_.certificate()));
  // The program verifies the certificate itself, which the test gives it: the proxy is not in between.
  auto pem = io::read_file(server_.certificate(), 1 << 16);
  ASSERT_TRUE(pem.has_value());
  const std::string script = R"(
import base64, os, ssl, sys, urllib.request
context = ssl.create_default_context(cadata=sys.argv[1])
print(base64.b64decode(urllib.request.urlopen("https://api.example.com/t", timeout=10, context=context).read()).decode())
for name in list(os.environ):
    if name.lower().endswith("_proxy"): del os.environ[name]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
print(base64.b64decode(opener.open("https://api.example.com/u", timeout=10).read()).decode())
)";
  const auto ended = world.run({"/usr/bin/python3", "-B", "-c", script, *pem}, kKeyed);
  EXPECT_EQ(ended.output, "none /t\nnone /u\n") << "by its variables, and without knowing of a proxy";
  EXPECT_TRUE(world.entries("intent", "http_request").empty());
  const auto outcomes = world.entries("outcome", "connect");
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_GT(outcomes[0].int_or("bytes", 0), 1000) << json::write(outcomes[0]);
}

}  // namespace
}  // namespace agentos::test
