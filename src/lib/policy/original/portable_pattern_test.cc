// Patterns written anew find what Python finds, in all texts but those they name.
#include "lib/policy/original/portable_pattern.h"

#include <gtest/gtest.h>

#include "base/regex/pattern.h"
#include "lib/policy/original/python_pattern.h"

namespace agentos::policy::original {
namespace {

constexpr std::string_view kPortedPatterns[] = {"^/data/",
                                                "\\d+",
                                                "(?i)drop\\s+table",
                                                "e$",
                                                "^(read|write)_",
                                                "\\w\\W",
                                                "[^\\d]",
                                                "[\\d.]{2,3}",
                                                "[\\s,]",
                                                "a.c",
                                                "(?s)a.c",
                                                "\\bcat\\b",
                                                "\\Bat",
                                                "a$\\nb",
                                                "(?m)^b$",
                                                "[\\W_]",
                                                "(?i)[k\\d]",
                                                "(?i)stra\xc3\x9f"
                                                "e",
                                                "\\S+@\\S+\\.\\w+",
                                                "x{0,2}y*z?",
                                                "\\A\\Z",
                                                "[^\\w-]",
                                                "(?a)\\w$"};
constexpr std::string_view kPortedTexts[] = {"",
                                             "/data/a",
                                             "DROP  table x",
                                             "drop\xc2\xa0table",
                                             "the",
                                             "the\n",
                                             "the\n\n",
                                             "read_x",
                                             "\xd9\xa3\xd9\xa4",
                                             "a\nc",
                                             "a b\xe2\x80\x83"
                                             "c",
                                             "cat",
                                             "\xc3\xa4"
                                             "cat",
                                             "concat at",
                                             "a\nb",
                                             "x\ny\nb",
                                             "K",
                                             "\xe2\x84\xaa",
                                             "STRASSE stra\xc3\x9f"
                                             "e",
                                             "me@example.org",
                                             "-",
                                             "\xe0\xa4\x95\xe0\xa5\x8d",
                                             "\xc3\xa9",
                                             "1.2"};

TEST(PortablePattern, finds_what_python_finds_but_in_the_texts_it_names) {
  int compared = 0, apart = 0;
  for (const std::string_view pattern : kPortedPatterns) {
    const auto python = PythonPattern::compile(pattern);
    const auto portable = portable_pattern(pattern);
    ASSERT_TRUE(python && portable) << pattern;
    const auto re2 = regex::Pattern::compile(portable->text);
    ASSERT_TRUE(re2) << pattern << " as " << portable->text;
    for (const std::string_view text : kPortedTexts) {
      const bool ascii = std::string_view::npos == text.find_first_of("\x80\xc2\xc3\xd9\xe0\xe2");
      const bool named = (portable->parts_outside_ascii && !ascii) || (portable->parts_when_empty && text.empty()) ||
                         (portable->parts_with_newlines && text.contains('\n'));
      ++(named ? apart : compared);
      if (!named) {
        EXPECT_EQ(re2->search(text), python->search(text)) << pattern << " as " << portable->text << " in " << text;
      }
    }
  }
  EXPECT_GT(compared, 450);
  EXPECT_GT(apart, 0);
}

TEST(PortablePattern, simple_patterns_stay_as_they_are) {
  EXPECT_EQ(portable_pattern("^/data/")->text, "^/data/");
  EXPECT_EQ(portable_pattern("\\.ssh/")->text, "\\.ssh/");
  EXPECT_EQ(portable_pattern("end$")->text, "end\\n?\\z");
  EXPECT_EQ(portable_pattern("a$b")->parts_with_newlines, true);
  EXPECT_FALSE(portable_pattern("(?=x)"));
}

}  // namespace
}  // namespace agentos::policy::original
