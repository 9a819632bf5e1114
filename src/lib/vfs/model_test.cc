// A random walk over the namespace beside a map of paths: both agree on every answer, and the accounting never
// drifts from what the map adds up to.
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/vfs/namespace.h"
#include "lib/vfs/path.h"

namespace agentos::vfs {
namespace {

constexpr int kSteps = 200'000;
constexpr Limits kLimits{.bytes_max = 3'000, .nodes_max = 24, .file_bytes_max = 400};

// The simplest thing that could be right: path -> content, or nothing for a directory.
class Model {
 public:
  using Nodes = std::map<std::string, std::optional<std::string>>;
  Nodes nodes;

  bool is_directory(const std::string& path) const {
    if (path == "/state") return true;
    const auto found = nodes.find(path);
    return found != nodes.end() && !found->second;
  }
  bool is_file(const std::string& path) const {
    const auto found = nodes.find(path);
    return found != nodes.end() && found->second;
  }
  static std::string parent(const std::string& path) { return std::string(parent_of(path)); }

  static bool fits(const Nodes& nodes) {
    if (static_cast<std::int64_t>(nodes.size()) > kLimits.nodes_max) return false;
    return bytes_of(nodes) <= kLimits.bytes_max;
  }
  static std::int64_t bytes_of(const Nodes& nodes) {
    std::size_t bytes = 0;
    for (const auto& [path, content] : nodes) bytes += name_of(path).size() + (content ? content->size() : 0);
    return static_cast<std::int64_t>(bytes);
  }

  bool put(const std::string& path, std::string content) {
    if (is_directory(path) || static_cast<std::int64_t>(content.size()) > kLimits.file_bytes_max) return false;
    Nodes after = nodes;
    for (std::string up = parent(path); up != "/state"; up = parent(up)) {
      if (is_file(up)) return false;
      after.emplace(up, std::nullopt);
    }
    const bool shrinks = is_file(path) && content.size() <= nodes[path]->size();
    after[path] = std::move(content);
    if (!shrinks && !fits(after)) return false;
    nodes = std::move(after);
    return true;
  }
  bool has_children(const std::string& path) const {
    const auto next = nodes.lower_bound(path + "/");
    return next != nodes.end() && next->first.starts_with(path + "/");
  }
  bool unlink(const std::string& path) { return nodes.contains(path) && !has_children(path) && nodes.erase(path) == 1; }
  bool make_directory(const std::string& path) {
    if (!is_directory(parent(path)) || nodes.contains(path)) return false;
    Nodes after = nodes;
    after[path] = std::nullopt;
    if (!fits(after)) return false;
    nodes = std::move(after);
    return true;
  }
  bool rename(const std::string& from, const std::string& to) {
    if (!nodes.contains(from)) return false;
    if (from == to) return true;
    if (is_directory(from) && contains(from, to)) return false;
    if (!is_directory(parent(to)) || is_directory(to) || (is_file(to) && is_directory(from))) return false;
    Nodes after;
    for (const auto& [path, content] : nodes) {
      if (path == to) continue;
      after[contains(from, path) ? to + path.substr(from.size()) : path] = content;
    }
    if (name_of(to).size() > name_of(from).size() && !is_file(to) && !fits(after)) return false;
    nodes = std::move(after);
    return true;
  }
};

class Walk {
 public:
  Walk() : files_(Namespace::make(kLimits, clock_)) {}

  void step() {
    const std::string path = any_path();
    switch (pick(8)) {
      case 0:
      case 1: {
        const std::string content(size(), letter());
        EXPECT_EQ(files_->write(path, content).has_value(), model_.put(path, content)) << path;
        break;
      }
      case 2: {
        const std::string more(size() / 4, letter());
        const std::string before = model_.is_file(path) ? *model_.nodes[path] : "";
        EXPECT_EQ(files_->append(path, more).has_value(), model_.put(path, before + more)) << path;
        break;
      }
      case 3:
        write_at(path);
        break;
      case 4:
        EXPECT_EQ(files_->unlink(path).has_value(), model_.unlink(path)) << path;
        break;
      case 5:
        EXPECT_EQ(files_->make_directory(path).has_value(), model_.make_directory(path)) << path;
        break;
      case 6: {
        const std::string to = any_path();
        EXPECT_EQ(files_->rename(path, to).has_value(), model_.rename(path, to)) << path << " to " << to;
        break;
      }
      default:
        truncate(path);
    }
    EXPECT_EQ(files_->bytes_used(), Model::bytes_of(model_.nodes));
    EXPECT_EQ(files_->nodes_used(), static_cast<std::int64_t>(model_.nodes.size()));
  }

  void compare_everything() {
    std::size_t seen = 0;
    compare("/state", seen);
    EXPECT_EQ(seen, model_.nodes.size());
  }

 private:
  void write_at(const std::string& path) {
    const std::string content(1 + size() / 8, letter());
    const auto offset = pick(300);
    std::string after = model_.is_file(path) ? *model_.nodes[path] : "";
    const bool exists = model_.is_file(path);
    if (after.size() < offset) after.resize(offset);
    after.replace(offset, content.size(), content);
    const bool expected = (exists || offset == 0) && model_.put(path, after);
    EXPECT_EQ(files_->write_at(path, static_cast<std::int64_t>(offset), content).has_value(), expected) << path;
  }

  void truncate(const std::string& path) {
    constexpr auto kFlags = static_cast<OpenFlags>(OpenFlag::kWrite) | static_cast<OpenFlags>(OpenFlag::kTruncate);
    const bool opened = files_->open(path, kFlags).has_value();
    EXPECT_EQ(opened, model_.is_file(path)) << path;
    if (opened) model_.nodes[path] = "";
  }

  void compare(const std::string& folder, std::size_t& seen) {
    const auto list = files_->list(folder);
    ASSERT_TRUE(list);
    for (const Stat& stat : *list) {
      ++seen;
      ASSERT_TRUE(model_.nodes.contains(stat.path)) << stat.path;
      if (stat.kind == NodeKind::kDirectory) {
        EXPECT_TRUE(model_.is_directory(stat.path));
        compare(stat.path, seen);
      } else {
        EXPECT_EQ(files_->read(stat.path, 0, -1).value(), model_.nodes[stat.path]);
      }
    }
  }

  std::size_t pick(std::size_t below) { return random_() % below; }
  std::size_t size() { return pick(10) == 0 ? pick(500) : pick(150); }
  char letter() { return static_cast<char>('a' + pick(26)); }
  std::string any_path() {
    static const std::vector<std::string> names = {"a", "bb", "ccc", "dddd"};
    std::string path = "/state";
    for (std::size_t depth = 1 + pick(3); depth > 0; --depth) path += "/" + names[pick(names.size())];
    return path;
  }

  std::mt19937 random_{20'260'101};
  FakeClock clock_;
  std::unique_ptr<Namespace> files_;
  Model model_;
};

TEST(NamespaceModel, a_random_walk_agrees_with_a_map_and_never_drifts) {
  Walk walk;
  for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) {
    walk.step();
    if (i % 1'000 == 0) walk.compare_everything();
  }
  walk.compare_everything();
}

}  // namespace
}  // namespace agentos::vfs
