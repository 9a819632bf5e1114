// YAML or JSON text to a Document, in the order of the grammar's page: envelope, metadata, spec, rules.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/hash.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/reading.h"
#include "lib/policy/specificity.h"

namespace agentos::policy {

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "allow";
    case Verdict::kAsk:
      return "ask";
    case Verdict::kDeny:
      break;
  }
  return "deny";
}

std::string_view phase_name(Phase phase) { return key_words(Where::kRule, "phase")[static_cast<std::size_t>(phase)]; }

std::string_view mode_name(Mode mode) { return key_words(Where::kRule, "mode")[static_cast<std::size_t>(mode)]; }

std::string_view scope_name(Scope scope) { return key_words(Where::kSpec, "scope")[static_cast<std::size_t>(scope)]; }

std::string_view combining_name(Combining combining) {
  return key_words(Where::kSpec, "combining")[static_cast<std::size_t>(combining)];
}

std::string Reading::place_of(yaml::Mark mark) const {
  return fmt::format("{}:{}:{}", source.file, mark.line, mark.column);
}

namespace {

using Kind = yaml::Node::Kind;

// Where position line:column of a scalar's value stands in its document, as far as its style tells.
yaml::Mark mark_inside(std::string_view text, yaml::Mark mark, std::uint32_t line, std::uint32_t column) {
  std::size_t at = 0;
  for (std::uint32_t i = 1; i < mark.line && at != std::string_view::npos; ++i) {
    at = text.find('\n', at);
    if (at != std::string_view::npos) ++at;
  }
  if (at == std::string_view::npos || at + mark.column > text.size() + 1) return mark;
  const char style = at + mark.column - 1 < text.size() ? text[at + mark.column - 1] : ' ';
  // A block of text is marked at the start of its first line, or at the '|' before it.
  if (style == '|' || (style == ' ' && mark.column == 1)) {
    const std::uint32_t below = style == '|' ? line : line - 1;
    for (std::uint32_t i = 0; i < below; ++i) {
      at = text.find('\n', at);
      if (at == std::string_view::npos) return mark;
      ++at;
    }
    const std::size_t first = text.find_first_not_of(' ', at);
    if (first == std::string_view::npos) return mark;
    return {mark.line + below, static_cast<std::uint32_t>(first - at) + column};
  }
  if (style == '>' || line != 1) return mark;
  return {mark.line, mark.column + column - (style == '"' || style == '\'' ? 0 : 1)};
}

}  // namespace

std::shared_ptr<const Expression> Reading::expression(const yaml::Node& node, std::string_view what,
                                                      Attributes attributes, Wanted wanted) {
  const std::string text = read.text(node, what, kExpressionBytesMax);
  if (text.empty()) return nullptr;
  auto compiled = compile_expression(text, std::move(attributes), tables, wanted);
  if (compiled) return *compiled;
  for (const ExpressionIssue& issue : compiled.error()) {
    complaints.add(mark_inside(source.text, node.mark, issue.line, issue.column),
                   fmt::format("\"{}\": {}", what, issue.message), issue.hint);
  }
  return nullptr;
}

namespace {

// What an extending document says in tables of the same names: lists are appended, members of mappings are put, and
// anything else takes the place of what was there.
void put_tables(const json::Object& over, json::Object& tables) {
  for (const auto& [name, value] : over) {
    json::Value* mine = tables.find(name);
    if (mine == nullptr) continue;
    if (mine->is_array() && value.is_array()) {
      for (const json::Value& item : value.as_array()) mine->as_array().push_back(item);
    } else if (mine->is_object() && value.is_object()) {
      for (const auto& [key, member] : value.as_object()) mine->as_object()[key] = member;
    } else {
      *mine = value;
    }
  }
}

class DocumentReader {
 public:
  explicit DocumentReader(Reading& reading) : reading_(reading), read_(reading.read) {}

  Document read(const yaml::Node& root) {
    document_.file = reading_.source.file;
    document_.digest = "sha256:" + crypto::hex(crypto::sha256(reading_.source.text));
    if (root.kind != Kind::kMapping) {
      reading_.complaints.add(root.mark, fmt::format("a policy document is a mapping, not a {}", root.kind_name()),
                              "start with \"apiVersion: agentos/v1\"");
      return std::move(document_);
    }
    read_.only_keys(root, "a policy document", key_names(Where::kDocument));
    constant(root, "apiVersion", "agentos/v1");
    constant(root, "kind", "Policy");
    if (const yaml::Node* metadata = read_.mapping(root, "metadata", "a policy document")) read_metadata(*metadata);
    if (const yaml::Node* spec = read_.mapping(root, "spec", "a policy document")) read_spec(*spec);
    return std::move(document_);
  }

 private:
  void constant(const yaml::Node& root, std::string_view key, std::string_view value) {
    const yaml::Node* node = root.find(key);
    if (node == nullptr) {
      reading_.complaints.add(root.mark, fmt::format("a policy document has no \"{}\"", key),
                              fmt::format("add \"{}: {}\"", key, value));
    } else if (node->kind != Kind::kString || node->text != value) {
      reading_.complaints.add(node->mark, fmt::format("\"{}\" must be {}", key, value));
    }
  }

  void read_metadata(const yaml::Node& metadata) {
    read_.only_keys(metadata, "metadata", key_names(Where::kMetadata));
    const yaml::Node* name = metadata.find("name");
    if (name == nullptr) {
      reading_.complaints.add(metadata.mark, "metadata has no \"name\"", "add \"name: my-policy\"");
    } else {
      document_.name = reading_.policy = read_.name(*name, "name");
      document_.name_mark = name->mark;
    }
    if (const yaml::Node* summary = metadata.find("summary")) {
      document_.summary = read_.text(*summary, "summary", kSentenceBytesMax);
    }
  }

  template <class Enum>
  void read_word(const yaml::Node& spec, std::string_view key, Enum& out) {
    const yaml::Node* node = spec.find(key);
    if (node == nullptr) return;
    const int word = read_.word(*node, key, key_words(Where::kSpec, key));
    if (word >= 0) out = static_cast<Enum>(word);
  }

  void read_spec(const yaml::Node& spec) {
    read_.only_keys(spec, "spec", key_names(Where::kSpec));
    read_word(spec, "scope", document_.scope);
    read_word(spec, "mode", document_.mode);
    read_word(spec, "combining", document_.combining);
    if (const yaml::Node* tables = spec.find("tables")) read_tables(reading_, *tables);
    if (reading_.tables_over != nullptr) put_tables(*reading_.tables_over, reading_.tables->as_object());
    if (const yaml::Node* agents = spec.find("agents")) document_.agents = read_agents(reading_, *agents);
    if (const yaml::Node* extends = spec.find("extends")) read_extends(*extends);
    if (const yaml::Node* windows = spec.find("windows")) read_windows(reading_, *windows);
    if (const yaml::Node* sequences = spec.find("sequences")) read_sequences(reading_, *sequences);
    if (const yaml::Node* limits = spec.find("limits")) {
      document_.limits = read_limits(reading_, *limits);
    }
    if (spec.find("rules") == nullptr && (!document_.limits.empty() || !document_.extends.empty())) return;
    if (const yaml::Node* rules = read_.list(spec, "rules", "spec")) read_rules(reading_, *rules, document_.rules);
  }

  void read_extends(const yaml::Node& extends) {
    for (const yaml::Node* item : read_.strings(extends, "extends")) {
      document_.extends.push_back(read_.name(*item, "an entry of extends"));
      document_.extends_marks.push_back(item->mark);
    }
    if (document_.extends.size() > kExtendsMax) {
      reading_.complaints.add(extends.mark, "it extends too many documents", fmt::format("at most {}", kExtendsMax));
    }
  }

  Reading& reading_;
  NodeReader& read_;
  Document document_;
};

std::uint32_t place_in_tier(Combining combining, const Rule& rule) {
  const bool visit = rule.fallible() || !rule.details.empty() || rule.obligations != Obligation::kNone;
  switch (combining) {
    case Combining::kAllowOverrides:
      return visit ? 0 : rule.action == Verdict::kAllow ? 1 : rule.action == Verdict::kAsk ? 2 : 3;
    default:
      return rule.action == Verdict::kDeny ? 0 : visit ? 1 : rule.action == Verdict::kAsk ? 2 : 3;
  }
}

// Fills in the order rules are looked at.
void arrange(Document& document) {
  for (Rule& rule : document.rules) {
    switch (document.combining) {
      case Combining::kPriorityFirstMatch:
        rule.tier = -static_cast<std::int64_t>(rule.priority);
        break;
      case Combining::kMostSpecificWins:
        rule.tier = -specificity(rule);
        break;
      default:
        rule.tier = 0;
    }
    rule.place_in_tier = place_in_tier(document.combining, rule);
  }
}

// `tables` are those of the document that extends this one; null: none does.
Result<Document> read_at_depth(const Source& source, const Vocabulary& vocabulary, const FindDocument& find,
                               PastSpecs& past, std::size_t depth, const json::Object* tables);

// The rules and limits of what a document extends, before its own.
Status extend(Document& document, const Vocabulary& vocabulary, const FindDocument& find, PastSpecs& past,
              std::size_t depth, const json::Object& tables) {
  std::vector<Rule> rules, limits;
  for (std::size_t i = 0; i < document.extends.size(); ++i) {
    const auto refuse = [&](const std::string& what, std::string hint) {
      Error error = yaml::fail_at(document.file, document.extends_marks[i], what, std::move(hint)).error();
      error.code = ErrorCode::kInvalidArgument;
      return std::unexpected<Error>(std::move(error));
    };
    if (depth >= kExtendsDepthMax) {
      return refuse("documents extend each other more than " + std::to_string(kExtendsDepthMax) + " deep",
                    "a document cannot extend itself");
    }
    const std::optional<Source> base = find(document.extends[i]);
    if (!base) {
      std::string known;
      for (std::string_view name : preset_names()) known += (known.empty() ? "" : ", ") + std::string(name);
      return refuse(fmt::format("no document is named \"{}\"", document.extends[i]),
                    "a document of the set, or one of: " + known);
    }
    Document read = TRY(read_at_depth(*base, vocabulary, find, past, depth + 1, &tables));
    for (Rule& rule : read.rules) rules.push_back(std::move(rule));
    for (Rule& rule : read.limits) limits.push_back(std::move(rule));
  }
  const auto put_before = [](std::vector<Rule>& base, std::vector<Rule>& own) {
    base.insert(base.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
    own = std::move(base);
    for (std::uint32_t i = 0; i < own.size(); ++i) own[i].order = i;
  };
  put_before(rules, document.rules);
  put_before(limits, document.limits);
  return {};
}

Result<Document> read_at_depth(const Source& source, const Vocabulary& vocabulary, const FindDocument& find,
                               PastSpecs& past, std::size_t depth, const json::Object* tables) {
  if (source.text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}:1:1: a policy document of {} octets is too large", source.file, source.text.size()),
                fmt::format("at most {}; split it", kDocumentBytesMax));
  }
  yaml::Node root = TRY(yaml::parse(source.text, source.file, {.bytes_max = kDocumentBytesMax}));
  Complaints complaints(source.file);
  Reading reading(source, vocabulary, complaints, past);
  reading.tables_over = tables;
  Document document = DocumentReader(reading).read(root);
  if (!complaints.empty()) return complaints.first();
  if (!document.extends.empty()) TRY(extend(document, vocabulary, find, past, depth, reading.tables->as_object()));
  arrange(document);
  return document;
}

}  // namespace

Result<Document> read_document(const Source& source, const Vocabulary& vocabulary, const FindDocument& find,
                               PastSpecs& past) {
  return read_at_depth(source, vocabulary, find, past, 0, nullptr);
}

}  // namespace agentos::policy
