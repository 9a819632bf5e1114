// What was tried, sorted into grants and rules; what is granted by agent-default is left away.
#include "apps/agentos/learning.h"

#include <algorithm>
#include <array>

#include "apps/agentos/log_entries.h"
#include "apps/agentos/story.h"
#include "apps/agentos/timeline.h"

namespace agentos::cli {
namespace {

using sandbox::Access;
constexpr std::uint8_t kRead = static_cast<std::uint8_t>(Access::kRead);
constexpr std::uint8_t kWrite = static_cast<std::uint8_t>(Access::kWrite);
constexpr std::uint8_t kExecute = static_cast<std::uint8_t>(Access::kExecute);
// Keys and what runs on the operator's behalf are never proposed.
constexpr std::array<std::string_view, 12> kNeverProposed = {
    "/.ssh/",       "/.gnupg/",    "/.aws/",       "/.kube/",      "/.docker/",   "/.netrc", "/.git-credentials",
    "/.git/hooks/", "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/.config/gh/"};
constexpr std::array<std::string_view, 6> kArguments = {"host", "port", "method", "secret", "tool", "path"};

bool below(std::string_view path, std::string_view folder) {
  return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

bool never_proposed(const std::string& path) {
  const std::string whole = path + "/";
  return std::any_of(kNeverProposed.begin(), kNeverProposed.end(),
                     [&](std::string_view part) { return whole.find(part) != std::string::npos; });
}

// <base>/agentos-<mark>/tmp: the tree's own, whatever it is called next time.
bool in_private_tmp(std::string_view path) {
  const std::size_t at = path.find("/agentos-");
  if (at == std::string_view::npos) return false;
  const std::size_t end = path.find('/', at + 1);
  return end != std::string_view::npos && path.substr(end).starts_with("/tmp");
}

// A scalar of a flow sequence, always quoted: JSON is YAML.
std::string flow_scalar(std::string_view text) { return json::write(json::Value(text)); }

std::string list_of(const std::set<std::string>& words, bool numbers) {
  std::string out = "[";
  for (const std::string& word : words) (out += out.size() > 1 ? ", " : "") += numbers ? word : flow_scalar(word);
  return out + "]";
}

std::string paths_line(std::string_view key, const std::vector<sandbox::FileRule>& rules, std::uint8_t bit) {
  std::string out;
  for (const sandbox::FileRule& rule : rules) {
    if ((rule.access & bit) == 0) continue;
    if (bit == kRead && (rule.access & (kWrite | kExecute)) != 0) continue;  // they grant reading, too
    out += "    - " + flow_scalar(rule.path) + "\n";
  }
  return out.empty() ? out : "  " + std::string(key) + ":\n" + out;
}

}  // namespace

void Learning::add(const recorder::StoredEntry& entry) {
  const json::Value leaf = leaf_of(entry);
  if (leaf.string_or("agent", "") != place_.agent) return;
  const json::Value opening = opening_of(entry);
  const json::Value& shown = shown_content(&opening);
  const std::string_view kind = leaf.string_or("kind", "");
  const std::string_view name = leaf.string_or("name", "");
  if (kind == "event" && (name == "blocked" || name == "traced")) add_event(shown);
  if (kind != "intent" && kind != "refused") return;
  json::Value arguments = shown.is_object() ? shown : json::Value(json::Object{});
  if (const std::string_view tool = leaf.string_or("tool", ""); !tool.empty()) arguments.as_object()["tool"] = tool;
  add_call(leaf.string_or("call", ""), arguments);
}

void Learning::add_event(const json::Value& detail) {
  const std::string_view what = detail.string_or("what", "");
  const std::string target(detail.string_or("target", ""));
  const std::string_view access = detail.string_or("access", "");
  if (what == "others") whole_ = false;
  if (what == "execute") add_file(target, kExecute | kRead);
  if (what == "change") add_file(target, kWrite);
  if (what == "open") {
    add_file(target, static_cast<std::uint8_t>((access.starts_with("read") ? kRead : 0) |
                                               (access.ends_with("write") ? kWrite : 0)));
  }
  if (what == "connect" && target.starts_with("tcp ")) {
    network_ = true;
  } else if (what == "connect" || what == "listen" || what == "socket") {
    if (unreachable_.size() < kLearnedWordsMax) unreachable_.insert(std::string(what) + " " + target);
  }
}

void Learning::add_file(const std::string& path, std::uint8_t access) {
  if (!path.starts_with("/") || in_private_tmp(path) || below(path, "/proc")) return;
  if (files_.size() >= kLearnedPathsMax && !files_.contains(path)) {
    whole_ = false;
    return;
  }
  files_[path] |= access;
}

void Learning::add_call(std::string_view call, const json::Value& arguments) {
  if (call.empty()) return;
  if (call == "connect" || call == "http_request") network_ = true;
  CallUse& use = calls_[std::string(call)];
  bool named = false;
  for (const std::string_view argument : kArguments) {
    const json::Value* value = arguments.find(argument);
    if (value == nullptr) continue;
    std::set<std::string>& words = use.words[std::string(argument)];
    if (words.size() >= kLearnedWordsMax) {
      whole_ = false;
    } else if (value->is_string()) {
      words.insert(value->as_string());
    } else if (value->is_int()) {
      words.insert(std::to_string(value->as_int()));
    }
    named = true;
  }
  use.whole = use.whole && named;
}

bool Learning::granted_anyway(const std::string& path, std::uint8_t access) const {
  static const sandbox::Profile kBase = *sandbox::preset_profile("agent-default");
  std::uint8_t left = access;
  for (const sandbox::FileRule& rule : kBase.files) {
    const bool own = rule.path.starts_with("${cwd}");
    if (below(path, own ? place_.working_directory : rule.path)) left = static_cast<std::uint8_t>(left & ~rule.access);
  }
  return left == 0;
}

std::string Learning::with_variables(const std::string& path) const {
  const auto replaced = [&](std::string_view variable, const std::string& value) {
    return std::string(variable) + path.substr(value.size());
  };
  if (place_.working_directory.size() > 1 && below(path, place_.working_directory)) {
    return replaced("${cwd}", place_.working_directory);
  }
  if (place_.home.size() > 1 && below(path, place_.home) && path != place_.home)
    return replaced("${home}", place_.home);
  return path;
}

std::vector<sandbox::FileRule> Learning::grants() const {
  std::map<std::string, std::uint8_t> wanted;
  std::map<std::pair<std::string, std::uint8_t>, std::size_t> in_folder;
  for (const auto& [path, access] : files_) {
    if (granted_anyway(path, access) || never_proposed(path)) continue;
    ++in_folder[{path.substr(0, path.rfind('/')), access}];
  }
  for (const auto& [path, access] : files_) {
    if (granted_anyway(path, access) || never_proposed(path)) continue;
    const std::string folder = path.substr(0, path.rfind('/'));
    const bool many = !folder.empty() && in_folder[{folder, access}] >= kFolderFilesMin;
    // A grant names what is there; making a file takes its folder.
    const bool makes = !folder.empty() && (access & kWrite) != 0 && place_.exists && !place_.exists(path);
    wanted[many || makes ? folder : path] |= access;
  }
  std::vector<sandbox::FileRule> out;
  for (const auto& [path, access] : wanted) {
    const bool covered = std::any_of(out.begin(), out.end(), [&, path = path, access = access](const auto& rule) {
      return below(path, rule.path) && (access & ~rule.access) == 0;
    });
    if (!covered) out.push_back({path, access});
  }
  for (sandbox::FileRule& rule : out) rule.path = with_variables(rule.path);
  return out;
}

std::string Learning::profile() const {
  const std::vector<sandbox::FileRule> rules = grants();
  const std::string files =
      paths_line("read", rules, kRead) + paths_line("write", rules, kWrite) + paths_line("execute", rules, kExecute);
  std::string out = "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: learned}\nextends: agent-default\n";
  if (!files.empty()) out += "files:\n" + files;
  if (network_) out += "network: proxy\n";
  return out;
}

std::string Learning::policy() const {
  std::string plain, rules;
  for (const auto& [call, use] : calls_) {
    const bool tools = call == "exec" && use.whole && use.words.contains("tool");
    const bool network = call == "connect" || call == "http_request" || call == "secret_use";
    if (tools)
      rules +=
          "    - {name: tools, syscalls: [exec], tools: " + list_of(use.words.at("tool"), false) + ", action: allow}\n";
    if (tools) continue;
    if (!network || !use.whole) {
      (plain += plain.empty() ? "" : ", ") += call;
      continue;
    }
    std::string arguments;
    for (const auto& [argument, words] : use.words) {
      if (words.empty() || argument == "path" || argument == "tool") continue;
      const std::string_view test = argument == "host" ? "host" : "in";
      (arguments += arguments.empty() ? "" : ", ") +=
          argument + ": {" + std::string(test) + ": " + list_of(words, argument == "port") + "}";
    }
    std::string name = call;
    std::replace(name.begin(), name.end(), '_', '-');
    rules += "    - {name: " + name + ", syscalls: [" + call + "], arguments: {" + arguments + "}, action: allow}\n";
  }
  if (!plain.empty()) rules = "    - {name: calls, syscalls: [" + plain + "], action: allow}\n" + rules;
  const std::string head = "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: learned}\nspec:\n";
  return head + (rules.empty() ? "  rules: []\n" : "  rules:\n" + rules);
}

std::vector<std::string> Learning::left_out() const {
  std::vector<std::string> out;
  for (const auto& [path, access] : files_) {
    if (never_proposed(path) && !granted_anyway(path, access))
      out.push_back(path + ": keys and the like are never proposed");
  }
  for (const std::string& what : unreachable_) out.push_back(what + ": only network: host would allow it");
  if (network_)
    out.emplace_back("hosts that a run without a network only looked up: learn again with the network of the proposal");
  if (!whole_) out.emplace_back("there was more than is remembered: this is not whole");
  return out;
}

std::string profile_lines(const sandbox::Profile& profile) {
  std::vector<std::string> lines;
  for (const sandbox::FileRule& rule : profile.files) {
    std::string line = rule.denied != 0 ? "deny" : "grant";
    const std::uint8_t bits = rule.denied != 0 ? rule.denied : rule.access;
    if ((bits & kRead) != 0) line += " read";
    if ((bits & kWrite) != 0) line += " write";
    if ((bits & kExecute) != 0) line += " execute";
    lines.push_back(line + " " + rule.path);
  }
  constexpr std::string_view kNetworks[] = {"none", "host", "proxy"};
  lines.push_back("network " + std::string(kNetworks[static_cast<std::size_t>(profile.network)]));
  for (const std::string& name : profile.environment_allow) lines.push_back("environment " + name);
  for (const std::string& path : profile.unprotected) lines.push_back("unprotected " + path);
  if (profile.ipc == sandbox::Ipc::kPrivate) lines.emplace_back("ipc private");
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  std::string out;
  for (const std::string& line : lines) (out += line) += '\n';
  return out;
}

}  // namespace agentos::cli
