// Written by hand and read strictly: fields separated by one space, parts of an entry by colons.
#include "lib/workspace/changes_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "lib/workspace/beneath.h"

namespace agentos::workspace {
namespace {

constexpr std::string_view kMagic = "agentos-workspace 1 ";
constexpr std::string_view kEnd = "end ";
constexpr std::size_t kPurposeBytesMax = 16;
constexpr std::size_t kTargetHexMax = 2 * 4096;

std::string entry_text(const Entry& entry) {
  switch (entry.kind) {
    case Kind::kFolder:
      return fmt::format("d:{}:{}", entry.mode, entry.modified_ns);
    case Kind::kFile:
      return fmt::format("f:{}:{}:{}:{}", entry.mode, entry.modified_ns, entry.size_bytes, crypto::hex(entry.digest));
    case Kind::kLink:
      return "l:" + crypto::hex(entry.target);
    case Kind::kAbsent:
      break;
  }
  return "-";
}

// Takes what stands before `separator` off the front; all of it when there is none.
std::string_view take_field(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view field = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return field;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]), low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>((high << 4) | low);
  }
  return out;
}

bool read_entry_text(std::string_view text, Entry& entry) {
  if (text == "-") return true;
  const std::string_view kind = take_field(text, ':');
  if (kind == "l") {
    const auto target = from_hex(text);
    entry.kind = Kind::kLink;
    if (!target || target->empty() || text.size() > kTargetHexMax || target->find('\0') != std::string::npos)
      return false;
    entry.target = *target;
    return true;
  }
  if (kind != "d" && kind != "f") return false;
  entry.kind = kind == "d" ? Kind::kFolder : Kind::kFile;
  const std::string_view mode = take_field(text, ':'), modified = take_field(text, ':');
  if (!read_number(mode, entry.mode) || entry.mode > 07777 || !read_number(modified, entry.modified_ns)) return false;
  if (entry.kind == Kind::kFolder) return text.empty();
  const auto digest = from_hex(text.substr(std::min(text.size(), text.find(':') + 1)));
  if (!read_number(take_field(text, ':'), entry.size_bytes)) return false;
  if (!digest || digest->size() != entry.digest.size()) return false;
  std::copy(digest->begin(), digest->end(), entry.digest.begin());
  return true;
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::kCorrupt, "a file of the workspace is damaged: " + std::string(what),
              "agentos discard it, and start again from the folder as it is");
}

}  // namespace

std::string write_changes(const ChangesText& text) {
  std::string out = fmt::format("{}{} {}\n", kMagic, text.purpose, text.changes.size());
  for (const Change& change : text.changes) {
    out += crypto::hex(change.path) + ' ' + entry_text(change.before) + ' ' + entry_text(change.after) + '\n';
  }
  out += fmt::format("{}{}\n", kEnd, crypto::hex(crypto::sha256(out)));
  return out;
}

Result<ChangesText> read_changes(std::string_view text) {
  if (text.size() > kChangesBytesMax) return damaged("it is too large");
  const std::size_t last = text.size() < 2 ? std::string_view::npos : text.rfind('\n', text.size() - 2);
  if (last == std::string_view::npos) return damaged("it has no end");
  const std::string_view body = text.substr(0, last + 1);
  if (text.substr(last + 1) != fmt::format("{}{}\n", kEnd, crypto::hex(crypto::sha256(body)))) {
    return damaged("its digest is another");
  }
  std::string_view rest = body;
  std::string_view head = take_field(rest, '\n');
  if (!head.starts_with(kMagic)) return damaged("it is of another version");
  head.remove_prefix(kMagic.size());
  ChangesText read;
  read.purpose = take_field(head, ' ');
  std::size_t count = 0;
  if (read.purpose.empty() || read.purpose.size() > kPurposeBytesMax || !read_number(head, count)) {
    return damaged("its first line is wrong");
  }
  while (!rest.empty()) {
    std::string_view line = take_field(rest, '\n');
    auto path = from_hex(take_field(line, ' '));
    Change change;
    const std::string_view before = take_field(line, ' ');
    if (!path || !plain_path(*path) || !read_entry_text(before, change.before) ||
        !read_entry_text(line, change.after) || (!read.changes.empty() && *path <= read.changes.back().path)) {
      return damaged("a line is wrong");
    }
    if (change.before.kind == Kind::kAbsent && change.after.kind == Kind::kAbsent)
      return damaged("a line says nothing");
    change.path = std::move(*path);
    read.changes.push_back(std::move(change));
  }
  if (read.changes.size() != count) return damaged("lines are missing");
  return read;
}

}  // namespace agentos::workspace
