// JSON both ways, and the two files of the host that say who knows names.
#include "lib/egress/settings.h"

#include "lib/canonical/host.h"

namespace agentos::egress {
namespace {

constexpr std::uint16_t kDnsServerPort = 53;

std::vector<std::string_view> words_of(std::string_view line) {
  line = line.substr(0, line.find_first_of("#;"));
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const std::size_t end = line.find_first_of(" \t\r");
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

template <class Take>
void each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (const auto words = words_of(text.substr(0, end)); words.size() >= 2) take(words);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Result<Endpoint> read_endpoint(const json::Value& value, std::string_view address, std::string_view port) {
  Endpoint out;
  out.address = TRY(net::parse_ip(value.string_or(address, "")));
  out.port = static_cast<std::uint16_t>(value.int_or(port, 0));
  return out;
}

json::Object write_endpoint(const Endpoint& endpoint) {
  return {{"address", std::string(endpoint.address.text().view())}, {"port", std::int64_t{endpoint.port}}};
}

json::Value write_route(const Route& route) {
  return json::Object{{"host", route.host},
                      {"key", route.key},
                      {"name", route.name},
                      {"placement", static_cast<int>(route.placement)},
                      {"port", std::int64_t{route.port}},
                      {"prefix", route.prefix},
                      {"secret", route.secret},
                      {"tls", route.tls}};
}

Route read_route(const json::Value& value) {
  Route out;
  out.host = value.string_or("host", "");
  out.key = value.string_or("key", "");
  out.name = value.string_or("name", "");
  out.placement = static_cast<Placement>(value.int_or("placement", 0));
  out.port = static_cast<std::uint16_t>(value.int_or("port", 0));
  out.prefix = value.string_or("prefix", "");
  out.secret = value.string_or("secret", "");
  out.tls = value.bool_or("tls", true);
  return out;
}

const json::Array& list_of(const json::Value& value, std::string_view name) {
  static const json::Array kEmpty;
  const json::Value* found = value.find(name);
  return found != nullptr && found->is_array() ? found->as_array() : kEmpty;
}

}  // namespace

std::string Endpoint::text() const {
  const std::string out(address.text().view());
  return (address.is_v4() ? out : "[" + out + "]") + ":" + std::to_string(port);
}

std::string Settings::write() const {
  json::Array servers, names, table, changed;
  for (const Endpoint& server : name_servers) servers.emplace_back(write_endpoint(server));
  for (const auto& [name, addresses] : hosts) {
    json::Array texts;
    for (const net::IpAddress& address : addresses) texts.emplace_back(address.text().view());
    names.emplace_back(json::Object{{"addresses", std::move(texts)}, {"name", name}});
  }
  for (const Route& route : routes) table.push_back(write_route(route));
  for (const auto& [from, to] : rehearsal) {
    json::Object one = write_endpoint(from);
    one["to_address"] = to.address.text().view();
    one["to_port"] = std::int64_t{to.port};
    changed.emplace_back(std::move(one));
  }
  return json::write(json::Object{{"hosts", std::move(names)},
                                  {"name_servers", std::move(servers)},
                                  {"rehearsal", std::move(changed)},
                                  {"routes", std::move(table)},
                                  {"trust_file", trust_file}});
}

Result<Settings> Settings::read(std::string_view text) {
  const json::Value value = TRY(json::parse(text, {.bytes_max = kSettingsBytesMax}));
  Settings out;
  for (const json::Value& server : list_of(value, "name_servers")) {
    out.name_servers.push_back(TRY(read_endpoint(server, "address", "port")));
  }
  for (const json::Value& host : list_of(value, "hosts")) {
    auto& addresses = out.hosts[std::string(host.string_or("name", ""))];
    for (const json::Value& address : list_of(host, "addresses")) {
      if (!address.is_string()) return fail(ErrorCode::kMalformed, "an address of the settings is no text");
      addresses.push_back(TRY(net::parse_ip(address.as_string())));
    }
  }
  for (const json::Value& route : list_of(value, "routes")) out.routes.push_back(read_route(route));
  for (const json::Value& one : list_of(value, "rehearsal")) {
    out.rehearsal[TRY(read_endpoint(one, "address", "port"))] = TRY(read_endpoint(one, "to_address", "to_port"));
  }
  out.trust_file = value.string_or("trust_file", "");
  return out;
}

Settings Settings::of_host(std::string_view resolv_conf, std::string_view hosts) {
  Settings out;
  each_line(resolv_conf, [&](const std::vector<std::string_view>& words) {
    if (words[0] != "nameserver" || out.name_servers.size() >= kNameServersMax) return;
    if (const auto address = net::scan_ip(words[1])) out.name_servers.push_back({*address, kDnsServerPort});
  });
  each_line(hosts, [&](const std::vector<std::string_view>& words) {
    const auto address = net::scan_ip(words[0]);
    if (!address) return;
    for (std::size_t i = 1; i < words.size() && out.hosts.size() < kHostsMax; ++i) {
      if (const auto name = canonical::read_host(words[i]); name && !name->is_ip()) {
        out.hosts[std::string(name->text())].push_back(*address);
      }
    }
  });
  return out;
}

}  // namespace agentos::egress
