// The tables of errors, rights, signals and events.
#include "abi/codes.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>

namespace agentos::abi {
namespace {

TEST(Errors, json_rpc_codes_are_standard_or_within_ours) {
  const std::set<int> standard = {-32700, -32600, -32601, -32602, -32603};
  for (const ErrorInfo& error : errors()) {
    const bool ours = error.jsonrpc <= -32000 && error.jsonrpc >= -32019;
    EXPECT_TRUE(ours || standard.contains(error.jsonrpc)) << error.name << " " << error.jsonrpc;
  }
}

TEST(Errors, codes_and_names_are_unique_and_negative) {
  std::set<int> codes;
  std::set<std::string_view> names;
  for (const ErrorInfo& error : errors()) {
    EXPECT_LT(error.code, 0) << error.name;
    EXPECT_TRUE(codes.insert(error.code).second) << error.name;
    EXPECT_TRUE(names.insert(error.name).second) << error.name;
    EXPECT_EQ(find_error(error.name), &error);
    EXPECT_EQ(&error_info(static_cast<ErrorCode>(error.code)), &error);
    EXPECT_TRUE(error.sentence.ends_with('.')) << error.name;
    EXPECT_TRUE(error.http >= 400 && error.http < 600) << error.name;
    EXPECT_TRUE(error.exit > 0 && error.exit <= 125) << error.name;
  }
}

TEST(Errors, codes_of_the_original_keep_their_numbers) {
  const std::pair<std::string_view, int> kOriginal[] = {
      {"terminated", -1},   {"denied", -2}, {"unknown_call", -3}, {"handler_failed", -4}, {"tool_not_registered", -404},
      {"tool_failed", -500}};
  for (const auto& [name, code] : kOriginal) {
    ASSERT_NE(find_error(name), nullptr) << name;
    EXPECT_EQ(find_error(name)->code, code);
  }
}

TEST(Errors, generic_codes_of_base_are_those_of_the_table) {
  const std::pair<ErrorCode, std::string_view> kBase[] = {{ErrorCode::kInvalidArgument, "invalid_argument"},
                                                          {ErrorCode::kNotFound, "not_found"},
                                                          {ErrorCode::kAlreadyExists, "already_exists"},
                                                          {ErrorCode::kNotPermitted, "not_permitted"},
                                                          {ErrorCode::kTimedOut, "timed_out"},
                                                          {ErrorCode::kCancelled, "cancelled"},
                                                          {ErrorCode::kTooLarge, "too_large"},
                                                          {ErrorCode::kNoSpace, "no_space"},
                                                          {ErrorCode::kBusy, "busy"},
                                                          {ErrorCode::kClosed, "closed"},
                                                          {ErrorCode::kUnsupported, "unsupported"},
                                                          {ErrorCode::kIo, "io"},
                                                          {ErrorCode::kCorrupt, "corrupt"},
                                                          {ErrorCode::kInternal, "internal"},
                                                          {ErrorCode::kMalformed, "malformed"}};
  for (const auto& [code, name] : kBase) {
    EXPECT_EQ(error_info(code).name, name);
    EXPECT_EQ(error_info(code).code, static_cast<std::int32_t>(code)) << name;
  }
}

TEST(Errors, unknown_code_is_internal_and_unknown_name_is_nothing) {
  EXPECT_EQ(error_info(static_cast<ErrorCode>(-9999)).name, "internal");
  EXPECT_EQ(error_info(static_cast<ErrorCode>(0)).name, "internal");
  EXPECT_EQ(find_error("no_such_error"), nullptr);
  EXPECT_EQ(find_error(""), nullptr);
}

TEST(Rights, bits_are_unique_and_inner_rings_have_no_less) {
  Rights seen = 0;
  for (const RightInfo& right : rights()) {
    EXPECT_TRUE(std::has_single_bit(right.bit)) << right.name;
    EXPECT_EQ(seen & right.bit, 0u) << right.name;
    seen |= right.bit;
    EXPECT_EQ(find_right(right.name), &right);
  }
  for (int ring = 1; ring <= 3; ++ring) {
    EXPECT_EQ(default_rights(ring) & ~default_rights(ring - 1), 0u) << ring;
  }
  EXPECT_EQ(default_rights(0), seen);
  EXPECT_EQ(default_rights(3) & (right::observe | right::operate | right::approve), 0u);
  EXPECT_EQ(find_right("root"), nullptr);
}

TEST(Signals, the_twelve_are_numbered_as_in_the_original) {
  const char* const kNames[] = {"SIGSTOP", "SIGCONT",   "SIGINT",   "SIGKILL",   "SIGTERM", "SIGUSR1",
                                "SIGUSR2", "SIGPOLICY", "SIGTRUST", "SIGBUDGET", "SIGLOOP", "SIGDRIFT"};
  ASSERT_EQ(signals().size(), static_cast<std::size_t>(kSignalMax));
  for (int number = 1; number <= kSignalMax; ++number) {
    const SignalInfo& info = signal_info(static_cast<Signal>(number));
    EXPECT_EQ(info.name, kNames[number - 1]);
    EXPECT_EQ(static_cast<int>(info.number), number);
  }
}

TEST(Signals, stop_kill_and_policy_can_be_neither_caught_nor_blocked) {
  for (const SignalInfo& info : signals()) {
    const bool absolute = info.name == "SIGSTOP" || info.name == "SIGKILL" || info.name == "SIGPOLICY";
    EXPECT_EQ(info.catchable, !absolute) << info.name;
    EXPECT_EQ(info.maskable, !absolute) << info.name;
  }
}

TEST(Signals, are_found_by_name_short_name_any_case_and_number) {
  for (std::string_view word : {"SIGTERM", "TERM", "sigterm", "Term", "5"}) {
    ASSERT_NE(find_signal(word), nullptr) << word;
    EXPECT_EQ(find_signal(word)->number, Signal::kSIGTERM) << word;
  }
  for (std::string_view word : {"", "SIG", "0", "13", "-5", "5x", " 5", "SIGSIGTERM", "99999999999999999999"}) {
    EXPECT_EQ(find_signal(word), nullptr) << word;
  }
}

TEST(Signals, default_actions_are_those_of_the_table) {
  EXPECT_EQ(name_of(signal_info(Signal::kSIGSTOP).action), "stop");
  EXPECT_EQ(name_of(signal_info(Signal::kSIGCONT).action), "resume");
  EXPECT_EQ(name_of(signal_info(Signal::kSIGPOLICY).action), "kill");
  EXPECT_EQ(name_of(signal_info(Signal::kSIGUSR2).action), "checkpoint");
  EXPECT_EQ(name_of(signal_info(Signal::kSIGDRIFT).action), "notify");
}

TEST(Events, have_unique_names_and_sentences) {
  std::set<std::string_view> names;
  for (const EventInfo& event : events()) {
    EXPECT_TRUE(names.insert(event.name).second) << event.name;
    EXPECT_TRUE(event.summary.ends_with('.')) << event.name;
  }
  EXPECT_TRUE(names.contains("boot"));
}

}  // namespace
}  // namespace agentos::abi
