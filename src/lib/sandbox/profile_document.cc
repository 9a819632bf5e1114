// Reading a profile document (PROFILE.md): every key is known or refused, every error says file:line:column.
#include <algorithm>
#include <climits>
#include <string>

#include "base/net/ip_address.h"
#include "base/yaml/document.h"
#include "lib/sandbox/isolation.h"
#include "lib/sandbox/mechanism/wire.h"
#include "lib/sandbox/profile.h"

namespace agentos::sandbox {
namespace {

using yaml::Node;

constexpr std::int64_t kAbiMax = 99;
constexpr std::size_t kInternalAddressesMax = 64;

struct LimitKey {
  std::string_view name;
  std::int64_t Limits::* member;
};
constexpr LimitKey kLimitKeys[] = {{"memory_bytes", &Limits::memory_bytes},
                                   {"cpu_seconds", &Limits::cpu_seconds},
                                   {"processes", &Limits::processes},
                                   {"open_files", &Limits::open_files},
                                   {"file_bytes", &Limits::file_bytes},
                                   {"wall_ms", &Limits::wall_ms},
                                   {"tree_memory_bytes", &Limits::tree_memory_bytes},
                                   {"tree_cpu_percent", &Limits::tree_cpu_percent}};

class ProfileReader {
 public:
  explicit ProfileReader(std::string_view file) : file_(file) {}

  Result<Profile> read(const Node& root) {
    TRY(expect(root, Node::Kind::kMapping, "the document"));
    TRY(known(root, {"apiVersion", "kind", "metadata", "extends", "files", "network", "ipc", "devices", "limits",
                     "environment", "private_tmp", "trace", "identity", "isolation", "promises", "unprotected"}));
    TRY(constant(root, "apiVersion", "agentos/v1"));
    TRY(constant(root, "kind", "Profile"));
    Profile profile;
    if (const Node* extends = root.find("extends")) {
      TRY(expect(*extends, Node::Kind::kString, "extends"));
      auto preset = preset_profile(extends->text);
      if (!preset) return yaml::fail_at(file_, extends->mark, preset.error().message, preset.error().hint);
      profile = std::move(*preset);
    }
    TRY(read_name(root, profile));
    if (const Node* files = root.find("files")) TRY(read_files(*files, profile));
    if (const Node* devices = root.find("devices")) TRY(read_devices(*devices, profile));
    if (const Node* network = root.find("network")) TRY(read_network(*network, profile));
    if (const Node* ipc = root.find("ipc")) TRY(read_choice(*ipc, "ipc", kIpcs, profile.ipc));
    if (const Node* identity = root.find("identity")) {
      TRY(read_choice(*identity, "identity", kIdentities, profile.identity));
    }
    if (const Node* isolation = root.find("isolation")) TRY(read_isolation(*isolation, profile));
    if (const Node* promises = root.find("promises")) TRY(read_promises(*promises, profile));
    if (const Node* unprotected = root.find("unprotected")) TRY(read_unprotected(*unprotected, profile));
    if (const Node* limits = root.find("limits")) TRY(read_limits(*limits, profile));
    if (const Node* names = root.find("environment")) TRY(read_environment(*names, profile));
    if (const Node* tmp = root.find("private_tmp")) {
      TRY(expect(*tmp, Node::Kind::kBool, "private_tmp"));
      profile.private_tmp = tmp->boolean;
    }
    if (const Node* trace = root.find("trace")) {
      TRY(expect(*trace, Node::Kind::kBool, "trace"));
      profile.trace = trace->boolean;
    }
    return profile;
  }

 private:
  Status expect(const Node& node, Node::Kind kind, std::string_view what) {
    if (node.kind == kind) return {};
    Node wanted;
    wanted.kind = kind;
    return yaml::fail_at(file_, node.mark,
                         std::string(what) + " must be a " + wanted.kind_name() + ", not a " + node.kind_name());
  }

  Status known(const Node& mapping, const std::vector<std::string_view>& keys) {
    for (const Node::Entry& entry : mapping.entries) {
      bool found = false;
      for (const std::string_view key : keys) found = found || key == entry.key;
      if (found) continue;
      const std::string_view near = yaml::nearest(entry.key, keys);
      std::string hint = near.empty() ? std::string("known keys:") : "did you mean \"" + std::string(near) + "\"?";
      if (near.empty()) {
        for (const std::string_view key : keys) hint.append(" ").append(key);
      }
      return yaml::fail_at(file_, entry.mark, "unknown key \"" + entry.key + "\"", std::move(hint));
    }
    return {};
  }

  Status constant(const Node& root, std::string_view key, std::string_view value) {
    const Node* node = root.find(key);
    if (node != nullptr && node->kind == Node::Kind::kString && node->text == value) return {};
    return yaml::fail_at(file_, node != nullptr ? node->mark : root.mark,
                         std::string(key) + " must be \"" + std::string(value) + "\"");
  }

  Status read_name(const Node& root, Profile& profile) {
    const Node* metadata = root.find("metadata");
    if (metadata == nullptr) return yaml::fail_at(file_, root.mark, "metadata.name is missing");
    TRY(expect(*metadata, Node::Kind::kMapping, "metadata"));
    TRY(known(*metadata, {"name", "description"}));
    const Node* name = metadata->find("name");
    if (name == nullptr) return yaml::fail_at(file_, metadata->mark, "metadata.name is missing");
    TRY(expect(*name, Node::Kind::kString, "metadata.name"));
    if (name->text.empty()) return yaml::fail_at(file_, name->mark, "metadata.name is empty");
    profile.name = name->text;
    return {};
  }

  Status read_files(const Node& files, Profile& profile) {
    TRY(expect(files, Node::Kind::kMapping, "files"));
    TRY(known(files, {"read", "write", "execute", "deny"}));
    if (const Node* deny = files.find("deny")) TRY(read_denied(*deny, profile));
    TRY(read_paths(files.find("read"), static_cast<std::uint8_t>(Access::kRead), profile));
    TRY(read_paths(files.find("write"), Access::kRead | Access::kWrite, profile));
    return read_paths(files.find("execute"), Access::kRead | Access::kExecute, profile);
  }

  Status read_paths(const Node* list, std::uint8_t access, Profile& profile) {
    if (list == nullptr) return {};
    TRY(expect(*list, Node::Kind::kSequence, "a list of files"));
    for (const Node& item : list->items) {
      FileRule rule;
      rule.access = access;
      const Node* path = &item;
      if (item.kind == Node::Kind::kMapping) {
        TRY(known(item, {"path", "optional", "from"}));
        path = item.find("path");
        if (path == nullptr) return yaml::fail_at(file_, item.mark, "path is missing");
        if (const Node* optional = item.find("optional")) {
          TRY(expect(*optional, Node::Kind::kBool, "optional"));
          rule.optional = optional->boolean;
        }
        if (const Node* from = item.find("from")) TRY(read_from(*from, access, rule));
      }
      TRY(expect(*path, Node::Kind::kString, "a path"));
      TRY(check_path(*path));
      rule.path = path->text;
      if (profile.files.size() >= kRulesMax) {
        return yaml::fail_at(file_, item.mark, "more than " + std::to_string(kRulesMax) + " files are granted",
                             "grant the folder they are in");
      }
      profile.files.push_back(std::move(rule));
    }
    return {};
  }

  Status read_from(const Node& from, std::uint8_t access, FileRule& rule) {
    TRY(expect(from, Node::Kind::kString, "from"));
    if (access == 0) return yaml::fail_at(file_, from.mark, "what is taken away has no `from`");
    if (!from.text.starts_with("/") || from.text.find('\0') != std::string::npos || from.text.size() >= PATH_MAX) {
      return yaml::fail_at(file_, from.mark, "from is not an absolute path");
    }
    rule.from = from.text;
    return {};
  }

  Status check_path(const Node& path) {
    const std::string& text = path.text;
    const bool rooted = text.starts_with("/") || text.starts_with("${cwd}") || text.starts_with("${tmp}") ||
                        text.starts_with("${home}");
    if (rooted && text.find('\0') == std::string::npos && text.size() < PATH_MAX) return {};
    return yaml::fail_at(file_, path.mark, "\"" + text.substr(0, 80) + "\" is not an absolute path",
                         "begin it with /, ${cwd}, ${tmp} or ${home}");
  }

  template <class Value>
  struct Choice {
    std::string_view word;
    Value value;
  };
  static constexpr Choice<Network> kNetworks[] = {
      {"none", Network::kNone}, {"proxy", Network::kProxy}, {"host", Network::kHost}};
  static constexpr Choice<Ipc> kIpcs[] = {{"none", Ipc::kNone}, {"private", Ipc::kPrivate}};
  static constexpr Choice<Identity> kIdentities[] = {{"unprivileged", Identity::kUnprivileged},
                                                     {"same", Identity::kSame}};
  static constexpr Choice<Namespaces> kNamespaceUses[] = {
      {"when-possible", Namespaces::kWhenPossible}, {"required", Namespaces::kRequired}, {"never", Namespaces::kNever}};

  template <class Value, std::size_t kCount>
  Status read_choice(const Node& node, std::string_view key, const Choice<Value> (&choices)[kCount], Value& into) {
    TRY(expect(node, Node::Kind::kString, key));
    std::string words;
    for (const Choice<Value>& choice : choices) {
      if (node.text == choice.word) {
        into = choice.value;
        return {};
      }
      words += (words.empty() ? "\"" : " or \"") + std::string(choice.word) + "\"";
    }
    return yaml::fail_at(file_, node.mark, std::string(key) + " must be " + words);
  }

  Status read_isolation(const Node& isolation, Profile& profile) {
    TRY(expect(isolation, Node::Kind::kMapping, "isolation"));
    TRY(known(isolation, {"namespaces", "landlock_abi_max"}));
    if (const Node* namespaces = isolation.find("namespaces")) {
      TRY(read_choice(*namespaces, "isolation.namespaces", kNamespaceUses, profile.namespaces));
    }
    const Node* abi = isolation.find("landlock_abi_max");
    if (abi == nullptr) return {};
    TRY(expect(*abi, Node::Kind::kInt, "isolation.landlock_abi_max"));
    if (abi->integer < 1 || abi->integer > kAbiMax) {
      return yaml::fail_at(file_, abi->mark, "isolation.landlock_abi_max is a version of Landlock, 1 or more");
    }
    profile.landlock_abi_max = static_cast<int>(abi->integer);
    return {};
  }

  Status read_promises(const Node& list, Profile& profile) {
    TRY(expect(list, Node::Kind::kSequence, "promises"));
    std::vector<std::string_view> names;
    for (const Promise promise : promises()) names.push_back(name_of(promise));
    for (const Node& item : list.items) {
      TRY(expect(item, Node::Kind::kString, "a promise"));
      if (std::find(names.begin(), names.end(), item.text) == names.end()) {
        const std::string_view near = yaml::nearest(item.text, names);
        return yaml::fail_at(file_, item.mark, "there is no promise \"" + item.text.substr(0, 80) + "\"",
                             near.empty() ? std::string("docs/reference/isolation.md lists them")
                                          : "did you mean \"" + std::string(near) + "\"?");
      }
      profile.promises.push_back(item.text);
    }
    return {};
  }

  Status read_unprotected(const Node& list, Profile& profile) {
    TRY(expect(list, Node::Kind::kSequence, "unprotected"));
    for (const Node& item : list.items) {
      TRY(expect(item, Node::Kind::kString, "a path in unprotected"));
      if (item.text.empty() || item.text.size() >= PATH_MAX || item.text.find('\0') != std::string::npos) {
        return yaml::fail_at(file_, item.mark, "a path in unprotected is empty or too long");
      }
      profile.unprotected.push_back(item.text);
    }
    return {};
  }

  // Reading and writing of device nodes; nothing else in /dev is granted by this.
  Status read_devices(const Node& list, Profile& profile) {
    TRY(expect(list, Node::Kind::kSequence, "devices"));
    for (const Node& item : list.items) {
      TRY(expect(item, Node::Kind::kString, "a device"));
      if (!item.text.starts_with("/dev/") || item.text.size() >= PATH_MAX) {
        return yaml::fail_at(file_, item.mark, "a device begins with /dev/");
      }
      profile.files.push_back({item.text, Access::kRead | Access::kWrite, false, 0});
    }
    return {};
  }

  // Taken away below what is granted: deny {read, write, execute}; without reading nothing of it is seen.
  Status read_denied(const Node& deny, Profile& profile) {
    TRY(expect(deny, Node::Kind::kMapping, "files.deny"));
    TRY(known(deny, {"read", "write", "execute"}));
    const std::pair<const char*, Access> kinds[] = {
        {"read", Access::kRead}, {"write", Access::kWrite}, {"execute", Access::kExecute}};
    for (const auto& [key, access] : kinds) {
      const std::size_t before = profile.files.size();
      TRY(read_paths(deny.find(key), 0, profile));
      for (std::size_t i = before; i < profile.files.size(); ++i) {
        profile.files[i].denied = static_cast<std::uint8_t>(access);
        profile.files[i].optional = true;
      }
    }
    return {};
  }

  Status read_network(const Node& network, Profile& profile) {
    if (network.kind == Node::Kind::kMapping) return read_proxy(network, profile);
    return read_choice(network, "network", kNetworks, profile.network);
  }

  Status read_proxy(const Node& network, Profile& profile) {
    TRY(known(network, {"internal"}));
    profile.network = Network::kProxy;
    const Node* internal = network.find("internal");
    if (internal == nullptr) return yaml::fail_at(file_, network.mark, "network.internal is missing", "network: proxy");
    TRY(expect(*internal, Node::Kind::kSequence, "network.internal"));
    for (const Node& item : internal->items) {
      TRY(expect(item, Node::Kind::kString, "an internal address"));
      if (!net::scan_ip(item.text) && !net::scan_prefix(item.text)) {
        return yaml::fail_at(file_, item.mark, "\"" + item.text.substr(0, 80) + "\" is no address and no prefix",
                             "write 10.1.0.0/16 or 127.0.0.1");
      }
      if (profile.internal_addresses.size() >= kInternalAddressesMax) {
        return yaml::fail_at(file_, item.mark, "too many internal addresses", "list prefixes");
      }
      profile.internal_addresses.push_back(item.text);
    }
    return {};
  }

  Status read_limits(const Node& limits, Profile& profile) {
    TRY(expect(limits, Node::Kind::kMapping, "limits"));
    std::vector<std::string_view> names;
    for (const LimitKey& key : kLimitKeys) names.push_back(key.name);
    TRY(known(limits, names));
    for (const LimitKey& key : kLimitKeys) {
      const Node* value = limits.find(key.name);
      if (value == nullptr) continue;
      TRY(expect(*value, Node::Kind::kInt, "limits." + std::string(key.name)));
      if (value->integer < 0) return yaml::fail_at(file_, value->mark, "a limit is not negative", "0 is no limit");
      profile.limits.*key.member = value->integer;
    }
    return {};
  }

  Status read_environment(const Node& names, Profile& profile) {
    TRY(expect(names, Node::Kind::kSequence, "environment"));
    for (const Node& name : names.items) {
      TRY(expect(name, Node::Kind::kString, "a name in environment"));
      if (name.text.empty() || name.text.find_first_of(std::string_view("=\0 ", 3)) != std::string::npos) {
        return yaml::fail_at(file_, name.mark, "\"" + name.text + "\" is not the name of a variable",
                             "list names only; the values come from the client");
      }
      profile.environment_allow.push_back(name.text);
    }
    return {};
  }

  std::string_view file_;
};

}  // namespace

Result<Profile> parse_profile(std::string_view text, std::string_view file) {
  const Node root = TRY(yaml::parse(text, file));
  return ProfileReader(file).read(root);
}

}  // namespace agentos::sandbox
