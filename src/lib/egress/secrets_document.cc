// Reading a secrets document: every key is known or refused, every error says file:line:column, no value is in it.
#include <algorithm>

#include "base/json/value.h"
#include "base/yaml/document.h"
#include "lib/canonical/url.h"
#include "lib/egress/request_head.h"
#include "lib/egress/secret_store.h"

namespace agentos::egress {
namespace {

using yaml::Node;

class SecretsReader {
 public:
  explicit SecretsReader(std::string_view file) : file_(file) {}

  Result<SecretsDocument> read(const Node& root) {
    TRY(mapping(root, "the document", {"apiVersion", "kind", "secrets", "routes"}));
    if (TRY(text(root, "apiVersion")) != "agentos/v1") return at(root, "apiVersion must be \"agentos/v1\"");
    if (TRY(text(root, "kind")) != "Secrets") return at(root, "kind must be \"Secrets\"");
    SecretsDocument out;
    for (const Node& item : TRY(list(root, "secrets"))->items) out.secrets.push_back(TRY(read_secret(item)));
    for (const Node& item : TRY(list(root, "routes"))->items) out.routes.push_back(TRY(read_one_route(item, out)));
    if (out.secrets.size() > kSecretsMax || out.routes.size() > kRoutesMax) return at(root, "too many entries");
    return out;
  }

 private:
  std::unexpected<Error> at(const Node& node, const std::string& what, std::string hint = {}) {
    return yaml::fail_at(file_, node.mark, what, std::move(hint));
  }

  Status mapping(const Node& node, const std::string& what, const std::vector<std::string_view>& keys) {
    if (node.kind != Node::Kind::kMapping) return at(node, what + " must be a mapping");
    for (const Node::Entry& entry : node.entries) {
      bool known = false;
      for (const std::string_view key : keys) known = known || key == entry.key;
      if (known) continue;
      const std::string_view near = yaml::nearest(entry.key, keys);
      return yaml::fail_at(file_, entry.mark, "unknown key \"" + entry.key + "\"",
                           near.empty() ? std::string() : "did you mean \"" + std::string(near) + "\"?");
    }
    return {};
  }

  Result<std::string> text(const Node& node, std::string_view key) {
    const Node* found = node.find(key);
    if (found == nullptr) return at(node, std::string(key) + " is missing");
    if (found->kind != Node::Kind::kString || found->text.empty())
      return at(*found, std::string(key) + " must be text");
    return found->text;
  }

  Result<const Node*> list(const Node& node, std::string_view key) {
    static const Node kEmpty;
    const Node* found = node.find(key);
    if (found == nullptr) return &kEmpty;
    if (found->kind != Node::Kind::kSequence) return at(*found, std::string(key) + " must be a list");
    return found;
  }

  Result<SecretSpec> read_secret(const Node& node) {
    TRY(mapping(node, "a secret", {"name", "file", "credential", "keyring", "environment"}));
    SecretSpec out;
    out.name = TRY(text(node, "name"));
    int sources = 0;
    for (const SecretSource source :
         {SecretSource::kFile, SecretSource::kCredential, SecretSource::kKeyring, SecretSource::kEnvironment}) {
      if (node.find(name_of(source)) == nullptr) continue;
      ++sources;
      out.source = source;
      out.place = TRY(text(node, name_of(source)));
    }
    if (sources != 1) return at(node, "a secret has exactly one of file, credential, keyring and environment");
    const bool file = out.source == SecretSource::kFile;
    if (file != out.place.starts_with('/') || (!file && out.place.find('/') != std::string::npos)) {
      return at(node, file ? "file must be an absolute path" : "the place of a secret has no \"/\"");
    }
    return out;
  }

  Result<Route> read_one_route(const Node& node, const SecretsDocument& document) {
    TRY(mapping(node, "a route", {"name", "to", "secret", "header", "prefix", "query", "basic"}));
    Route out;
    const auto name = canonical::read_host(TRY(text(node, "name")));
    if (!name || name->is_ip()) return at(node, "name must be a host name, as the program will use it");
    out.name = name->text();
    std::string scratch;
    const auto url = canonical::read_url(TRY(text(node, "to")), scratch);
    const bool plain = url && (url->scheme == "https" || url->scheme == "http") && url->path == "/" &&
                       !url->has_query && !url->has_fragment && !url->has_userinfo;
    if (!plain) return at(node, "to must be https://HOST or https://HOST:PORT (or http)");
    out.tls = url->scheme == "https";
    out.host = url->host.text();
    out.port = url->port;
    TRY(read_placement(node, document, out));
    return out;
  }

  Status read_placement(const Node& node, const SecretsDocument& document, Route& out) {
    const std::pair<std::string_view, Placement> placements[] = {
        {"header", Placement::kHeader}, {"query", Placement::kQuery}, {"basic", Placement::kBasic}};
    int count = 0;
    for (const auto& [key, placement] : placements) {
      if (node.find(key) == nullptr) continue;
      ++count;
      out.placement = placement;
      out.key = TRY(text(node, key));
    }
    if ((count == 1) != (node.find("secret") != nullptr) || count > 1) {
      return at(node, "a route with a secret has exactly one of header, query and basic, and one without has none");
    }
    if (node.find("prefix") != nullptr) out.prefix = TRY(text(node, "prefix"));
    if (count == 0) return {};
    for (const char c : out.key + out.prefix) {
      if (c < ' ' || c > '~') return at(node, "header, query, basic and prefix are of visible ASCII");
    }
    if (out.placement != Placement::kBasic && !is_token(out.key)) return at(node, "that is no name of a field");
    if (out.placement == Placement::kHeader) {
      for (const std::string_view refused : {"host", "content-length", "transfer-encoding", "connection"}) {
        if (same_name(out.key, refused)) return at(node, "a secret cannot stand in " + out.key);
      }
    }
    out.secret = TRY(text(node, "secret"));
    for (const SecretSpec& spec : document.secrets) {
      if (spec.name == out.secret) return {};
    }
    return at(node, "there is no secret \"" + out.secret + "\" in this document");
  }

  std::string_view file_;
};

json::Object route_as_json(const Route& route) {
  const std::uint16_t usual = route.tls ? 443 : 80;
  const std::string host = route.host.find(':') == std::string::npos ? route.host : "[" + route.host + "]";
  std::string to = std::string(route.tls ? "https://" : "http://") + host;
  if (route.port != usual) to += ":" + std::to_string(route.port);
  json::Object out{{"name", route.name}, {"to", to}};
  if (route.placement == Placement::kNone) return out;
  constexpr std::string_view kKeys[] = {"", "header", "query", "basic"};
  out["secret"] = route.secret;
  out[std::string(kKeys[static_cast<std::size_t>(route.placement)])] = route.key;
  if (!route.prefix.empty()) out["prefix"] = route.prefix;
  return out;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::string_view kPunctuation = "._-";
  if (name.empty() || name.size() > kSecretNameBytesMax || kPunctuation.find(name[0]) != std::string_view::npos) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kPunctuation.find(c) != std::string_view::npos;
  });
}

std::string write_secrets(const SecretsDocument& document) {
  json::Array secrets, routes;
  for (const SecretSpec& spec : document.secrets) {
    secrets.emplace_back(json::Object{{"name", spec.name}, {std::string(name_of(spec.source)), spec.place}});
  }
  for (const Route& route : document.routes) routes.emplace_back(route_as_json(route));
  return json::write_pretty(json::Object{{"apiVersion", "agentos/v1"},
                                         {"kind", "Secrets"},
                                         {"routes", std::move(routes)},
                                         {"secrets", std::move(secrets)}});
}

Result<SecretsDocument> parse_secrets(std::string_view text, std::string_view file) {
  const Node root = TRY(yaml::parse(text, file));
  return SecretsReader(file).read(root);
}

}  // namespace agentos::egress
