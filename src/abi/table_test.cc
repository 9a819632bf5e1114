// Invariants of the table of calls: what was published stays, and rows agree with the structs and codes they name.
#include "abi/table.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "abi/calls.h"

namespace agentos::abi {
namespace {

constexpr const char* kFirstTwenty[] = {
    "fork",   "exit", "wait", "exec", "open", "close",  "read",      "write",       "stat",      "mmap",
    "munmap", "brk",  "pipe", "send", "recv", "signal", "sigaction", "sigprocmask", "getpolicy", "checkpolicy"};

TEST(Table, first_twenty_rows_keep_the_names_and_numbers_of_the_original) {
  ASSERT_GE(rows().size(), 20u);
  for (std::uint16_t number = 1; number <= 20; ++number) {
    const Row* row = find_row(number);
    ASSERT_NE(row, nullptr) << number;
    EXPECT_EQ(row->name, kFirstTwenty[number - 1]);
    EXPECT_EQ(row->support, Support::full) << row->name;
  }
}

TEST(Table, rows_of_our_own_start_at_32) {
  for (const Row& row : rows()) EXPECT_TRUE(row.number <= 20 || row.number >= 32) << row.name;
}

TEST(Table, published_numbers_are_still_the_same) {
  const auto path = std::filesystem::path(__FILE__).parent_path() / "generated" / "numbers.txt";
  std::ifstream stream(path);
  ASSERT_TRUE(stream.is_open()) << path;
  std::set<int> kinds;
  std::string line;
  while (std::getline(stream, line)) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string kind;
    std::string name;
    int number = 0;
    ASSERT_TRUE(words >> kind >> number >> name) << line;
    kinds.insert(kind.front());
    if (kind == "call") {
      const Row* row = find_row(name);
      ASSERT_NE(row, nullptr) << line;
      EXPECT_EQ(row->number, number) << line;
    } else if (kind == "error") {
      ASSERT_NE(find_error(name), nullptr) << line;
      EXPECT_EQ(find_error(name)->code, number) << line;
    } else if (kind == "right") {
      ASSERT_NE(find_right(name), nullptr) << line;
      EXPECT_EQ(find_right(name)->bit, Rights{1} << number) << line;
    } else {
      ASSERT_EQ(kind, "signal") << line;
      ASSERT_NE(find_signal(name), nullptr) << line;
      EXPECT_EQ(static_cast<int>(find_signal(name)->number), number) << line;
    }
  }
  EXPECT_EQ(kinds.size(), 4u) << "the snapshot lacks calls, errors, rights or signals";
}

TEST(Table, names_and_numbers_are_unique_and_in_order) {
  std::set<std::string_view> names;
  std::uint16_t last = 0;
  for (const Row& row : rows()) {
    EXPECT_GT(row.number, last) << row.name;
    last = row.number;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(find_row(row.name), &row);
    EXPECT_EQ(find_row(row.number), &row);
    EXPECT_EQ(&row_of(row.call), &row);
  }
}

TEST(Table, unknown_names_and_numbers_find_nothing) {
  for (std::string_view name : {"", "rea", "readd", "READ", "zzz", "agentos"})
    EXPECT_EQ(find_row(name), nullptr) << name;
  for (std::uint16_t number : {0, 21, 31, 127, 128, 65535}) EXPECT_EQ(find_row(number), nullptr) << number;
}

TEST(Table, every_row_names_one_right_errors_of_the_table_and_a_sentence) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    const RightInfo* right = find_right(row.right_name);
    ASSERT_NE(right, nullptr);
    EXPECT_EQ(right->bit, row.right);
    std::set<std::int32_t> seen;
    for (ErrorCode code : row.errors) {
      EXPECT_EQ(error_info(code).code, static_cast<std::int32_t>(code));
      EXPECT_TRUE(seen.insert(static_cast<std::int32_t>(code)).second) << error_info(code).name << " is named twice";
    }
    EXPECT_TRUE(row.summary.ends_with('.'));
    EXPECT_NE(row.request.info, nullptr);
    EXPECT_NE(row.reply.info, nullptr);
  }
}

TEST(Table, agents_hold_no_right_that_only_operators_need) {
  for (const Row& row : rows()) {
    if (row.subject == Subject::operator_) EXPECT_EQ(default_rights(3) & row.right, 0u) << row.name;
    if (row.subject == Subject::agent) EXPECT_NE(default_rights(3) & row.right, 0u) << row.name;
  }
}

TEST(Table, every_call_has_a_maker) {
  for (const Row& row : rows()) EXPECT_EQ(row.support, Support::full) << row.name;
}

TEST(Table, every_field_has_a_plain_name_and_a_sentence) {
  for (const StructInfo* info : structs()) {
    std::set<std::string_view> names;
    for (const FieldInfo& field : info->fields) {
      SCOPED_TRACE(std::string(info->name) + "." + std::string(field.name));
      EXPECT_TRUE(names.insert(field.name).second);
      EXPECT_EQ(field.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos);
      EXPECT_TRUE(field.summary.ends_with('.'));
      EXPECT_LE(field.rules.minimum, field.rules.maximum);
      EXPECT_EQ(field.structure != nullptr,
                field.type == Type::kStruct || (field.type == Type::kList && field.item == Type::kStruct));
    }
  }
}

TEST(Table, structs_are_named_once_and_nested_ones_come_first) {
  std::set<std::string_view> seen;
  for (const StructInfo* info : structs()) {
    for (const FieldInfo& field : info->fields) {
      if (field.structure != nullptr) EXPECT_TRUE(seen.contains(field.structure->name)) << info->name;
    }
    EXPECT_TRUE(seen.insert(info->name).second) << info->name;
  }
}

TEST(Table, request_types_know_their_row) {
  EXPECT_EQ(kCallOf<ReadRequest>, Call::kRead);
  EXPECT_EQ(kCallOf<PolicyLoadRequest>, Call::kPolicyLoad);
  EXPECT_EQ(row_of(Call::kToolRegister).name, "tool_register");
}

TEST(Table, words_of_a_row_are_those_of_the_file) {
  EXPECT_EQ(name_of(row_of(Call::kSpawn).subject), "operator");
  EXPECT_EQ(name_of(row_of(Call::kWait).subject), "any");
  EXPECT_EQ(name_of(row_of(Call::kConnect).subject), "kernel");
  EXPECT_EQ(name_of(row_of(Call::kExec).effect), "external");
  EXPECT_EQ(name_of(row_of(Call::kRead).effect), "none");
  EXPECT_EQ(name_of(row_of(Call::kMcpRequest).support), "full");
  EXPECT_TRUE(row_of(Call::kRecv).waits);
  EXPECT_FALSE(row_of(Call::kRead).waits);
}

}  // namespace
}  // namespace agentos::abi
