// Settings of srt (sandbox-runtime): its domains become rules on connections, its files a profile. A profile only
// grants, so a grant that would open what srt denies is left out and reported.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/yaml/document.h"
#include "lib/canonical/host.h"
#include "lib/policy/import/document_text.h"
#include "lib/policy/import/import.h"
#include "lib/policy/import/srt_paths.h"
#include "lib/policy/limits.h"

namespace agentos::policy::importing {
namespace {

using Kind = yaml::Node::Kind;

constexpr std::size_t kEntriesMax = 4096;  // of a list
constexpr std::size_t kPathOctetsMax = 4096;

// Folders of every host that agent-default grants, whose files cannot be taken out one by one.
constexpr auto kSystemFolders =
    std::to_array<std::string_view>({"/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/opt"});

// Written by srt nowhere, whatever allowWrite says.
constexpr std::string_view kAlwaysDenied =
    "srt never lets .git/hooks, .git/config, shell start files, .gitconfig, .mcp.json, .vscode, .idea and a few more "
    "be "
    "written, wherever they are; a profile cannot take them out of a folder it grants";

// As srt takes them: example.com, localhost, or *.example.com, which has two parts behind the star.
bool is_domain(std::string_view text) {
  if (text == "localhost") return true;
  if (text.starts_with("*.")) text.remove_prefix(2);
  return text.contains('.') && text.find_first_of("*/:") == std::string_view::npos;
}

struct SrtPath {
  const yaml::Node* node = nullptr;
  std::string list;  // "denyRead"
  std::size_t index = 0;
  std::string path;  // of a profile; empty: it cannot be said
  bool has_wildcards = false;
  std::string named() const { return fmt::format("filesystem.{}[{}] {}", list, index, quoted(node->text)); }
};

class SrtReader {
 public:
  SrtReader(const Source& source, const Options& options)
      : source_(source), options_(options), vocabulary_(table_vocabulary()) {}

  Result<Imported> run() {
    const auto strict = json::parse(source_.text);
    if (!strict) {
      return fail(ErrorCode::kMalformed, fmt::format("{}:{}", source_.file, strict.error().message),
                  strict.error().hint);
    }
    const yaml::Node root = TRY(yaml::parse(source_.text, source_.file, {.bytes_max = 1u << 20, .depth_max = 64}));
    if (root.kind != Kind::kMapping) return refuse_setting(root, "settings of srt are an object");
    const yaml::Node* network = TRY(object(root, "network"));
    const yaml::Node* files = TRY(object(root, "filesystem"));
    Names names;
    text_.name = names.take(options_.name.empty() ? "srt" : options_.name, "srt");
    text_.summary = "Hosts that may be reached, imported from settings of srt.";
    text_.comment = "Imported from settings of srt. What no rule allows is denied, as there.";
    TRY(write_network(*network));
    TRY(write_files(*files));
    for (const yaml::Node::Entry& entry : root.entries) remark_on_other(entry);
    imported_.policy = TRY(write_policy(text_, vocabulary_));
    return std::move(imported_);
  }

 private:
  std::unexpected<Error> refuse_setting(const yaml::Node& node, std::string_view what, std::string hint = {}) const {
    return yaml::fail_at(source_.file, node.mark, what, std::move(hint));
  }
  void remark(Loss loss, yaml::Mark mark, std::string what, std::string reason) {
    imported_.remarks.push_back(
        {loss, fmt::format("{}:{}:{}", source_.file, mark.line, mark.column), std::move(what), std::move(reason)});
  }

  Result<const yaml::Node*> object(const yaml::Node& root, std::string_view key) const {
    const yaml::Node* node = root.find(key);
    if (node == nullptr || node->kind != Kind::kMapping) {
      return refuse_setting(node == nullptr ? root : *node, fmt::format("\"{}\" is an object; srt needs it", key),
                            "network and filesystem are both there");
    }
    return node;
  }

  Result<std::vector<const yaml::Node*>> texts(const yaml::Node& parent, std::string_view key) const {
    const yaml::Node* node = parent.find(key);
    if (node == nullptr || node->kind != Kind::kSequence) {
      return refuse_setting(node == nullptr ? parent : *node, fmt::format("\"{}\" is a list; srt needs it", key));
    }
    if (node->items.size() > kEntriesMax) {
      return refuse_setting(*node, fmt::format("\"{}\" has {} entries", key, node->items.size()),
                            fmt::format("at most {}", kEntriesMax));
    }
    std::vector<const yaml::Node*> found;
    for (const yaml::Node& item : node->items) {
      if (item.kind != Kind::kString || item.text.empty() || item.text.size() > kPathOctetsMax) {
        return refuse_setting(item, fmt::format("an entry of \"{}\" is a text", key),
                              fmt::format("of at most {} octets", kPathOctetsMax));
      }
      found.push_back(&item);
    }
    return found;
  }

  // One rule for each list, or several where it is longer than a clause may be.
  Status write_domains(const yaml::Node& network, std::string_view key, std::string_view action) {
    std::vector<std::string> hosts;
    const auto flush = [&] {
      if (hosts.empty()) return;
      RuleText& rule = text_.rules.emplace_back();
      rule.comment = fmt::format("{}: network.{}", source_.file, key);
      rule.name = names_.take(fmt::format("{}-domains", action == "deny" ? "denied" : "allowed"), "domains");
      rule.texts("syscalls", {"connect", "http_request"});
      std::string list;
      for (const std::string& host : hosts) list += (list.empty() ? "" : ", ") + flow_text(host);
      rule.keys.emplace_back("arguments", "{host: {host: [" + list + "]}}");
      rule.text("action", action);
      if (action == "deny") rule.text("message", "This host may not be reached.");
      imported_.carried.push_back({rule.comment, rule.name});
      hosts.clear();
    };
    for (const yaml::Node* node : TRY(texts(network, key))) {
      if (!is_domain(node->text) || !canonical::HostPattern::parse(node->text)) {
        return refuse_setting(*node, fmt::format("{} is no domain for srt", quoted(node->text)),
                              "example.com, or *.example.com for what is below it");
      }
      hosts.push_back(node->text);
      if (hosts.size() == kPatternsMax) flush();
    }
    flush();
    return {};
  }

  Status write_network(const yaml::Node& network) {
    TRY(write_domains(network, "deniedDomains", "deny"));
    TRY(write_domains(network, "allowedDomains", "allow"));
    if (text_.rules.empty()) {
      RuleText& rule = text_.rules.emplace_back();
      rule.comment = fmt::format("{}: no domain is allowed", source_.file);
      rule.name = names_.take("no-network", "no-network");
      rule.texts("syscalls", {"connect", "http_request"});
      rule.text("action", "deny");
      imported_.carried.push_back({rule.comment, rule.name});
    }
    for (const yaml::Node::Entry& entry : network.entries) {
      const std::string what = "network." + entry.key;
      const bool on = entry.value.kind == Kind::kBool ? entry.value.boolean : !entry.value.items.empty();
      if (entry.key == "allowedDomains" || entry.key == "deniedDomains") continue;
      if (entry.key == "httpProxyPort" || entry.key == "socksProxyPort") {
        remark(Loss::kElsewhere, entry.mark, what, "a profile leaves the program no network to reach a proxy by");
      } else if (entry.key == "allowUnixSockets" || entry.key == "allowAllUnixSockets" ||
                 entry.key == "allowLocalBinding") {
        if (on) {
          remark(Loss::kLost, entry.mark, what,
                 "without a network no socket but the kernel's is there; run with a profile of network: host where "
                 "needed");
        }
      } else {
        remark(Loss::kLost, entry.mark, what, "not known here");
      }
    }
    return {};
  }

  Result<std::vector<SrtPath>> paths(const yaml::Node& files, const char* key) {
    std::vector<SrtPath> found;
    for (const yaml::Node* node : TRY(texts(files, key))) {
      const PathPattern pattern = without_wildcards(node->text);
      found.push_back({.node = node,
                       .list = key,
                       .index = found.size(),
                       .path = profile_path(pattern.folder, options_.home).value_or(""),
                       .has_wildcards = pattern.has_wildcards});
    }
    return found;
  }

  void lose(const SrtPath& path, std::string reason) {
    remark(Loss::kLost, path.node->mark, path.named(), std::move(reason));
  }

  // The first path of `denied` that granting `path` would open.
  static const SrtPath* opened_by(std::string_view path, const std::vector<SrtPath>& denied) {
    const auto found =
        std::ranges::find_if(denied, [&](const SrtPath& one) { return !one.path.empty() && lies_in(one.path, path); });
    return found == denied.end() ? nullptr : &*found;
  }

  Status write_files(const yaml::Node& files) {
    const std::vector<SrtPath> deny_read = TRY(paths(files, "denyRead"));
    const std::vector<SrtPath> allow_write = TRY(paths(files, "allowWrite"));
    const std::vector<SrtPath> deny_write = TRY(paths(files, "denyWrite"));
    const SrtPath* in_work = opened_by("${cwd}", deny_read);
    std::string out = fmt::format(
        "# Imported from {}: settings of srt. Only what stands here is granted; agentos run --profile takes it.\n"
        "apiVersion: agentos/v1\nkind: Profile\nmetadata: {{name: {}}}\n",
        on_one_line(source_.file), flow_text(text_.name));
    if (in_work != nullptr) {
      out += fmt::format("# Without the working directory: {} lies in it and may not be read.\n",
                         on_one_line(in_work->named()));
      lose(*in_work,
           "it lies in the working directory, so the profile does not grant that at all; keep what may not be "
           "read outside of it and extend agent-default");
    }
    out += in_work == nullptr ? "extends: agent-default\n" : "extends: tool\n";
    write_grants(allow_write, deny_read, deny_write, out);
    out += "network: none\n";
    remark_on_denied(deny_read, deny_write);
    remark(Loss::kDiffers, files.mark, "filesystem",
           "srt lets everything be read but denyRead; the profile grants system files and the working directory, and "
           "more is added under files.read");
    for (const yaml::Node::Entry& entry : files.entries) {
      if (entry.key == "denyRead" || entry.key == "allowWrite" || entry.key == "denyWrite") continue;
      const bool git = entry.key == "allowGitConfig";
      remark(git ? Loss::kElsewhere : Loss::kLost, entry.mark, "filesystem." + entry.key,
             git ? "a profile that grants a folder grants .git/config in it" : "not known here");
    }
    imported_.profile = std::move(out);
    return {};
  }

  void write_grants(const std::vector<SrtPath>& allow_write, const std::vector<SrtPath>& deny_read,
                    const std::vector<SrtPath>& deny_write, std::string& out) {
    std::string grants;
    for (const SrtPath& path : allow_write) {
      std::string why;
      const SrtPath* opened = opened_by(path.path, deny_write);
      if (opened == nullptr) opened = opened_by(path.path, deny_read);
      const auto closed = std::ranges::find_if(deny_read, [&](const SrtPath& one) {
        return !one.path.empty() && !one.has_wildcards && lies_in(path.path, one.path);
      });
      if (path.path.empty()) {
        why = "it is above the working directory, or needs a home; write it as an absolute path";
      } else if (path.has_wildcards) {
        why = "a profile grants folders and files, not patterns";
      } else if (opened != nullptr) {
        why = fmt::format("it would open {}, and nothing can be taken out of a grant; allow the folders beside that",
                          opened->named());
      } else if (closed != deny_read.end()) {
        why = fmt::format("what may be written may be read, which {} denies", closed->named());
      }
      if (!why.empty()) {
        lose(path, why);
        grants += fmt::format("    # left out: {}: {}\n", on_one_line(path.named()), on_one_line(why));
        continue;
      }
      grants += fmt::format("    # {}\n    - {{path: {}, optional: true}}\n", on_one_line(path.named()),
                            flow_text(path.path));
      imported_.carried.push_back({path.named(), "files.write"});
      if (!always_remarked_) remark(Loss::kDiffers, path.node->mark, path.named(), std::string(kAlwaysDenied));
      always_remarked_ = true;
    }
    const bool any = grants.contains("- {path");
    if (!grants.empty()) out += any ? "files:\n  write:\n" + grants : grants;
  }

  // Denials that hold because nothing is granted there, and those that do not.
  void remark_on_denied(const std::vector<SrtPath>& deny_read, const std::vector<SrtPath>& deny_write) {
    for (const SrtPath& path : deny_read) {
      const bool of_the_system = std::ranges::any_of(kSystemFolders, [&](std::string_view folder) {
        return !path.path.empty() && (lies_in(path.path, folder) || lies_in(folder, path.path));
      });
      if (path.path.empty()) {
        lose(path, "where it lies cannot be told; see that no grant of the profile opens it");
      } else if (of_the_system) {
        lose(path, "agent-default grants files of the system there");
      } else if (!lies_in(path.path, "${cwd}")) {
        imported_.carried.push_back({path.named(), "not granted"});
      }
    }
    for (const SrtPath& path : deny_write) {
      if (path.path.empty()) {
        lose(path, "where it lies cannot be told; see that no grant of the profile opens it");
      } else {
        imported_.carried.push_back({path.named(), "not granted"});
      }
    }
  }

  void remark_on_other(const yaml::Node::Entry& entry) {
    if (entry.key == "network" || entry.key == "filesystem") return;
    const bool off = entry.value.kind == Kind::kBool && !entry.value.boolean;
    if (entry.key == "ignoreViolations") {
      remark(Loss::kElsewhere, entry.mark, entry.key, "it is about what srt reports; the record has every refusal");
    } else if (entry.key == "ripgrep" || entry.key == "mandatoryDenySearchDepth") {
      remark(Loss::kElsewhere, entry.mark, entry.key,
             "it is about how srt looks for files; nothing is looked for here");
    } else if (entry.key == "enableWeakerNestedSandbox") {
      if (!off) remark(Loss::kLost, entry.mark, entry.key, "isolation is never weaker than the profile says");
    } else if (entry.key == "allowPty") {
      if (!off) remark(Loss::kLost, entry.mark, entry.key, "pseudo-terminals are not made inside");
    } else {
      remark(Loss::kLost, entry.mark, entry.key, "not known here");
    }
  }

  const Source& source_;
  const Options& options_;
  const Vocabulary vocabulary_;
  Imported imported_;
  DocumentText text_;
  Names names_;
  bool always_remarked_ = false;
};

}  // namespace

Result<Imported> import_srt(const Source& source, const Options& options) { return SrtReader(source, options).run(); }

}  // namespace agentos::policy::importing
