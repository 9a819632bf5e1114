// Agreement with the URL Standard's own test data (urltestdata.json of web-platform-tests), when
// AGENTOS_URL_TESTDATA names the file: each absolute URL of a scheme we read is read as browsers read it, or marked
// ambiguous, or refused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "base/json/value.h"
#include "lib/canonical/url.h"
#include "lib/canonical/url_parts.h"

namespace agentos::canonical {
namespace {

// JSON as JavaScript reads it: an unpaired surrogate becomes U+FFFD.
std::string without_lone_surrogates(std::string text) {
  const auto unit_at = [&](std::size_t at) -> unsigned {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
    return static_cast<unsigned>(std::strtoul(text.substr(at + 2, 4).c_str(), nullptr, 16));
  };
  for (std::size_t i = 0; i + 6 <= text.size(); ++i) {
    const unsigned unit = unit_at(i);
    if (unit >= 0xd800 && unit < 0xdc00 && unit_at(i + 6) >= 0xdc00 && unit_at(i + 6) < 0xe000) {
      i += 11;
    } else if (unit >= 0xd800 && unit < 0xe000) {
      text.replace(i, 6, "\\ufffd");
    }
  }
  return text;
}

struct Tally {
  int same = 0;
  int marked = 0;   // read differently, and ambiguous() says so
  int refused = 0;  // refused where browsers go on
  int both_refuse = 0;
  int accepted_marked = 0;  // read and marked where browsers refuse
  int wrong = 0;
};

std::string expected_text(const json::Value& test) {
  std::uint32_t ignored = 0;
  std::string text(test.string_or("protocol", ""));
  text += "//";
  std::string host(test.string_or("hostname", ""));
  if (host.starts_with('[')) {  // our spelling of mapped addresses, and of names with a trailing dot
    const auto address = read_host(host);
    if (address && address->kind == HostKind::kIpv4) host = address->text();
  } else if (const auto name = read_host(host)) {
    host = name->text();
  }
  text += host;
  const std::string_view port = test.string_or("port", "");
  if (!port.empty()) text += ":" + std::string(port);
  append_escaped(test.string_or("pathname", ""), UrlPart::kPath, text, ignored);
  const std::string_view search = test.string_or("search", "");
  const std::string_view href = test.string_or("href", "");
  if (search.empty() && href.substr(0, href.find('#')).ends_with('?')) text += '?';
  append_escaped(search, UrlPart::kQuery, text, ignored);
  return text;
}

bool is_ours(std::string_view input, std::string_view base) {
  std::string scratch;
  const auto url = read_url(input, scratch);
  if (!url && url.error().code == ErrorCode::kUnsupported) return false;
  const std::size_t colon = input.find(':');
  if (colon == std::string_view::npos) return false;
  std::string scheme;
  for (const char c : input.substr(0, colon)) {
    if (static_cast<unsigned char>(c) > ' ') scheme += static_cast<char>(std::tolower(c));
  }
  if (scheme != "http" && scheme != "https" && scheme != "ws" && scheme != "wss" && scheme != "ftp" && scheme != "file")
    return false;
  return !base.starts_with(scheme + ":");  // relative to its base
}

void add(const json::Value& test, Tally& tally) {
  const std::string_view input = test.string_or("input", "");
  if (!is_ours(input, test.string_or("base", ""))) return;
  std::string scratch;
  const auto url = read_url(input, scratch);
  if (test.bool_or("failure", false)) {
    if (!url) {
      ++tally.both_refuse;
    } else if (url->ambiguous()) {
      ++tally.accepted_marked;
    } else {
      ++tally.wrong;
      ADD_FAILURE() << "browsers refuse " << input << ", here it is " << url->text;
    }
    return;
  }
  if (!url) {
    ++tally.refused;
    std::printf("refused here: %s (%s)\n", std::string(input).c_str(), url.error().message.c_str());
  } else if (url->text == expected_text(test)) {
    ++tally.same;
  } else if (url->ambiguous()) {
    ++tally.marked;
    std::printf("marked: %s is %s, browsers: %s\n", std::string(input).c_str(), std::string(url->text).c_str(),
                std::string(test.string_or("href", "")).c_str());
  } else {
    ++tally.wrong;
    ADD_FAILURE() << input << " is " << url->text << ", browsers: " << expected_text(test);
  }
}

TEST(UrlStandard, agrees_with_browsers_or_marks_or_refuses) {
  const char* path = std::getenv("AGENTOS_URL_TESTDATA");
  if (path == nullptr) GTEST_SKIP() << "AGENTOS_URL_TESTDATA does not name urltestdata.json";
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  const auto tests = json::parse(without_lone_surrogates(content.str()), {.bytes_max = std::size_t{4} << 20});
  ASSERT_TRUE(tests) << tests.error().message;
  Tally tally;
  for (const json::Value& test : tests->as_array()) {
    if (test.is_object()) add(test, tally);
  }
  std::printf("same %d, both refuse %d, marked %d, marked where browsers refuse %d, refused here only %d, wrong %d\n",
              tally.same, tally.both_refuse, tally.marked, tally.accepted_marked, tally.refused, tally.wrong);
  EXPECT_GT(tally.same, 100);
  EXPECT_EQ(tally.wrong, 0);
}

}  // namespace
}  // namespace agentos::canonical
