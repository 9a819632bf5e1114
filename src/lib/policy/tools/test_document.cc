// Keys from the table, kinds by NodeReader, as policy documents are read.
#include "lib/policy/tools/test_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/node_reader.h"
#include "lib/policy/rule.h"
#include "lib/policy/tools/bounds.h"

namespace agentos::policy::tools {
namespace {

using Kind = yaml::Node::Kind;

class TestReader {
 public:
  TestReader(Complaints& complaints, PolicyTest& test) : complaints_(complaints), read_(complaints), test_(test) {}

  void read(const yaml::Node& root) {
    if (!read_.is(root, Kind::kMapping, "a policy test")) return;
    read_.only_keys(root, "a policy test", key_names(Where::kTest));
    for (const char* key : {"apiVersion", "kind"}) constant(root, key);
    if (const yaml::Node* metadata = read_.mapping(root, "metadata", "a policy test")) {
      read_.only_keys(*metadata, "metadata", key_names(Where::kMetadata));
      const yaml::Node* name = metadata->find("name");
      if (name != nullptr) test_.name = read_.name(*name, "name");
      if (name == nullptr) complaints_.add(metadata->mark, "metadata has no \"name\"", "add \"name: my-test\"");
    }
    if (const yaml::Node* spec = read_.mapping(root, "spec", "a policy test")) read_spec(*spec);
  }

 private:
  void constant(const yaml::Node& root, const char* key) {
    const yaml::Node* node = root.find(key);
    const std::string_view wanted = key_words(Where::kTest, key).front();
    if (node == nullptr) {
      complaints_.add(root.mark, fmt::format("a policy test has no \"{}\"", key),
                      fmt::format("add \"{}: {}\"", key, wanted));
    } else if (node->kind != Kind::kString || node->text != wanted) {
      complaints_.add(node->mark, fmt::format("\"{}\" must be {}", key, wanted));
    }
  }

  void read_spec(const yaml::Node& spec) {
    read_.only_keys(spec, "spec of a test", key_names(Where::kTestSpec));
    if (const yaml::Node* policies = read_.list(spec, "policies", "spec of a test")) {
      for (const yaml::Node* item : read_.strings(*policies, "policies")) {
        test_.policies.emplace_back(item->text, item->mark);
      }
    }
    if (const yaml::Node* tools = spec.find("tools"); tools != nullptr && read_.is(*tools, Kind::kSequence, "tools")) {
      for (const yaml::Node& tool : tools->items) read_tool(tool);
    }
    const yaml::Node* cases = read_.list(spec, "cases", "spec of a test");
    if (cases == nullptr) return;
    if (cases->items.empty() || cases->items.size() > kCasesMax) {
      complaints_.add(cases->mark, fmt::format("\"cases\" has {} entries", cases->items.size()),
                      fmt::format("1 to {}", kCasesMax));
      return;
    }
    for (const yaml::Node& one : cases->items) read_case(one);
  }

  void read_tool(const yaml::Node& node) {
    if (!read_.is(node, Kind::kMapping, "a tool")) return;
    read_.only_keys(node, "a tool", key_names(Where::kTestTool));
    Vocabulary::Tool tool;
    if (const yaml::Node* name = node.find("name")) {
      tool.name = read_.text(*name, "name", kNameBytesMax);
    } else {
      complaints_.add(node.mark, "a tool has no \"name\"", "add \"name: ...\"");
    }
    if (const yaml::Node* schema = node.find("inputSchema")) tool.input_schema = yaml::to_json(*schema);
    if (const yaml::Node* schema = node.find("outputSchema")) tool.output_schema = yaml::to_json(*schema);
    test_.tools.push_back(std::move(tool));
  }

  void read_case(const yaml::Node& node) {
    if (!read_.is(node, Kind::kMapping, "a case")) return;
    read_.only_keys(node, "a case", key_names(Where::kTestCase));
    TestCase one;
    one.mark = node.mark;
    for (const char* key : {"name", "request", "expect"}) {
      if (node.find(key) != nullptr) continue;
      complaints_.add(node.mark, fmt::format("a case has no \"{}\"", key), fmt::format("add \"{}: ...\"", key));
      return;
    }
    one.name = read_.name(*node.find("name"), "name");
    if (!one.name.empty() && !names_.insert(one.name).second) {
      complaints_.add(node.find("name")->mark, fmt::format("a second case is named \"{}\"", one.name),
                      "names are unique in a test");
    }
    const yaml::Node& request = *node.find("request");
    if (!read_.is(request, Kind::kMapping, "request")) return;
    read_.only_keys(request, "a request", key_names(Where::kRequest));
    one.request = yaml::to_json(request);
    one.request_mark = request.mark;
    read_expect(*node.find("expect"), one.expect);
    test_.cases.push_back(std::move(one));
  }

  void read_verdict(const yaml::Node& node, Expectation& expect) {
    constexpr Verdict kVerdicts[] = {Verdict::kAllow, Verdict::kDeny, Verdict::kAsk};
    const int word = read_.word(node, "verdict", key_words(Where::kTestExpect, "verdict"));
    if (word >= 0) expect.verdict = kVerdicts[word];
  }

  void read_expect(const yaml::Node& node, Expectation& expect) {
    if (node.kind == Kind::kString) {
      read_verdict(node, expect);
      return;
    }
    if (!read_.is(node, Kind::kMapping, "expect")) return;
    read_.only_keys(node, "expect", key_names(Where::kTestExpect));
    if (node.entries.empty()) complaints_.add(node.mark, "\"expect\" expects nothing", "write allow, deny or ask");
    if (const yaml::Node* verdict = node.find("verdict")) read_verdict(*verdict, expect);
    if (const yaml::Node* rule = node.find("rule")) expect.rule = read_.text(*rule, "rule", 2 * kNameBytesMax);
    if (const yaml::Node* message = node.find("message")) {
      if (read_.is(*message, Kind::kString, "message")) expect.message = message->text;
    }
    const yaml::Node* obligations = node.find("obligations");
    if (obligations == nullptr || !read_.is(*obligations, Kind::kSequence, "obligations")) return;
    std::vector<std::string_view> known = key_words(Where::kRule, "obligations");
    const auto& with_value = key_names(Where::kObligation);
    known.insert(known.end(), with_value.begin(), with_value.end());
    expect.obligations.emplace();
    for (const yaml::Node& item : obligations->items) {
      if (read_.word(item, "obligation", known) >= 0) expect.obligations->push_back(item.text);
    }
    std::ranges::sort(*expect.obligations);
  }

  Complaints& complaints_;
  NodeReader read_;
  PolicyTest& test_;
  std::set<std::string> names_;
};

}  // namespace

bool is_policy_test(const yaml::Node& root) {
  const yaml::Node* kind = root.find("kind");
  return kind != nullptr && kind->text == key_words(Where::kTest, "kind").front();
}

Result<PolicyTest> read_policy_test(std::string_view text, std::string_view file) {
  const yaml::Node root = TRY(yaml::parse(text, file, {.bytes_max = kTestBytesMax}));
  PolicyTest test;
  test.file = file;
  Complaints complaints(file);
  TestReader(complaints, test).read(root);
  if (!complaints.empty()) return complaints.first();
  return test;
}

}  // namespace agentos::policy::tools
