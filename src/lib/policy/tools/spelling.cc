// A few spellings of each kind, enough to show that a comparison is deceived; not a list of all there are.
#include "lib/policy/tools/spelling.h"

#include <algorithm>
#include <cctype>

namespace agentos::policy::tools {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
  return out;
}

// The words of a name: sourceFile, source_file and source-file have the same.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool begins = c >= 'A' && c <= 'Z' && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if ((!letter || begins) && !words.back().empty()) words.emplace_back();
    if (letter) words.back() += lower({&c, 1});
  }
  return words;
}

struct Named {
  Subject subject;
  std::vector<std::string_view> words;
};

const std::vector<Named>& names() {
  static const std::vector<Named> all = {
      {Subject::kUrl, {"url", "urls", "uri", "href", "link", "endpoint", "webhook"}},
      {Subject::kHost, {"host", "hosts", "hostname", "domain", "ip", "address", "server"}},
      {Subject::kSql, {"sql", "query", "statement"}},
      {Subject::kCommand, {"command", "cmd", "shell", "script", "bash", "exec"}},
      {Subject::kPath, {"path", "paths", "file", "filename", "filepath", "dir", "directory", "folder"}}};
  return all;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

std::vector<std::string> of_path(const std::string& text) {
  std::vector<std::string> out = {replaced(text, "/", "//"), replaced(text, "/", "/./")};
  if (text.starts_with('/')) out.push_back("/x/.." + text);
  const std::size_t slash = text.rfind('/');
  if (slash != std::string::npos && slash + 1 < text.size()) {
    out.push_back(text.substr(0, slash) + "//" + text.substr(slash + 1));
    out.push_back(text.substr(0, slash) + "/./" + text.substr(slash + 1));
    out.push_back(text.substr(0, slash) + "/x/../" + text.substr(slash + 1));
  }
  out.push_back(text + "/");
  out.push_back(text + "/.");
  if (!text.starts_with('/')) out.push_back("./" + text);
  return out;
}

std::vector<std::string> of_host(const std::string& text) {
  std::vector<std::string> out = {upper(text), lower(text), text + "."};
  if (text == "127.0.0.1") out.insert(out.end(), {"127.1", "0x7f.0.0.1", "2130706433", "[::ffff:127.0.0.1]"});
  if (text == "169.254.169.254") out.insert(out.end(), {"2852039166", "0xa9fea9fe", "[::ffff:169.254.169.254]"});
  if (text == "localhost") out.insert(out.end(), {"127.0.0.1", "[::1]"});
  return out;
}

std::vector<std::string> of_url(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) {
    std::vector<std::string> out = of_host(text);
    out.push_back("x@" + text);
    return out;
  }
  const std::size_t start = scheme + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", start), text.size());
  const std::string before = text.substr(0, start), host = text.substr(start, end - start), after = text.substr(end);
  std::vector<std::string> out = {upper(before) + host + after, before + "x@" + host + after};
  for (const std::string& other : of_host(host)) out.push_back(before + other + after);
  if (host.find(':') == std::string::npos) {
    out.push_back(before + host + (text.starts_with("https") ? ":443" : ":80") + after);
  }
  if (after.size() > 1) out.push_back(before + host + "/%" + "2e" + after);
  return out;
}

std::vector<std::string> of_command(const std::string& text) {
  std::vector<std::string> out = {
      replaced(text, " ", "  "), replaced(text, " ", "\t"), "/bin/" + text, "env " + text, "\\" + text, " " + text};
  if (!text.empty()) {
    out.push_back(text.substr(0, 1) + "''" + text.substr(1));
    out.push_back(text.substr(0, 1) + "\\" + text.substr(1));
  }
  return out;
}

std::vector<std::string> of_sql(const std::string& text) {
  return {upper(text), lower(text),  replaced(text, " ", "  "), replaced(text, " ", "\n"), replaced(text, " ", "/**/"),
          " " + text,  "/**/" + text};
}

}  // namespace

std::string_view name_of(Subject subject) {
  constexpr std::string_view kNames[] = {"a text", "a path", "a URL", "a host", "a command", "an SQL statement"};
  return kNames[static_cast<std::size_t>(subject)];
}

Subject subject_of(std::string_view argument, const std::vector<std::string>& values) {
  const std::vector<std::string> words = words_of(argument);
  for (const Named& named : names()) {
    for (const std::string& word : words) {
      if (std::ranges::find(named.words, word) != named.words.end()) return named.subject;
    }
  }
  for (const std::string& value : values) {
    const std::string text = lower(value);
    if (text.find("://") != std::string::npos) return Subject::kUrl;
    if (text.starts_with('/') || text.starts_with("~/") || text.starts_with("./")) return Subject::kPath;
    if (text.starts_with("rm ") || text.starts_with("sudo ") || text.starts_with("curl ")) return Subject::kCommand;
    if (text.starts_with("drop ") || text.starts_with("delete from") || text.starts_with("truncate ")) {
      return Subject::kSql;
    }
  }
  return Subject::kNone;
}

std::vector<std::string> same_spelled_otherwise(Subject subject, const std::string& text) {
  std::vector<std::string> out;
  switch (subject) {
    case Subject::kNone:
      break;
    case Subject::kPath:
      out = of_path(text);
      break;
    case Subject::kUrl:
      out = of_url(text);
      break;
    case Subject::kHost:
      out = of_host(text);
      break;
    case Subject::kCommand:
      out = of_command(text);
      break;
    case Subject::kSql:
      out = of_sql(text);
      break;
  }
  std::erase(out, text);
  return out;
}

std::vector<std::string> another_that_looks_alike(Subject subject, const std::string& text) {
  switch (subject) {
    case Subject::kNone:
      return {};
    case Subject::kPath:
      return text.ends_with('/')
                 ? std::vector<std::string>{text + "../etc/passwd"}
                 : std::vector<std::string>{text + "/../etc/passwd", text + "-of-another/x", "/of-another" + text};
    case Subject::kUrl:
      return {text + "@evil.example/", text + ".evil.example/", "https://evil.example/?" + text, "https://evil" + text,
              text + "/../"};
    case Subject::kHost:
      return {text + ".evil.example", "evil" + text};
    case Subject::kCommand:
      return {text + "; id", text + " && id", "id; " + text};
    case Subject::kSql:
      return {text + "; DROP TABLE t", "DROP TABLE t; " + text};
  }
  return {};
}

std::string_view mend(Subject subject) {
  switch (subject) {
    case Subject::kPath:
      return "compare a canonical path: \"paths\" for calls of the table, a function that makes one canonical for a "
             "tool's argument; or allow the paths that are meant and let default deny do the rest";
    case Subject::kUrl:
    case Subject::kHost:
      return "compare the parsed, canonical host, not its text; or allow the hosts that are meant and let default deny "
             "do the rest";
    case Subject::kCommand:
      return "give the tool a fixed command and typed arguments; or allow whole commands with equals or in";
    case Subject::kSql:
      return "give the tool statements of its own with parameters; or allow whole statements with equals or in";
    case Subject::kNone:
      break;
  }
  return "";
}

}  // namespace agentos::policy::tools
