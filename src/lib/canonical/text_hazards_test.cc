// What misleads is flagged, and ordinary text of many languages is not.
#include "lib/canonical/text_hazards.h"

#include <gtest/gtest.h>

#include <string>

namespace agentos::canonical {
namespace {

std::string hazards(std::string_view text) { return describe_text_hazards(text_hazards(text)); }

TEST(TextHazards, ordinary_text_has_none) {
  for (const char* text :
       {"", "plain text, with\ttabs\r\nand lines", "Grüße, naïve café", "Привет, мир", "Καλημέρα κόσμε",
        "日本語テキスト", "한국어", "עברית", "العربية", "हिन्दी", "ไทย", "emoji \xe2\x9d\xa4\xef\xb8\x8f ok",
        "Latin и кириллица rядом_не", "10€ – “quoted” …", "x_1 y2"}) {
    const std::string found = hazards(text);
    if (std::string_view(text).find("rядом") != std::string_view::npos) {
      EXPECT_EQ(found, "mixed_scripts") << text;
    } else {
      EXPECT_EQ(found, "") << text;
    }
  }
}

TEST(TextHazards, each_hazard_is_seen) {
  EXPECT_EQ(hazards("a\xe2\x80\xae"
                    "b"),
            "bidirectional");
  EXPECT_EQ(hazards("\xe2\x81\xa6x\xe2\x81\xa9"), "bidirectional");
  EXPECT_EQ(hazards("a\xe2\x80\x8b"
                    "b"),
            "zero_width");
  EXPECT_EQ(hazards("\xef\xbb\xbfx"), "zero_width");
  EXPECT_EQ(hazards("so\xc2\xad"
                    "ft"),
            "zero_width");
  EXPECT_EQ(hazards("x\xf3\xa0\x81\xa1"), "tags");
  EXPECT_EQ(hazards("x\xf3\xa0\x84\x80"), "variation_selectors");
  EXPECT_EQ(hazards("x\xef\xb8\x8f\xef\xb8\x8f"), "variation_selectors");
  EXPECT_EQ(hazards("p\xd0\xb0ypal"), "mixed_scripts");  // a Cyrillic a
  EXPECT_EQ(hazards("\xd0\xb0"
                    "1b"),
            "mixed_scripts");
  EXPECT_EQ(hazards("g\xce\xbf"
                    "ogle"),
            "mixed_scripts");  // a Greek o
  EXPECT_EQ(hazards("\xef\xbd\x81\xef\xbd\x82"), "look_alike");
  EXPECT_EQ(hazards("\xf0\x9d\x90\x80"), "look_alike");
  EXPECT_EQ(hazards("\xee\x80\x80"), "private_use");
  EXPECT_EQ(hazards("\xef\xbf\xbf"), "unassigned");
  EXPECT_EQ(hazards("a\xc2\xa0"
                    "b"),
            "odd_space");
  EXPECT_EQ(hazards("\xe2\x80\xa8"), "odd_space");
  EXPECT_EQ(hazards("\x1b[2J"), "control");
  EXPECT_EQ(hazards(std::string_view("a\0b", 3)), "control");
  EXPECT_EQ(hazards("\xc2\x9b"
                    "2J"),
            "control");
}

TEST(TextHazards, ill_formed_octets_are_flagged_and_passed_over) {
  for (const char* text :
       {"\xff", "\x80", "\xc0\xaf", "\xe2\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xc3(", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_EQ(hazards(text), "invalid_utf8") << text;
  }
  EXPECT_EQ(hazards("\xff\xe2\x80\xae"), "invalid_utf8, bidirectional");
}

TEST(TextHazards, words_end_at_what_is_no_letter) {
  EXPECT_EQ(hazards("latin-\xd0\xb0"), "");
  EXPECT_EQ(hazards("latin \xd0\xb0"), "");
  EXPECT_EQ(hazards("latin_\xd0\xb0"), "mixed_scripts");
}

}  // namespace
}  // namespace agentos::canonical
