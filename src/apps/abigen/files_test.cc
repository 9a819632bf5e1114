// Generating is deterministic, complete and never over published numbers.
#include "apps/abigen/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "abi/codes.h"
#include "abi/table.h"
#include "base/json/value.h"

namespace agentos::abigen {
namespace {

class Abigen : public testing::Test {
 protected:
  Abigen() : root_(std::filesystem::temp_directory_path() / ("abigen_test." + std::to_string(getpid()))) {
    std::filesystem::remove_all(root_);
  }
  ~Abigen() override { std::filesystem::remove_all(root_); }

  static Files generated() {
    auto files = generate();
    EXPECT_TRUE(files.has_value()) << files.error().message;
    return files ? *files : Files{};
  }

  std::filesystem::path root_;
};

TEST_F(Abigen, generates_the_same_octets_each_time) { EXPECT_EQ(generated(), generated()); }

TEST_F(Abigen, says_in_the_first_lines_where_each_file_comes_from) {
  for (const auto& [path, content] : generated()) {
    EXPECT_NE(content.substr(0, 80).find(kNotice), std::string::npos) << path;
    EXPECT_TRUE(content.ends_with('\n')) << path;
  }
}

TEST_F(Abigen, makes_a_page_for_every_call_and_json_that_parses) {
  const Files files = generated();
  for (const abi::Row& row : abi::rows()) {
    EXPECT_TRUE(files.contains("docs/reference/man/agentos_" + std::string(row.name) + ".2")) << row.name;
  }
  int documents = 0;
  for (const auto& [path, content] : files) {
    if (!path.ends_with(".json")) continue;
    ++documents;
    EXPECT_TRUE(json::parse(content).has_value()) << path;
  }
  EXPECT_EQ(documents, 5);
}

// The value a "#/a/b" points to, or null.
const json::Value* pointed(const json::Value& document, std::string_view reference) {
  const json::Value* at = &document;
  for (std::size_t start = 2; at != nullptr && start <= reference.size();) {
    const std::size_t end = std::min(reference.find('/', start), reference.size());
    at = at->find(reference.substr(start, end - start));
    start = end + 1;
  }
  return at;
}

void expect_references_resolve(const json::Value& document, const json::Value& within, int& seen) {
  if (within.is_array()) {
    for (const json::Value& item : within.as_array()) expect_references_resolve(document, item, seen);
  } else if (within.is_object()) {
    for (const auto& [name, value] : within.as_object()) {
      if (name == "$ref" && value.is_string()) {
        ++seen;
        EXPECT_NE(pointed(document, value.as_string()), nullptr) << value.as_string();
      }
      expect_references_resolve(document, value, seen);
    }
  }
}

// Whether the answer of an error's HTTP status names the error.
bool lists(const json::Value& responses, const abi::ErrorInfo& error) {
  const json::Value* at = responses.find(std::to_string(error.http));
  for (const std::string_view name : {"content", "application/json", "schema", "properties", "error", "enum"}) {
    if (at == nullptr) return false;
    at = at->find(name);
  }
  if (at == nullptr) return false;
  return std::ranges::any_of(at->as_array(), [&](const json::Value& name) { return name.as_string() == error.name; });
}

TEST_F(Abigen, openapi_has_a_path_for_every_call_people_may_make_and_resolves_every_reference) {
  const auto document = json::parse(generated().at("src/abi/generated/openapi.json"));
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->string_or("openapi", ""), "3.1.0");
  for (const abi::Row& row : abi::rows()) {
    const json::Value* path = document->find("paths")->find("/v1/calls/" + std::string(row.name));
    const bool brings_descriptor = row.name == "mmap" || row.name == "attach";
    const bool offered = row.support == abi::Support::full && row.subject != abi::Subject::kernel && !brings_descriptor;
    EXPECT_EQ(path != nullptr, offered) << row.name;
    if (path == nullptr) continue;
    const json::Value* operation = path->find("post");
    ASSERT_NE(operation, nullptr) << row.name;
    EXPECT_EQ(operation->string_or("operationId", ""), row.name);
    std::vector<ErrorCode> expected(row.errors.begin(), row.errors.end());
    expected.insert(expected.end(), {abi::error::denied, abi::error::record_failed, abi::error::too_large});
    for (ErrorCode code : expected) {
      EXPECT_TRUE(lists(*operation->find("responses"), abi::error_info(code)))
          << row.name << " " << abi::error_info(code).name;
    }
  }
  int seen = 0;
  expect_references_resolve(*document, *document, seen);
  EXPECT_GT(seen, 2 * static_cast<int>(abi::rows().size()));
}

TEST_F(Abigen, node_has_a_method_and_a_type_for_every_call_without_a_descriptor) {
  const Files files = generated();
  const std::string& code = files.at("sdk/node/lib/calls.js");
  const std::string& types = files.at("sdk/node/lib/calls.d.ts");
  for (const abi::Row& row : abi::rows()) {
    const bool offered =
        row.support == abi::Support::full && row.call != abi::Call::kMmap && row.call != abi::Call::kAttach;
    const std::string method = "\n  " + std::string(row.name) + "(";
    EXPECT_EQ(code.find(method) != std::string::npos, offered) << row.name;
    EXPECT_EQ(types.find(method) != std::string::npos, offered) << row.name;
  }
  for (const abi::ErrorInfo& error : abi::errors()) {
    EXPECT_NE(files.at("sdk/node/lib/errors.js").find("\"" + std::string(error.name) + "\""), std::string::npos);
  }
}

TEST_F(Abigen, node_has_only_the_structs_its_calls_reach) {
  const Files files = generated();
  for (const std::string_view path : {"sdk/node/lib/calls.js", "sdk/node/lib/calls.d.ts"}) {
    const std::string& content = files.at(std::string(path));
    EXPECT_NE(content.find("StatReply"), std::string::npos) << path;
    EXPECT_NE(content.find("Budget"), std::string::npos) << path << " lacks what a request holds within";
    for (const std::string_view absent : {"MmapReply", "AttachReply", "ConnectReply", "SecretUseRe"}) {
      EXPECT_EQ(content.find(absent), std::string::npos) << path << " has " << absent;
    }
  }
}

TEST_F(Abigen, schema_resolves_every_reference) {
  const std::string text = generated().at("src/abi/generated/schema.json");
  const auto schema = json::parse(text);
  ASSERT_TRUE(schema.has_value());
  const json::Value* definitions = schema->find("$defs");
  ASSERT_NE(definitions, nullptr);
  const std::string mark = "\"#/$defs/";
  int references = 0;
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1), ++references) {
    const std::size_t start = at + mark.size();
    const std::string name = text.substr(start, text.find('"', start) - start);
    EXPECT_NE(definitions->find(name), nullptr) << name;
  }
  EXPECT_GT(references, 2 * static_cast<int>(abi::rows().size()));
}

TEST_F(Abigen, mcp_tools_are_what_agents_may_call) {
  const auto tools = json::parse(generated().at("src/abi/generated/mcp_tools.json"));
  ASSERT_TRUE(tools.has_value());
  std::size_t expected = 0;
  for (const abi::Row& row : abi::rows()) {
    const bool agents = row.subject == abi::Subject::agent || row.subject == abi::Subject::any;
    if (agents && row.support == abi::Support::full) ++expected;
  }
  EXPECT_EQ(tools->find("tools")->as_array().size(), expected);
  for (const json::Value& tool : tools->find("tools")->as_array()) {
    const abi::Row* row = abi::find_row(tool.string_or("name", ""));
    ASSERT_NE(row, nullptr);
    EXPECT_NE(row->subject, abi::Subject::operator_) << row->name;
    EXPECT_EQ(json::write(*tool.find("inputSchema")).find("$ref"), std::string::npos) << "a tool stands alone";
  }
}

TEST_F(Abigen, published_number_cannot_be_dropped_or_given_away) {
  EXPECT_TRUE(check_numbers("# note\ncall 1 fork\n", "call 1 fork\ncall 2 exit\n").has_value());
  EXPECT_FALSE(check_numbers("call 1 fork\ncall 2 exit\n", "call 1 fork\n").has_value());
  EXPECT_FALSE(check_numbers("call 1 fork\n", "call 1 spork\n").has_value());
  EXPECT_FALSE(check_numbers("call 1 fork\n", "call 3 fork\n").has_value());
  EXPECT_TRUE(check_numbers("", "call 1 fork\n").has_value());
}

TEST_F(Abigen, writes_nothing_over_numbers_that_went_missing) {
  const Files files = generated();
  ASSERT_TRUE(write_below(root_, files).has_value());
  std::ofstream(root_ / kNumbersPath, std::ios::app) << "call 126 gone\n";
  std::filesystem::remove(root_ / "docs/reference/calls.md");
  const Status status = write_below(root_, files);
  ASSERT_FALSE(status.has_value());
  EXPECT_NE(status.error().message.find("call 126 gone"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(root_ / "docs/reference/calls.md"));
}

TEST_F(Abigen, writes_what_it_generated) {
  const Files files = generated();
  ASSERT_TRUE(write_below(root_, files).has_value());
  for (const auto& [path, content] : files) {
    std::ifstream stream(root_ / path, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), content) << path;
  }
}

TEST_F(Abigen, folder_that_cannot_be_made_is_an_error) {
  EXPECT_FALSE(write_below("/dev/null/below", {{"a/b", "c"}}).has_value());
}

}  // namespace
}  // namespace agentos::abigen
