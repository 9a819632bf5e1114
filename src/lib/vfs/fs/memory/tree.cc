// Lookup allocates nothing; creation counts what it needs first. A rename also checks that everything below the moved
// directory stays within the path bounds, else a chain of renames could build a tree no path reaches.
#include "lib/vfs/fs/memory/tree.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lib/vfs/path.h"

namespace agentos::vfs::memory {
namespace {

// Splits off the first component: "a/b/c" -> "a", rest "b/c".
std::string_view next_component(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view component = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  return component;
}

// Callers promise canonical paths; this keeps a broken promise from making a node nobody can name.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && name != "." && name != ".." &&
         name.find('\0') == std::string_view::npos;
}

std::unexpected<Error> bad_name(std::string_view path) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is not a canonical path", path));
}

std::unexpected<Error> not_directory(std::string_view path) {
  return fail(kNotDirectory, fmt::format("\"{}\" is a file, not a directory", path));
}

std::string_view path_up_to(const Location& at, std::string_view component) {
  return at.path.substr(0, static_cast<std::size_t>(component.data() + component.size() - at.path.data()));
}

std::size_t depth_of(std::string_view path) { return static_cast<std::size_t>(std::ranges::count(path, '/')); }

// How far a subtree reaches below its top: names, and octets of the longest path ("/a/b").
struct Extent {
  std::size_t depth = 0;
  std::size_t bytes = 0;
};
Extent extent_of(const Node& node) {  // recursion is bounded by kPathDepthMax, which check_extent upholds
  Extent extent;
  if (node.kind() != NodeKind::kDirectory) return extent;
  for (const auto& [name, child] : static_cast<const Directory&>(node).entries) {
    const Extent below = extent_of(*child);
    extent.depth = std::max(extent.depth, below.depth + 1);
    extent.bytes = std::max(extent.bytes, below.bytes + name.size() + 1);
  }
  return extent;
}

}  // namespace

Tree::Tree(Ledger& ledger) : ledger_(ledger), root_(nullptr, ledger.clock.wall_us()) {}

Node* Tree::find(std::string_view below) const {
  Node* node = const_cast<Directory*>(&root_);
  while (!below.empty()) {
    if (node->kind() != NodeKind::kDirectory) return nullptr;
    node = as_directory(node)->find(next_component(below));
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::shared_ptr<Node> Tree::share(std::string_view below) const {
  const std::size_t slash = below.rfind('/');
  const bool top = slash == std::string_view::npos;
  Node* parent = find(top ? std::string_view{} : below.substr(0, slash));
  if (parent == nullptr || parent->kind() != NodeKind::kDirectory) return nullptr;
  const auto& entries = as_directory(parent)->entries;
  const auto found = entries.find(top ? below : below.substr(slash + 1));
  return found == entries.end() ? nullptr : found->second;
}

std::unexpected<Error> Tree::missing(const Location& at) const {
  const Node* node = &root_;
  std::string_view rest = at.below;
  while (!rest.empty()) {
    const std::string_view component = next_component(rest);
    node = static_cast<const Directory*>(node)->find(component);
    if (node == nullptr) break;
    if (!rest.empty() && node->kind() != NodeKind::kDirectory) return not_directory(path_up_to(at, component));
  }
  return fail(ErrorCode::kNotFound, fmt::format("there is no \"{}\"", at.path));
}

Result<std::shared_ptr<File>> Tree::create_file(const Location& at, std::string_view content, Parents parents,
                                                Charged charged) {
  // Walk what exists, then count what does not.
  Directory* directory = &root_;
  std::string_view rest = at.below;
  std::string_view component = next_component(rest);
  while (!rest.empty()) {
    Node* next = directory->find(component);
    if (next == nullptr) break;
    if (next->kind() != NodeKind::kDirectory) return not_directory(path_up_to(at, component));
    directory = as_directory(next);
    component = next_component(rest);
  }
  if (!rest.empty() && parents == Parents::kMustExist) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no directory \"{}\"", parent_of(at.path)),
                "make the directory first; a write by path makes it itself");
  }
  auto bytes = static_cast<std::int64_t>(content.size());
  std::int64_t nodes = 0;
  for (std::string_view name = component, left = rest;; name = next_component(left)) {
    if (!is_name(name)) return bad_name(at.path);
    bytes += static_cast<std::int64_t>(name.size());
    ++nodes;
    if (left.empty()) break;
  }
  if (const std::int64_t bound = ledger_.limits.file_bytes_max; static_cast<std::int64_t>(content.size()) > bound) {
    return fail(ErrorCode::kTooLarge, fmt::format("\"{}\" would have {} octets", at.path, content.size()),
                fmt::format("a file has at most {} octets; split it", bound));
  }
  if (charged == Charged::kWithinLimits) {
    TRY(ledger_.charge(bytes, nodes));
  } else {
    ledger_.bytes += bytes;
    ledger_.nodes += nodes;
  }
  const std::int64_t now_us = ledger_.clock.wall_us();
  for (; !rest.empty(); component = next_component(rest)) {
    auto made = std::make_shared<Directory>(&ledger_, now_us);
    Directory* next = made.get();
    directory->entries.emplace(component, std::move(made));
    directory->touch(now_us);
    directory = next;
  }
  auto file = std::make_shared<File>(ledger_, now_us);
  ledger_.bytes -= static_cast<std::int64_t>(content.size());  // replace() charges the content itself
  TRY(file->replace(content, Charged::kAlways));
  directory->entries.emplace(component, file);
  directory->touch(now_us);
  return file;
}

Result<Directory*> Tree::parent_directory(const Location& at) {
  const std::size_t slash = at.below.rfind('/');
  const std::string_view below = slash == std::string_view::npos ? std::string_view{} : at.below.substr(0, slash);
  const Location parent{parent_of(at.path), below};
  Node* node = find(below);
  if (node == nullptr) return missing(parent);
  if (node->kind() != NodeKind::kDirectory) return not_directory(parent.path);
  return as_directory(node);
}

Result<Tree::Slot> Tree::slot_of(const Location& at) {
  Directory* parent = TRY(parent_directory(at));
  const auto entry = parent->entries.find(name_of(at.path));
  if (entry == parent->entries.end()) return missing(at);
  return Slot{parent, entry};
}

Status Tree::make_directory(const Location& at) {
  Directory* parent = TRY(parent_directory(at));
  const std::string_view name = name_of(at.path);
  if (!is_name(name)) return bad_name(at.path);
  if (parent->find(name) != nullptr) {
    return fail(ErrorCode::kAlreadyExists, fmt::format("\"{}\" exists", at.path));
  }
  TRY(ledger_.charge(static_cast<std::int64_t>(name.size()), 1));
  const std::int64_t now_us = ledger_.clock.wall_us();
  parent->entries.emplace(name, std::make_shared<Directory>(&ledger_, now_us));
  parent->touch(now_us);
  return {};
}

Status Tree::unlink(const Location& at) {
  const Slot slot = TRY(slot_of(at));
  Node* node = slot.entry->second.get();
  if (node->kind() == NodeKind::kDirectory && !as_directory(node)->entries.empty()) {
    return fail(kNotEmpty, fmt::format("\"{}\" is not empty", at.path), "unlink what is in it first");
  }
  ledger_.bytes -= static_cast<std::int64_t>(slot.entry->first.size());
  slot.parent->entries.erase(slot.entry);
  slot.parent->touch(ledger_.clock.wall_us());
  return {};
}

Status Tree::check_extent(const Node& node, const Location& from, const Location& to) const {
  if (node.kind() != NodeKind::kDirectory) return {};
  if (contains(from.path, to.path)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" cannot be moved into itself", from.path));
  }
  const Extent extent = extent_of(node);
  if (depth_of(to.path) + extent.depth > kPathDepthMax || to.path.size() + extent.bytes > kPathBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("below \"{}\" the paths would be deeper than {} names or longer than {} octets", to.path,
                            kPathDepthMax, kPathBytesMax),
                "move it to a place nearer the root");
  }
  return {};
}

Status Tree::rename(const Location& from, const Location& to) {
  const Slot source = TRY(slot_of(from));
  if (from.path == to.path) return {};
  const std::shared_ptr<Node> node = source.entry->second;
  TRY(check_extent(*node, from, to));
  Directory* parent = TRY(parent_directory(to));
  const std::string_view name = name_of(to.path);
  if (!is_name(name)) return bad_name(to.path);
  const auto old_size = static_cast<std::int64_t>(source.entry->first.size());
  const auto target = parent->entries.find(name);
  if (target != parent->entries.end()) {
    const bool onto_directory = target->second->kind() == NodeKind::kDirectory;
    if (onto_directory && node->kind() == NodeKind::kFile) {
      return fail(kIsDirectory, fmt::format("\"{}\" is a directory", to.path), "name the file inside it");
    }
    if (onto_directory) return fail(ErrorCode::kAlreadyExists, fmt::format("\"{}\" exists", to.path));
    if (node->kind() == NodeKind::kDirectory) return not_directory(to.path);
    target->second = node;
    ledger_.bytes -= old_size;
  } else {
    TRY(ledger_.charge(static_cast<std::int64_t>(name.size()) - old_size, 0));
    parent->entries.emplace(name, node);
  }
  source.parent->entries.erase(source.entry);
  const std::int64_t now_us = ledger_.clock.wall_us();
  source.parent->touch(now_us);
  parent->touch(now_us);
  return {};
}

}  // namespace agentos::vfs::memory
