// What a person sees of drift before accepting it.
#include "apps/agentos/pin_diff.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

json::Value parsed(const char* text) { return *json::parse(text); }

TEST(PinDiff, each_member_that_differs_is_shown_before_and_after) {
  EXPECT_EQ(pin_diff(parsed(R"([{"what":"changed","item":"tool a",
                                 "before":{"name":"a","description":"reads","inputSchema":{"type":"object"}},
                                 "after":{"name":"a","description":"sends","inputSchema":{"type":"string"}}}])")),
            "changed tool a\n"
            "    /description\n    - \"reads\"\n    + \"sends\"\n"
            "    /inputSchema/type\n    - \"object\"\n    + \"string\"\n");
}

TEST(PinDiff, what_is_new_or_gone_has_one_side) {
  EXPECT_EQ(pin_diff(parsed(R"([{"what":"added","item":"prompt p","before":null,"after":{"name":"p"}},
                                {"what":"removed","item":"resource test://a","before":{"uri":"test://a"},"after":null}])")),
            "added prompt p\n    + {\"name\":\"p\"}\n"
            "removed resource test://a\n    - {\"uri\":\"test://a\"}\n");
}

TEST(PinDiff, nothing_of_it_acts_on_the_terminal) {
  const std::string text = pin_diff(parsed(
      R"([{"what":"changed","item":"tool a\u001b[2J","before":{"description":"x"},"after":{"description":"\u001b[8m\u202ey"}}])"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
}

TEST(PinDiff, a_long_value_is_cut_and_counted) {
  json::Value differences = parsed(R"([{"what":"added","item":"tool a","before":null}])");
  differences.as_array()[0].as_object()["after"] = std::string(100'000, 'x');
  const std::string text = pin_diff(differences);
  EXPECT_LT(text.size(), 5000U);
  EXPECT_NE(text.find("95906 more octets"), std::string::npos);
}

}  // namespace
}  // namespace agentos::cli
