// Python and JavaScript as far as telling code from comments and strings goes, and which call a string is handed to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agentos::tool {

enum class CodeSyntax : std::uint8_t { kPython, kJavaScript };

struct CodeString {
  std::string text;      // without quotes; escapes of quotes and backslashes undone
  std::size_t at = 0;    // of its first octet in the code
  std::string callee;    // the call it is an argument of: "os.system", "run"; empty: of none
  std::size_t call = 0;  // where that call's parenthesis stands; strings of one call have the same
};

struct CodeText {
  std::string code;  // as long as what was read; comments and the insides of strings are blanks
  std::vector<CodeString> strings;
};

CodeText read_code(std::string_view text, CodeSyntax syntax);

bool is_word_character(char c);  // of an identifier

}  // namespace agentos::tool
