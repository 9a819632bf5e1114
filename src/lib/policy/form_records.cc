// Fields of the forms, made in the scratch where they must be made.
#include <algorithm>
#include <array>

#include "base/path.h"
#include "lib/policy/cel/scratch.h"
#include "lib/policy/form_functions.h"
#include "lib/policy/forms.h"

namespace agentos::policy {
namespace {

using namespace canonical;  // NOLINT(google-build-using-namespace): names of features
using cel::Presence;
using cel::RecordShape;
using cel::Type;
using cel::Value;
using SharedShape = std::shared_ptr<const RecordShape>;

SharedShape shape_of(const char* name, std::vector<cel::Field> fields) {
  return std::make_shared<const RecordShape>(name, std::move(fields));
}

cel::Field always(const char* name, Type type) { return {name, std::move(type), Presence::kAlways}; }
Type texts() { return Type::list(Type::string()); }

// localhost and names below it are the machine itself (RFC 6761).
bool is_localhost(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

std::string_view class_of(const Host& host) {
  if (host.is_ip()) return net::name_of(host.address.address_class());
  return is_localhost(host.text()) ? net::name_of(net::AddressClass::kLoopback) : "name";
}

// `count` values, each made by make(i); an error value beyond the limits.
template <class Make>
Value list_of(std::size_t count, cel::Scratch& scratch, Make make) {
  const std::span<Value> values = scratch.make_array<Value>(count);
  if (values.size() != count || !scratch.take_steps(1 + count)) return scratch.error("memory limit exceeded");
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = make(i);
    if (values[i].is_error()) return values[i];
  }
  return Value::list(std::span<const Value>(values));
}

Value text_of(const ShellWord& word) { return Value::string(word.is_static ? word.text : word.source); }

Value programs_of(const ShellText& shell, cel::Scratch& scratch) {
  return list_of(shell.programs.size(), scratch,
                 [&](std::size_t i) { return Value::string(program_name(shell.programs[i])); });
}

Value commands_of(const ShellText& shell, cel::Scratch& scratch) {
  return list_of(shell.commands.size(), scratch, [&](std::size_t i) {
    const auto words = shell.words_of(shell.commands[i]);
    return list_of(words.size(), scratch, [&](std::size_t j) { return text_of(words[j]); });
  });
}

Value words_of(const ShellText& shell, cel::Scratch& scratch) {
  const std::span<Value> values = scratch.make_array<Value>(shell.words.size());
  if (values.size() != shell.words.size()) return scratch.error("memory limit exceeded");
  std::size_t count = 0;
  for (const ShellCommand& command : shell.commands) {
    for (const ShellWord& word : shell.words_of(command)) {
      // The words of find -exec belong to two commands.
      if (count < values.size()) values[count++] = text_of(word);
    }
  }
  return Value::list(std::span<const Value>(values).first(count));
}

Value targets_of(const ShellText& shell, cel::Scratch& scratch) {
  const std::span<Value> values = scratch.make_array<Value>(shell.words.size());
  if (values.size() != shell.words.size()) return scratch.error("memory limit exceeded");
  std::size_t count = 0;
  for (const ShellWord& word : shell.words) {
    std::string_view target;
    if (redirects_output(word, target)) values[count++] = Value::string(target.empty() ? word.source : target);
  }
  return Value::list(std::span<const Value>(values).first(count));
}

}  // namespace

Value list_of_words(std::string_view described, cel::Scratch& scratch) {
  const Value copy = scratch.string(described);
  if (copy.is_error()) return copy;
  const std::string_view text = copy.text();
  const std::size_t count = text.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(text, ',')) + 1;
  std::size_t start = 0;
  return list_of(count, scratch, [&](std::size_t) {
    const std::size_t end = std::min(text.find(", ", start), text.size());
    const Value word = Value::string(text.substr(start, end - start));
    start = end + 2;
    return word;
  });
}

const SharedShape& url_shape() {
  static const SharedShape shape =
      shape_of("url", {always("text", Type::string()), always("scheme", Type::string()), always("host", Type::string()),
                       always("port", Type::integer()), always("path", Type::string()), always("query", Type::string()),
                       always("has_userinfo", Type::boolean()), always("ambiguous", Type::boolean()),
                       always("host_ambiguous", Type::boolean()), always("oddities", texts())});
  return shape;
}
const RecordShape& UrlForm::shape() const { return *url_shape(); }
Value UrlForm::field(std::uint32_t index, cel::Scratch& scratch) const {
  switch (index) {
    case 0:
      return Value::string(url.text);
    case 1:
      return Value::string(url.scheme);
    case 2:
      return Value::string(url.host.text());
    case 3:
      return Value::integer(url.port);
    case 4:
      return Value::string(url.path);
    case 5:
      return Value::string(url.query);
    case 6:
      return Value::boolean(url.has_userinfo);
    case 7:
      return Value::boolean(url.ambiguous());
    case 8:
      return Value::boolean(host_ambiguous());
    case 9:
      return list_of_words(describe_url_oddities(url.oddities), scratch);
    default:
      return {};
  }
}

const SharedShape& host_shape() {
  static const SharedShape shape = shape_of("host", {always("text", Type::string()),
                                                     always("kind", Type::string()),
                                                     always("address_class", Type::string()),
                                                     {"ip", Type::ip(), Presence::kMayBeAbsent},
                                                     always("is_ip", Type::boolean()),
                                                     always("is_loopback", Type::boolean()),
                                                     always("is_private", Type::boolean()),
                                                     always("is_link_local", Type::boolean()),
                                                     always("is_internal", Type::boolean()),
                                                     always("ambiguous", Type::boolean())});
  return shape;
}
const RecordShape& HostForm::shape() const { return *host_shape(); }
Value HostForm::field(std::uint32_t index, cel::Scratch&) const {
  constexpr auto kKinds = std::to_array<std::string_view>({"name", "ipv4", "ipv6"});
  using Class = net::AddressClass;
  const Class kind = host.is_ip() ? host.address.address_class() : Class::kGlobal;
  switch (index) {
    case 0:
      return Value::string(host.text());
    case 1:
      return Value::string(kKinds[static_cast<std::size_t>(host.kind)]);
    case 2:
      return Value::string(class_of(host));
    case 3:
      return host.is_ip() ? Value::ip(host.address) : Value();
    case 4:
      return Value::boolean(host.is_ip());
    case 5:
      return Value::boolean(kind == Class::kLoopback || is_localhost(host.text()));
    case 6:
      return Value::boolean(kind == Class::kPrivate || kind == Class::kCarrierGradeNat);
    case 7:  // metadata services live on link-local addresses, or act as if
      return Value::boolean(kind == Class::kLinkLocal || kind == Class::kMetadata);
    case 8:
      return Value::boolean(kind != Class::kGlobal || is_localhost(host.text()));
    case 9:
      return Value::boolean(host.ambiguous());
    default:
      return {};
  }
}

const SharedShape& path_shape() {
  static const SharedShape shape =
      shape_of("path", {always("text", Type::string()), always("name", Type::string()),
                        always("folder", Type::string()), always("climbs", Type::boolean()),
                        always("was_relative", Type::boolean()), always("ambiguous", Type::boolean())});
  return shape;
}
const RecordShape& PathForm::shape() const { return *path_shape(); }
Value PathForm::field(std::uint32_t index, cel::Scratch&) const {
  switch (index) {
    case 0:
      return Value::string(path.text);
    case 1:
      return Value::string(path::name_of(path.text));
    case 2:
      return Value::string(path::parent_of(path.text));
    case 3:
      return Value::boolean(path.climbs);
    case 4:
      return Value::boolean(path.was_relative);
    case 5:
      return Value::boolean(ambiguous());
    default:
      return {};
  }
}

const SharedShape& shell_shape() {
  static const SharedShape shape =
      shape_of("shell", {always("programs", texts()), always("words", texts()), always("commands", Type::list(texts())),
                         always("redirects_to", texts()), always("has_substitution", Type::boolean()),
                         always("has_redirects", Type::boolean()), always("dynamic", Type::boolean()),
                         always("launches", Type::boolean()), always("ambiguous", Type::boolean()),
                         always("features", texts())});
  return shape;
}
const RecordShape& ShellForm::shape() const { return *shell_shape(); }
Value ShellForm::field(std::uint32_t index, cel::Scratch& scratch) const {
  constexpr std::uint32_t kRedirects = kShellRedirection | kShellHereDocument;
  constexpr std::uint32_t kExpansions = kShellParameter | kShellSubstitution | kShellArithmetic | kShellGlob |
                                        kShellBraces | kShellTilde | kShellAnsiQuoting;
  switch (index) {
    case 0:
      return programs_of(shell, scratch);
    case 1:
      return words_of(shell, scratch);
    case 2:
      return commands_of(shell, scratch);
    case 3:
      return targets_of(shell, scratch);
    case 4:
      return Value::boolean((shell.features & kShellSubstitution) != 0);
    case 5:
      return Value::boolean((shell.features & kRedirects) != 0);
    case 6:
      return Value::boolean((shell.features & kExpansions) != 0);
    case 7:
      return Value::boolean((shell.features & kShellUnreadLauncher) != 0);
    case 8:
      return Value::boolean(ambiguous());
    case 9:
      return list_of_words(describe_shell_features(shell.features), scratch);
    default:
      return {};
  }
}

const SharedShape& sql_shape() {
  static const SharedShape shape =
      shape_of("sql", {always("statements", texts()), always("count", Type::integer()), always("tables", texts()),
                       always("reads", texts()), always("writes", texts()), always("functions", texts()),
                       always("hazards", texts()), always("read_only", Type::boolean())});
  return shape;
}
const RecordShape& SqlForm::shape() const { return *sql_shape(); }

}  // namespace agentos::policy
