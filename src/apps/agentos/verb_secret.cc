// agentos secret: which secrets there are, where they come from and where they go. No verb shows a value.
#include <algorithm>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/secrets_file.h"
#include "base/io/file.h"
#include "client/client.h"
#include "lib/canonical/url.h"

namespace agentos::cli {
namespace {

std::unexpected<Error> unknown_secret(const std::string& name) {
  return fail(ErrorCode::kNotFound, "there is no secret \"" + name + "\"", "agentos secret ls");
}

void tell_running_kernel(const Globals& globals) {
  const Result<std::string> socket = socket_of(globals);
  if (!socket || !client::Client::connect(*socket)) return;
  print_note("the running kernel knows it when it starts again: agentos serve --stop");
}

Result<egress::Route> route_of(const SecretOptions& options) {
  std::string scratch;
  const auto url = canonical::read_url(options.to, scratch);
  const bool plain = url && (url->scheme == "https" || url->scheme == "http") && url->path == "/" && !url->has_query &&
                     !url->has_fragment && !url->has_userinfo;
  if (!plain) {
    return fail(ErrorCode::kInvalidArgument, "--to " + options.to + " is no host to go to",
                "https://HOST or http://HOST:PORT");
  }
  egress::Route route;
  route.name = options.route.empty() ? options.name + ".internal" : options.route;
  std::transform(route.name.begin(), route.name.end(), route.name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::replace(route.name.begin(), route.name.end(), '_', '-');
  route.tls = url->scheme != "http";
  route.host = url->host.text();
  route.port = url->port;
  route.secret = options.name;
  route.placement = !options.query.empty()   ? egress::Placement::kQuery
                    : !options.basic.empty() ? egress::Placement::kBasic
                                             : egress::Placement::kHeader;
  route.key = !options.query.empty() ? options.query : !options.basic.empty() ? options.basic : options.header;
  route.prefix = options.prefix;
  if (route.key.empty()) {
    route.key = "Authorization";
    if (route.prefix.empty()) route.prefix = "Bearer ";
  }
  return route;
}

// Where the value is; one that is typed in is written to its file.
Result<egress::SecretSpec> take_source(const SecretOptions& options, const SecretsFile& file) {
  egress::SecretSpec spec{options.name, egress::SecretSource::kFile, file.value_path(options.name)};
  if (!options.file.empty()) {
    spec.place = TRY(absolute_path(options.file));
  } else if (!options.credential.empty()) {
    spec = {options.name, egress::SecretSource::kCredential, options.credential};
  } else if (!options.keyring.empty()) {
    spec = {options.name, egress::SecretSource::kKeyring, options.keyring};
  } else if (!options.environment.empty()) {
    spec = {options.name, egress::SecretSource::kEnvironment, options.environment};
  } else {
    const egress::SecretBytes value = TRY(read_secret_value(options.name));
    TRY(io::write_file_atomic(spec.place, value.view(), kSecretFileMode));
  }
  return spec;
}

std::string uses_of(const egress::SecretsDocument& document, const std::string& name) {
  std::string out;
  for (const egress::Route& route : document.routes) {
    if (route.secret != name) continue;
    (out += out.empty() ? "" : ", ") += "http://" + route.name + " -> " + route.host + ":" + std::to_string(route.port);
  }
  return out;
}

// Whether a kernel started now would find it; what comes from a kernel's own surroundings cannot be told from here.
std::string state_of(const egress::SecretSpec& spec) {
  if (spec.source == egress::SecretSource::kEnvironment || spec.source == egress::SecretSource::kCredential) {
    return "of the kernel";
  }
  const auto loaded = egress::SecretStore::load({spec}, {});
  return loaded ? "ok" : loaded.error().message;
}

json::Object secret_as_json(const egress::SecretsDocument& document, const egress::SecretSpec& spec) {
  json::Array routes;
  for (const egress::Route& route : document.routes) {
    if (route.secret != spec.name) continue;
    routes.emplace_back(
        json::Object{{"name", route.name}, {"host", route.host}, {"port", route.port}, {"tls", route.tls}});
  }
  return json::Object{{"name", spec.name},
                      {"source", egress::name_of(spec.source)},
                      {"place", spec.place},
                      {"state", state_of(spec)},
                      {"routes", std::move(routes)}};
}

}  // namespace

Result<int> verb_secret_add(const Globals& globals, const SecretOptions& options) {
  if (!egress::is_secret_name(options.name)) {
    return fail(ErrorCode::kInvalidArgument, "\"" + options.name.substr(0, 16) + "...\" is no name of a secret",
                "letters, digits, \".\", \"_\" and \"-\", at most " + std::to_string(egress::kSecretNameBytesMax));
  }
  SecretsFile file = TRY(SecretsFile::open(globals));
  egress::SecretsDocument& document = file.document();
  if (file.find(options.name) != nullptr && !options.replace) {
    return fail(ErrorCode::kAlreadyExists, "there is a secret \"" + options.name + "\"", "--replace");
  }
  std::erase_if(document.secrets, [&](const egress::SecretSpec& one) { return one.name == options.name; });
  std::erase_if(document.routes, [&](const egress::Route& one) { return one.secret == options.name; });
  if (!options.to.empty()) document.routes.push_back(TRY(route_of(options)));
  document.secrets.push_back({options.name, egress::SecretSource::kFile, file.value_path(options.name)});
  // Before the value is asked for: what is wrong with the rest is said first.
  TRY(egress::parse_secrets(egress::write_secrets(document), secrets_file(globals)));
  document.secrets.back() = TRY(take_source(options, file));
  TRY(file.save());
  if (document.secrets.back().place != file.value_path(options.name)) TRY(file.forget_value(options.name));
  if (globals.format == Format::kJson) {
    print_json(secret_as_json(document, document.secrets.back()));
  } else {
    const std::string uses = uses_of(document, options.name);
    print_note("secret " + options.name + " is kept" + (uses.empty() ? ", and no route uses it" : ": " + uses));
    print_note("policy decides who uses it: syscalls [secret_use, http_request, connect]");
  }
  tell_running_kernel(globals);
  return kExitOk;
}

Result<int> verb_secret_ls(const Globals& globals, const SecretOptions&) {
  SecretsFile file = TRY(SecretsFile::open(globals));
  json::Array rows;
  Table table(
      {{"NAME"}, {"SOURCE"}, {"STATE", Align::kLeft, Fit::kFlexible}, {"GOES TO", Align::kLeft, Fit::kFlexible}});
  for (const egress::SecretSpec& spec : file.document().secrets) {
    const std::string state = state_of(spec);
    rows.emplace_back(secret_as_json(file.document(), spec));
    table.add({spec.name,
               std::string(egress::name_of(spec.source)),
               {state, state == "ok" || state == "of the kernel" ? Style::kPlain : Style::kBad},
               uses_of(file.document(), spec.name)});
  }
  if (globals.format == Format::kJson) {
    print_json(std::move(rows));
  } else {
    print_table(table);
  }
  return kExitOk;
}

Result<int> verb_secret_rm(const Globals& globals, const SecretOptions& options) {
  SecretsFile file = TRY(SecretsFile::open(globals));
  if (file.find(options.name) == nullptr) return unknown_secret(options.name);
  TRY(file.remove(options.name));
  print_note("secret " + options.name + " is forgotten");
  tell_running_kernel(globals);
  return kExitOk;
}

Result<int> verb_secret_show_source(const Globals& globals, const SecretOptions& options) {
  SecretsFile file = TRY(SecretsFile::open(globals));
  const egress::SecretSpec* spec = file.find(options.name);
  if (spec == nullptr) return unknown_secret(options.name);
  if (globals.format == Format::kJson) {
    print_json(secret_as_json(file.document(), *spec));
  } else {
    print(std::string(egress::name_of(spec->source)) + " " + printable(spec->place) + "\n");
  }
  return kExitOk;
}

}  // namespace agentos::cli
