// The tree is written anew; comments and empty lines find the entry or item they stood before, or beside.
#include "lib/policy/tools/format.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/yaml/document.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/comments.h"
#include "lib/policy/tools/test_document.h"
#include "lib/policy/tools/yaml_text.h"

namespace agentos::policy::tools {
namespace {

using yaml::Node;
using Kind = Node::Kind;

// What a mapping is: a place of the language, a mapping of names to some place, or data.
struct Meaning {
  std::optional<Where> place;    // of a mapping with keys of its own
  std::optional<Where> members;  // of what its values, or items, are
  bool names = false;            // a mapping of names, one a line
};

Meaning meaning_of(std::optional<Where> parent, std::string_view key) {
  if (!parent) return {};
  const auto& keys = keys_of(*parent);
  const auto found = std::ranges::find(keys, key, &Key::name);
  if (found == keys.end()) return {};
  switch ((*found)->form) {
    case KeyForm::kObject:
    case KeyForm::kObjectOrGlobs:
      return {(*found)->nested, std::nullopt, false};
    case KeyForm::kObjects:
    case KeyForm::kObligations:
      return {std::nullopt, (*found)->nested, false};
    case KeyForm::kObjectMap:
      return {std::nullopt, (*found)->nested, true};
    default:
      break;
  }
  if (*parent == Where::kTestCase && key == "expect") return {Where::kTestExpect, std::nullopt, false};
  return {std::nullopt, std::nullopt, (*found)->form == KeyForm::kDataMap && *parent == Where::kSpec};
}

bool is_always_block(const Meaning& meaning) {
  constexpr Where kBlocks[] = {Where::kDocument, Where::kMetadata, Where::kSpec,     Where::kRule,
                               Where::kLimit,    Where::kTest,     Where::kTestSpec, Where::kTestCase};
  return meaning.names || (meaning.place && std::ranges::find(kBlocks, *meaning.place) != std::end(kBlocks));
}

// Something that has a line of its own in block style: an entry (by its key) or an item.
struct Point {
  const void* address;
  std::uint32_t line;
  bool in_block;  // its parent is always written in block style
};

struct Remarks {
  std::vector<std::string> before;
  std::string beside;
  bool empty_line = false;
};

class Writer {
 public:
  Writer(const Node& root, const Layout& layout) : layout_(layout) {
    const Where top = is_policy_test(root) ? Where::kTest : Where::kDocument;
    collect(root, {top, std::nullopt, false});
    attach();
    block_mapping(root, {top, std::nullopt, false}, 0, true);
  }
  std::string take() {
    for (const std::string& comment : last_) out_ += comment + "\n";
    return std::move(out_);
  }

 private:
  void collect(const Node& node, const Meaning& meaning) {
    for (const Node::Entry& entry : node.entries) {
      points_.push_back({&entry, entry.mark.line, is_always_block(meaning)});
      collect(entry.value, below(meaning, entry));
    }
    for (const Node& item : node.items) {
      points_.push_back({&item, item.mark.line, false});
      collect(item, {meaning.members, std::nullopt, false});
    }
  }

  static Meaning below(const Meaning& meaning, const Node::Entry& entry) {
    return meaning.names ? Meaning{meaning.members, std::nullopt, false} : meaning_of(meaning.place, entry.key);
  }

  void attach() {
    for (const Comment& comment : layout_.comments) {
      const Point* point = comment.own_line ? nullptr : beside(comment.line);
      if (point != nullptr && remarks_[point->address].beside.empty()) {
        remarks_[point->address].beside = "  " + comment.text;
        continue;
      }
      const auto next = std::ranges::find_if(points_, [&](const Point& one) { return one.line > comment.line; });
      if (next == points_.end()) {
        last_.push_back(comment.text);
        continue;
      }
      // What stands above everything stays there, whatever key comes first.
      if (next == points_.begin()) {
        head_.push_back(comment.text);
        continue;
      }
      Remarks& remarks = remarks_[next->address];
      if (remarks.before.empty() && layout_.is_empty(comment.line - 1)) remarks.empty_line = true;
      remarks.before.push_back(comment.text);
    }
    for (const Point& point : points_) {
      if (layout_.is_empty(point.line - 1) && first_on_line(point)) remarks_[point.address].empty_line = true;
    }
  }

  bool first_on_line(const Point& point) const {
    const auto first = std::ranges::find(points_, point.line, &Point::line);
    return first != points_.end() && first->address == point.address;
  }

  const Point* beside(std::uint32_t line) const {
    const Point* found = nullptr;
    for (const Point& point : points_) {
      if (point.line != line) continue;
      if (point.in_block) return &point;
      if (found == nullptr) found = &point;
    }
    return found;
  }

  bool has_remarks_inside(const Node& node) const {
    const auto told = [&](const void* address) {
      const auto found = remarks_.find(address);
      return found != remarks_.end() && (!found->second.before.empty() || !found->second.beside.empty());
    };
    return std::ranges::any_of(node.items, [&](const Node& item) { return told(&item) || has_remarks_inside(item); }) ||
           std::ranges::any_of(
               node.entries, [&](const Node::Entry& entry) { return told(&entry) || has_remarks_inside(entry.value); });
  }

  std::vector<const Node::Entry*> ordered(const Node& node, std::optional<Where> place) const {
    std::vector<const Node::Entry*> entries;
    if (place) {
      for (const Key* key : keys_of(*place)) {
        for (const Node::Entry& entry : node.entries) {
          if (entry.key == key->name) entries.push_back(&entry);
        }
      }
    }
    for (const Node::Entry& entry : node.entries) {
      if (std::ranges::find(entries, &entry) == entries.end()) entries.push_back(&entry);
    }
    return entries;
  }

  std::string flow(const Node& node, const Meaning& meaning) const {
    std::string text;
    if (node.kind == Kind::kSequence) {
      for (const Node& item : node.items) {
        text += (text.empty() ? "" : ", ") + flow(item, {meaning.members, std::nullopt, false});
      }
      return "[" + text + "]";
    }
    if (node.kind != Kind::kMapping) return scalar_text(node, Inside::kFlow);
    for (const Node::Entry* entry : ordered(node, meaning.place)) {
      text += (text.empty() ? "" : ", ") + scalar_text(entry->key, Inside::kFlow) + ": " +
              flow(entry->value, below(meaning, *entry));
    }
    return "{" + text + "}";
  }

  // The lines above an entry or item; not an empty one before the first.
  void above(const void* address, std::size_t indent, bool first) {
    const auto found = remarks_.find(address);
    if (found == remarks_.end()) return;
    if (found->second.empty_line && !first) out_ += "\n";
    for (const std::string& comment : found->second.before) out_.append(indent, ' ').append(comment) += "\n";
  }
  std::string beside(const void* address) const {
    const auto found = remarks_.find(address);
    return found == remarks_.end() ? std::string() : found->second.beside;
  }

  // Not at the top the cursor is where the first key goes, beside a dash.
  void block_mapping(const Node& node, const Meaning& meaning, std::size_t indent, bool at_top) {
    if (at_top) {
      for (const std::string& comment : head_) out_ += comment + "\n";
    }
    bool first = true;
    for (const Node::Entry* entry : ordered(node, meaning.place)) {
      if (!first || at_top) {
        above(entry, indent, first);
        out_.append(indent, ' ');
      }
      first = false;
      const std::string key = scalar_text(entry->key, Inside::kFlow) + ":";
      out_ += key;
      value(entry->value, below(meaning, *entry), indent, indent + key.size(), beside(entry));
    }
  }

  // What follows a key or a dash, and the end of its line.
  void value(const Node& node, const Meaning& meaning, std::size_t indent, std::size_t columns,
             const std::string& comment) {
    if (node.kind != Kind::kMapping && node.kind != Kind::kSequence) {
      std::string text = node.kind == Kind::kString ? block_text(node.text, columns, indent + 2, comment) : "";
      out_ += (text.empty() ? " " + scalar_text(node, Inside::kBlock) + comment : text) + "\n";
      return;
    }
    const bool empty = node.items.empty() && node.entries.empty();
    const bool as_block = !empty && (has_remarks_inside(node) || is_always_block(meaning) || has_block_items(meaning));
    if (!as_block) {
      const std::string text = " " + flow(node, meaning);
      if (empty || columns + text.size() <= kFormatWidth) {
        out_ += text + comment + "\n";
        return;
      }
    }
    out_ += comment + "\n";
    nested(node, meaning, indent + 2);
  }

  static bool has_block_items(const Meaning& meaning) {
    return !meaning.names && meaning.members && is_always_block({meaning.members, std::nullopt, false});
  }

  void nested(const Node& node, const Meaning& meaning, std::size_t indent) {
    if (node.kind == Kind::kMapping) {
      bool first = true;
      for (const Node::Entry* entry : ordered(node, meaning.place)) {
        above(entry, indent, first);
        first = false;
        const std::string key = scalar_text(entry->key, Inside::kFlow) + ":";
        out_.append(indent, ' ').append(key);
        value(entry->value, below(meaning, *entry), indent, indent + key.size(), beside(entry));
      }
      return;
    }
    bool first = true;
    for (const Node& item : node.items) {
      above(&item, indent, first);
      first = false;
      list_item(item, {meaning.members, std::nullopt, false}, indent);
    }
  }

  void list_item(const Node& item, const Meaning& meaning, std::size_t indent) {
    out_.append(indent, ' ').append("-");
    const bool as_block = item.kind == Kind::kMapping && !item.entries.empty() &&
                          (is_always_block(meaning) || has_remarks_inside(item) ||
                           indent + 2 + flow(item, meaning).size() > kFormatWidth);
    if (!as_block) {
      value(item, meaning, indent, indent + 1, beside(&item));
      return;
    }
    // The first entry stands beside the dash, so what stood above it goes above the dash.
    const std::string comment = beside(&item);
    const Node::Entry* const first = ordered(item, meaning.place).front();
    const auto told = remarks_.find(first);
    if (told != remarks_.end() && !told->second.before.empty()) {
      out_.resize(out_.size() - indent - 1);
      for (const std::string& line : told->second.before) out_.append(indent, ' ').append(line) += "\n";
      out_.append(indent, ' ').append("-");
    }
    if (!comment.empty()) {
      out_ += comment + "\n";
      out_.append(indent + 2, ' ');
    } else {
      out_ += ' ';
    }
    block_mapping(item, meaning, indent + 2, false);
  }

  const Layout& layout_;
  std::vector<Point> points_;  // as they are in the text, outer ones first
  std::map<const void*, Remarks> remarks_;
  std::vector<std::string> head_, last_;
  std::string out_;
};

json::Value ordered_json(const Node& node, const Meaning& meaning) {
  if (node.kind == Kind::kSequence) {
    json::Array list;
    for (const Node& item : node.items) list.push_back(ordered_json(item, {meaning.members, std::nullopt, false}));
    return list;
  }
  if (node.kind != Kind::kMapping) return yaml::to_json(node);
  json::Object object;
  const auto take = [&](const Node::Entry& entry) {
    if (object.find(entry.key) != nullptr) return;
    const Meaning inner =
        meaning.names ? Meaning{meaning.members, std::nullopt, false} : meaning_of(meaning.place, entry.key);
    object.append(entry.key, ordered_json(entry.value, inner));
  };
  if (meaning.place) {
    for (const Key* key : keys_of(*meaning.place)) {
      for (const Node::Entry& entry : node.entries) {
        if (entry.key == key->name) take(entry);
      }
    }
  }
  for (const Node::Entry& entry : node.entries) take(entry);
  return object;
}

std::vector<std::string> sorted_comments(const Layout& layout) {
  std::vector<std::string> texts;
  for (const Comment& comment : layout.comments) texts.push_back(comment.text);
  std::ranges::sort(texts);
  return texts;
}

struct Formatted {
  std::string text;
  json::Value content;
  std::vector<std::string> comments;
};

Result<Formatted> format_once(std::string_view text, std::string_view file) {
  const Node root = TRY(yaml::parse(text, file, {.bytes_max = kTestBytesMax}));
  if (root.kind != Kind::kMapping) {
    return yaml::fail_at(file, root.mark, "a policy document is a mapping", "start with \"apiVersion: agentos/v1\"");
  }
  const Layout layout = TRY(layout_of(text, file));
  Formatted made{{}, yaml::to_json(root), sorted_comments(layout)};
  if (json::parse(text, {.bytes_max = kTestBytesMax, .depth_max = 64, .values_max = 1'000'000})) {
    const Where top = is_policy_test(root) ? Where::kTest : Where::kDocument;
    made.text = json::write_pretty(ordered_json(root, {top, std::nullopt, false})) + "\n";
  } else {
    made.text = Writer(root, layout).take();
  }
  return made;
}

}  // namespace

Result<std::string> format_document(std::string_view text, std::string_view file) {
  const Formatted once = TRY(format_once(text, file));
  const auto twice = format_once(once.text, file);
  if (!twice || !(twice->content == once.content) || twice->comments != once.comments || twice->text != once.text) {
    return fail(ErrorCode::kUnsupported,
                std::string(file) + ":1:1: it cannot be formatted without changing what it says",
                "move comments out of lists and quoted texts, and format again");
  }
  return once.text;
}

}  // namespace agentos::policy::tools
