// parse() over libfyaml's event stream. Only events are used: nodes are built, keys compared and aliases copied here,
// against budgets, because a document that libfyaml resolves itself may grow without bound. This is the only file that
// sees libfyaml.
#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/yaml/document.h"
#include "base/yaml/scalar.h"

namespace agentos::yaml {
namespace {

constexpr std::size_t kPairwiseMax = 16;

struct Free {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

std::string_view text_of(fy_token* token) {
  if (token == nullptr) return {};
  std::size_t size = 0;
  const char* text = fy_token_get_text(token, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

// What a single-quoted scalar between its quotes says: '' is a quote, and a line break with the white space around it
// is a space, or one line break less than there were in a row (YAML 1.2, section 7.3.2).
std::string unquote(std::string_view raw) {
  std::string out;
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] == '\'') ++at;
    if (raw[at] != '\n' && raw[at] != '\r') {
      out += raw[at];
      continue;
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
    const std::size_t next = std::min(raw.find_first_not_of(" \t\r\n", at), raw.size());
    const std::string_view gap = raw.substr(at, next - at);
    const auto breaks = static_cast<std::size_t>(std::count(gap.begin(), gap.end(), '\n'));
    out += breaks < 2 ? std::string(" ") : std::string(breaks - 1, '\n');
    at = next - 1;
  }
  return out;
}

// One event; goes back to its parser.
class Event {
 public:
  explicit Event(fy_parser* parser) : parser_(parser), event_(fy_parser_parse(parser)) {}
  ~Event() {
    if (event_ != nullptr) fy_parser_event_free(parser_, event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  explicit operator bool() const { return event_ != nullptr; }
  fy_event* operator->() const { return event_; }
  fy_event_type type() const { return event_->type; }

 private:
  fy_parser* parser_;
  fy_event* event_;
};

struct Extent {
  std::size_t nodes = 0;
  std::size_t bytes = 0;
  std::size_t height = 0;
};

Extent measure(const Node& node) {
  Extent extent{.nodes = 1, .bytes = node.text.size(), .height = 1};
  const auto add = [&extent](const Node& child) {
    const Extent inner = measure(child);
    extent.nodes += inner.nodes;
    extent.bytes += inner.bytes;
    extent.height = std::max(extent.height, inner.height + 1);
  };
  for (const Node& item : node.items) add(item);
  for (const Node::Entry& entry : node.entries) {
    extent.bytes += entry.key.size();
    add(entry.value);
  }
  return extent;
}

class Reader {
 public:
  Reader(fy_parser* parser, fy_diag* diag, std::string_view text, std::string_view file, const Limits& limits)
      : parser_(parser), diag_(diag), text_(text), file_(file), limits_(limits) {}

  Result<std::vector<Node>> documents(std::size_t documents_max);

 private:
  struct Anchor {
    Node node;
    Extent extent;
  };

  Result<Node> node(const Event& event, std::size_t depth);
  Result<Node> scalar(const Event& event);
  Result<Node> alias(const Event& event, std::size_t depth);
  Result<Node> sequence(const Event& event, std::size_t depth);
  Result<Node> mapping(const Event& event, std::size_t depth);
  Result<Node::Entry> key(const Event& event);
  Status check_unique(const Node& mapping) const;
  Status check_collection_tag(fy_token* tag, std::string_view wanted) const;
  Status count(std::size_t nodes, Mark mark);
  Status define(fy_token* anchor, const Node& node);

  Mark mark_of(fy_token* token, std::size_t columns_back = 0);
  std::string scalar_text(fy_token* token) const;
  std::unexpected<Error> refuse(Mark mark, std::string_view message, std::string hint = {}) const {
    return fail_at(file_, mark, message, std::move(hint));
  }
  std::unexpected<Error> refuse_stream() const;

  fy_parser* parser_;
  fy_diag* diag_;
  std::string_view text_;
  std::string_view file_;
  const Limits& limits_;
  std::map<std::string, Anchor, std::less<>> anchors_;
  std::vector<std::string> open_anchors_;
  Mark last_{1, 1};
  std::size_t nodes_ = 0;
  std::size_t copied_nodes_ = 0;
  std::size_t copied_bytes_ = 0;
};

// Where the token begins; a value that is not written stands where the text before it does.
Mark Reader::mark_of(fy_token* token, std::size_t columns_back) {
  const fy_mark* mark = token == nullptr ? nullptr : fy_token_start_mark(token);
  if (mark == nullptr || mark->line < 0 || mark->column < 0) return last_;
  const auto column = static_cast<std::size_t>(mark->column);
  last_ = {static_cast<std::uint32_t>(mark->line) + 1,
           static_cast<std::uint32_t>(column - std::min(column, columns_back)) + 1};
  return last_;
}

// libfyaml 0.7.12 leaks forty times the size of a run of escaped single quotes when asked for the text of a scalar, so
// scalars with such a run are read here. Elsewhere its answer is taken.
std::string Reader::scalar_text(fy_token* token) const {
  if (token == nullptr || fy_token_scalar_style(token) != FYSS_SINGLE_QUOTED) return std::string(text_of(token));
  const fy_mark* const start = fy_token_start_mark(token);
  const fy_mark* const end = fy_token_end_mark(token);
  if (start == nullptr || end == nullptr || end->input_pos < start->input_pos || end->input_pos > text_.size()) {
    return std::string(text_of(token));
  }
  const std::string_view raw = text_.substr(start->input_pos, end->input_pos - start->input_pos);
  return raw.find("''''") == std::string_view::npos ? std::string(text_of(token)) : unquote(raw);
}

std::unexpected<Error> Reader::refuse_stream() const {
  void* previous = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diag_, &previous);
  if (error == nullptr || error->msg == nullptr) return refuse(last_, "not a YAML document");
  const auto at_least_one = [](int number) { return static_cast<std::uint32_t>(std::max(number, 1)); };
  return refuse({at_least_one(error->line), at_least_one(error->column)}, error->msg);
}

Result<std::vector<Node>> Reader::documents(std::size_t documents_max) {
  std::vector<Node> documents;
  while (true) {
    const Event event(parser_);
    if (!event) return refuse_stream();
    if (event.type() == FYET_STREAM_END) break;
    if (event.type() != FYET_DOCUMENT_START) continue;
    const Mark start = mark_of(event->document_start.document_start);
    if (documents.size() == documents_max) return refuse(start, "a second document in the file", "keep one document");
    TRY(count(1, start));
    anchors_.clear();
    const Event root(parser_);
    if (!root) return refuse_stream();
    documents.push_back(TRY(node(root, 1)));
  }
  if (fy_parser_get_stream_error(parser_)) return refuse_stream();
  return documents;
}

Status Reader::count(std::size_t nodes, Mark mark) {
  nodes_ += nodes;
  if (nodes_ <= limits_.nodes_max) return {};
  return refuse(mark, "more than " + std::to_string(limits_.nodes_max) + " values (aliases counted as often as used)");
}

// Precondition: the event is the beginning of a node.
Result<Node> Reader::node(const Event& event, std::size_t depth) {
  if (depth > limits_.depth_max) {
    return refuse(last_, "nested deeper than " + std::to_string(limits_.depth_max));
  }
  switch (event.type()) {
    case FYET_SCALAR:
      return scalar(event);
    case FYET_ALIAS:
      return alias(event, depth);
    case FYET_SEQUENCE_START:
      return sequence(event, depth);
    case FYET_MAPPING_START:
      return mapping(event, depth);
    default:
      return refuse(last_, "expected a value");
  }
}

Result<Node> Reader::scalar(const Event& event) {
  fy_token* const token = event->scalar.value;
  const fy_scalar_style style = token == nullptr ? FYSS_PLAIN : fy_token_scalar_style(token);
  const bool in_quotes = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  Node node;
  node.mark = mark_of(token, in_quotes ? 1 : 0);
  TRY(count(1, node.mark));
  const ScalarForm form = style == FYSS_PLAIN ? ScalarForm::kPlain : ScalarForm::kQuoted;
  if (auto status = resolve_tagged(scalar_text(token), text_of(event->scalar.tag), form, node); !status) {
    return refuse(node.mark, status.error().message, status.error().hint);
  }
  TRY(define(event->scalar.anchor, node));
  return node;
}

Result<Node> Reader::alias(const Event& event, std::size_t depth) {
  const Mark mark = mark_of(event->alias.anchor, 1);
  const std::string_view name = text_of(event->alias.anchor);
  const std::string shown = "*" + std::string(name.substr(0, 64));
  if (std::find(open_anchors_.begin(), open_anchors_.end(), name) != open_anchors_.end()) {
    return refuse(mark, "the alias " + shown + " stands inside the value it names");
  }
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return refuse(mark, "the alias " + shown + " names nothing", "define it before with &" + shown.substr(1));
  }
  const Anchor& anchor = found->second;
  if (depth + anchor.extent.height - 1 > limits_.depth_max) {
    return refuse(mark, "nested deeper than " + std::to_string(limits_.depth_max));
  }
  TRY(count(anchor.extent.nodes, mark));
  copied_bytes_ += anchor.extent.bytes;
  if (copied_bytes_ > limits_.bytes_max) return refuse(mark, "aliases repeat too much text");
  return anchor.node;
}

// Remembers a copy under the anchor's name. Copies have budgets of their own, as large as those of the document.
Status Reader::define(fy_token* anchor, const Node& node) {
  if (anchor == nullptr) return {};
  const Extent extent = measure(node);
  copied_nodes_ += extent.nodes;
  copied_bytes_ += extent.bytes;
  if (copied_nodes_ > limits_.nodes_max || copied_bytes_ > limits_.bytes_max) {
    return refuse(node.mark, "anchors name too much of the document");
  }
  anchors_.insert_or_assign(std::string(text_of(anchor)), Anchor{node, extent});
  return {};
}

Status Reader::check_collection_tag(fy_token* tag, std::string_view wanted) const {
  const std::string_view text = text_of(tag);
  if (text.empty() || text == "!" || text == wanted) return {};
  return refuse(last_, "the tag " + std::string(text.substr(0, 80)) + " has no meaning here", "leave the tag out");
}

Result<Node> Reader::sequence(const Event& event, std::size_t depth) {
  Node node;
  node.kind = Node::Kind::kSequence;
  node.mark = mark_of(event->sequence_start.sequence_start);
  TRY(count(1, node.mark));
  TRY(check_collection_tag(event->sequence_start.tag, "tag:yaml.org,2002:seq"));
  fy_token* const anchor = event->sequence_start.anchor;
  if (anchor != nullptr) open_anchors_.emplace_back(text_of(anchor));
  while (true) {
    const Event item(parser_);
    if (!item) return refuse_stream();
    if (item.type() == FYET_SEQUENCE_END) break;
    node.items.push_back(TRY(this->node(item, depth + 1)));
  }
  if (anchor != nullptr) open_anchors_.pop_back();
  TRY(define(anchor, node));
  return node;
}

Result<Node> Reader::mapping(const Event& event, std::size_t depth) {
  Node node;
  node.kind = Node::Kind::kMapping;
  node.mark = mark_of(event->mapping_start.mapping_start);
  TRY(count(1, node.mark));
  TRY(check_collection_tag(event->mapping_start.tag, "tag:yaml.org,2002:map"));
  fy_token* const anchor = event->mapping_start.anchor;
  if (anchor != nullptr) open_anchors_.emplace_back(text_of(anchor));
  while (true) {
    const Event key_event(parser_);
    if (!key_event) return refuse_stream();
    if (key_event.type() == FYET_MAPPING_END) break;
    Node::Entry entry = TRY(key(key_event));
    const Event value_event(parser_);
    if (!value_event) return refuse_stream();
    entry.value = TRY(this->node(value_event, depth + 1));
    node.entries.push_back(std::move(entry));
  }
  TRY(check_unique(node));
  if (anchor != nullptr) open_anchors_.pop_back();
  TRY(define(anchor, node));
  return node;
}

Result<Node::Entry> Reader::key(const Event& event) {
  if (event.type() == FYET_ALIAS) return refuse(mark_of(event->alias.anchor, 1), "a key cannot be an alias");
  if (event.type() == FYET_SEQUENCE_START) {
    return refuse(mark_of(event->sequence_start.sequence_start), "a key must be a string, not a list");
  }
  if (event.type() != FYET_SCALAR) {
    return refuse(mark_of(event->mapping_start.mapping_start), "a key must be a string, not a mapping");
  }
  fy_token* const token = event->scalar.value;
  const fy_scalar_style style = token == nullptr ? FYSS_PLAIN : fy_token_scalar_style(token);
  const bool in_quotes = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  Node::Entry entry;
  entry.mark = mark_of(token, in_quotes ? 1 : 0);
  entry.key = scalar_text(token);
  if (event->scalar.anchor != nullptr) return refuse(entry.mark, "a key cannot have an anchor");
  const std::string_view tag = text_of(event->scalar.tag);
  if (!tag.empty() && tag != "!" && tag != "tag:yaml.org,2002:str") {
    return refuse(entry.mark, "the tag " + std::string(tag.substr(0, 80)) + " has no meaning on a key",
                  "leave the tag out");
  }
  if (style == FYSS_PLAIN && entry.key.empty()) return refuse(entry.mark, "a key is missing before the colon");
  if (style == FYSS_PLAIN && entry.key == "<<") {
    return refuse(entry.mark, "merge keys (<<) are not part of YAML 1.2", "write the entries out");
  }
  return entry;
}

Status Reader::check_unique(const Node& mapping) const {
  const auto again = [this](const Node::Entry& entry) {
    return refuse(entry.mark, "duplicate key \"" + json::to_valid_utf8(entry.key.substr(0, 64)) + "\"");
  };
  const auto& entries = mapping.entries;
  if (entries.size() <= kPairwiseMax) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (entries[i].key == entries[j].key) return again(entries[i]);
      }
    }
    return {};
  }
  std::vector<const Node::Entry*> sorted;
  sorted.reserve(entries.size());
  for (const Node::Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Node::Entry* a, const Node::Entry* b) {
    const int order = a->key.compare(b->key);
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i]->key == sorted[i - 1]->key) return again(*sorted[i]);
  }
  return {};
}

void discard(fy_diag*, void*, const char*, std::size_t) {}

// The first octet YAML does not allow (invalid UTF-8, a control character), as an offset; npos when there is none.
std::size_t first_forbidden(std::string_view text) {
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const bool control = (octet < 0x20 && octet != '\t' && octet != '\n' && octet != '\r') || octet == 0x7F;
    if (control) return i;
    if (octet == '\n' || i + 1 == text.size()) {
      if (!json::valid_utf8(text.substr(line_start, i + 1 - line_start))) return line_start;
      line_start = i + 1;
    }
  }
  return std::string_view::npos;
}

Status check_text(std::string_view text, std::string_view file, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail_at(file, {1, 1}, std::to_string(text.size()) + " bytes, at most " + std::to_string(limits.bytes_max));
  }
  const std::size_t at = first_forbidden(text);
  if (at == std::string_view::npos) return {};
  const std::string_view before = text.substr(0, at);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? at : at - newline - 1;
  return fail_at(file, {line, static_cast<std::uint32_t>(column) + 1},
                 "invalid UTF-8 or a control character in this line");
}

// libfyaml finds no document in a text of directives alone; that is a mistake and not an empty document.
Status check_nothing_lost(std::string_view text, std::string_view file) {
  std::uint32_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view content = text.substr(at, end - at);
    const std::size_t first = content.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && content[first] != '#') {
      return fail_at(file, {line, static_cast<std::uint32_t>(first) + 1}, "no document follows this line");
    }
    at = end + 1;
  }
  return {};
}

Result<std::vector<Node>> read(std::string_view text, std::string_view file, const Limits& limits,
                               std::size_t documents_max) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TRY(check_text(text, file, limits));
  fy_diag_cfg diag_settings{};
  fy_diag_cfg_default(&diag_settings);
  diag_settings.fp = nullptr;
  diag_settings.output_fn = discard;
  const std::unique_ptr<fy_diag, Free> diag(fy_diag_create(&diag_settings));
  if (diag == nullptr) return fail(ErrorCode::kNoSpace, std::string(file) + ": no memory for the parser");
  fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg settings{};
  settings.flags = static_cast<fy_parse_cfg_flags>(FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_COLLECT_DIAG);
  settings.diag = diag.get();
  const std::unique_ptr<fy_parser, Free> parser(fy_parser_create(&settings));
  if (parser == nullptr || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) {
    return fail(ErrorCode::kNoSpace, std::string(file) + ": no memory for the parser");
  }
  std::vector<Node> documents = TRY(Reader(parser.get(), diag.get(), text, file, limits).documents(documents_max));
  if (documents.empty()) TRY(check_nothing_lost(text, file));
  return documents;
}

}  // namespace

Result<Node> parse(std::string_view text, std::string_view file, const Limits& limits) {
  std::vector<Node> documents = TRY(read(text, file, limits, 1));
  if (!documents.empty()) return std::move(documents.front());
  Node nothing;
  nothing.mark = {1, 1};
  return nothing;
}

Result<std::vector<Node>> parse_all(std::string_view text, std::string_view file, const Limits& limits) {
  return read(text, file, limits, limits.nodes_max);
}

}  // namespace agentos::yaml
