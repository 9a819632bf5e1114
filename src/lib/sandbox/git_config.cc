// A line reader after git's own (config.c), and a walk over the files that include each other.
#include "lib/sandbox/git_config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/io/fd.h"

namespace agentos::sandbox {
namespace {

constexpr std::size_t kWordsMax = 32;  // of one value
constexpr std::string_view kBetweenWords = " \t\n\"'`;&|()<>$=";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

class GitConfigReader {
 public:
  explicit GitConfigReader(std::string_view text) : text_(text) {}

  std::vector<GitSetting> read() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    while (at_ < text_.size() && out_.size() < kGitSettingsMax) {
      const char c = text_[at_];
      if (is_space(c) || c == '\n') {
        ++at_;
      } else if (c == '#' || c == ';') {
        skip_line();
      } else if (c == '[') {
        read_section();
      } else {
        read_setting();
      }
    }
    return std::move(out_);
  }

 private:
  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  // [name], [name "part"], [name.part]; what follows on the line is a setting.
  void read_section() {
    const std::size_t start = ++at_;
    bool quoted = false;
    std::size_t name_end = std::string_view::npos;
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (quoted && c == '\\') {
        ++at_;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ']' && !quoted) {
        break;
      }
      if (name_end == std::string_view::npos && (is_space(c) || c == '"' || c == '.')) name_end = at_;
    }
    section_ = in_lower_case(text_.substr(start, std::min(name_end, at_) - start));
    if (at_ < text_.size() && text_[at_] == ']') ++at_;
  }

  void read_setting() {
    const std::size_t start = at_;
    at_ = std::min(text_.find_first_of("=\n", at_), text_.size());
    std::string_view key = text_.substr(start, at_ - start);
    const bool has_value = at_ < text_.size() && text_[at_] == '=';
    if (const std::size_t comment = key.find_first_of("#;"); comment != std::string_view::npos && !has_value) {
      key = key.substr(0, comment);
    }
    while (!key.empty() && is_space(key.back())) key.remove_suffix(1);
    std::string value = "true";
    if (has_value) {
      ++at_;
      value = read_value();
    }
    if (!key.empty() && !section_.empty()) out_.push_back({section_ + "." + in_lower_case(key), std::move(value)});
  }

  // Quotes group and go, a backslash joins lines or stands for one character, white space at the ends goes.
  std::string read_value() {
    std::string value;
    std::size_t kept = 0;  // up to here white space belongs to it
    bool quoted = false;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '\n') break;
      if (!quoted && (c == '#' || c == ';')) {
        skip_line();
        break;
      }
      if (c == '"') {
        quoted = !quoted;
        kept = value.size();
        continue;
      }
      const bool escaped = c == '\\' && at_ + 1 < text_.size();
      if (escaped) {
        c = text_[++at_];
        if (c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') c = text_[++at_];
        if (c == '\n') continue;
        c = c == 'n' ? '\n' : (c == 't' ? '\t' : c);
      }
      value += c;
      if (quoted || escaped || !is_space(c)) kept = value.size();
    }
    value.resize(kept);
    return value;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string section_;
  std::vector<GitSetting> out_;
};

// Of a regular file, however it is reached: who wrote the folder before could have put a pipe there.
std::string content_of(const std::string& path) {
  const io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string content(std::min(static_cast<std::size_t>(status.st_size), kGitConfigBytesMax), '\0');
  const ssize_t size = ::pread(file.get(), content.data(), content.size(), 0);
  content.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return content;
}

std::string placed(std::string_view path, const std::string& folder, const std::string& home) {
  std::string whole;
  if (path.starts_with('/')) {
    whole = path;
  } else if (path == "~" || path.starts_with("~/")) {
    if (home.empty()) return {};
    whole = home + std::string(path.substr(1));
  } else {
    whole = folder + "/" + std::string(path);
  }
  if (whole.find('\0') != std::string::npos) return {};
  whole = std::filesystem::path(whole).lexically_normal().string();
  while (whole.size() > 1 && whole.ends_with("/")) whole.pop_back();
  return whole;
}

// What stands in a file of one line: "gitdir: PATH", or a path alone.
std::string path_in(const std::string& file, std::string_view key, const std::string& folder) {
  std::string line = content_of(file);
  line.resize(std::min(line.find_first_of("\r\n"), line.size()));
  std::string_view path = line;
  if (!path.starts_with(key)) return {};
  path.remove_prefix(key.size());
  while (!path.empty() && is_space(path.front())) path.remove_prefix(1);
  return path.empty() ? std::string() : placed(path, folder, {});
}

// The folder with the configuration of the repository of a work tree; empty: there is none.
std::string common_folder_of(const std::string& top) {
  const std::string name = top + "/.git";
  struct stat status{};
  if (::stat(name.c_str(), &status) != 0) return {};
  const std::string folder = S_ISDIR(status.st_mode) ? name : path_in(name, "gitdir:", top);
  if (folder.empty()) return {};
  const std::string common = path_in(folder + "/commondir", "", folder);
  return common.empty() ? folder : common;
}

class GitWalk {
 public:
  GitWalk(const std::string& top, const std::string& home) : top_(top), home_(home) {}

  std::vector<NamedByGit> run(const std::string& common) {
    files_.push_back(common + "/config");
    if (!home_.empty()) {
      files_.push_back(home_ + "/.gitconfig");
      files_.push_back(home_ + "/.config/git/config");
    }
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const std::string file = files_[i];
      for (const GitSetting& setting : read_git_config(content_of(file))) look_at(setting, file);
    }
    return std::move(found_);
  }

 private:
  void look_at(const GitSetting& setting, const std::string& file) {
    if (setting.name == "core.hookspath") return add(placed(setting.value, top_, home_), NamedByGit::Kind::kFolder);
    if (setting.name == "include.path" || setting.name == "includeif.path") {
      const std::string included = placed(setting.value, file.substr(0, file.rfind('/')), home_);
      if (included.empty()) return;
      add(included, NamedByGit::Kind::kFile);
      if (files_.size() < kGitFilesMax && std::find(files_.begin(), files_.end(), included) == files_.end()) {
        files_.push_back(included);
      }
      return;
    }
    look_at_words(setting.value);
  }

  // A command may name a file of the work tree: its program, or what its program runs.
  void look_at_words(std::string_view value) {
    if (value.starts_with('!')) value.remove_prefix(1);
    for (std::size_t count = 0; count < kWordsMax && !value.empty(); ++count) {
      const std::size_t end = std::min(value.find_first_of(kBetweenWords), value.size());
      const std::string_view word = value.substr(0, end);
      value.remove_prefix(std::min(end + 1, value.size()));
      if (word.find('/') == std::string_view::npos) continue;
      const std::string path = placed(word, top_, home_);
      struct stat status{};
      if (!path.empty() && ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        add(path, NamedByGit::Kind::kFile);
      }
    }
  }

  void add(std::string path, NamedByGit::Kind kind) {
    const auto same = [&](const NamedByGit& known) { return known.path == path; };
    if (path.empty() || found_.size() == kGitNamedMax || std::any_of(found_.begin(), found_.end(), same)) return;
    found_.push_back({std::move(path), kind});
  }

  const std::string& top_;
  const std::string& home_;
  std::vector<std::string> files_;
  std::vector<NamedByGit> found_;
};

}  // namespace

std::vector<GitSetting> read_git_config(std::string_view text) {
  return GitConfigReader(text.substr(0, kGitConfigBytesMax)).read();
}

std::vector<NamedByGit> named_by_git(const std::string& top, const std::string& home) {
  const std::string common = common_folder_of(top);
  if (common.empty()) return {};
  return GitWalk(top, home).run(common);
}

}  // namespace agentos::sandbox
