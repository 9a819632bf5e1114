// The functions every environment has, and how their tables are written.
//
// A row names an overload the way CEL's own tables do; its types are text. Functions get arguments whose kinds fit
// their row; what lies inside lists and maps they check themselves.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lib/policy/cel/environment.h"
#include "lib/policy/cel/scratch.h"

namespace agentos::cel {

using Arguments = std::span<const Value>;

struct Row {
  std::string_view id;
  std::string_view name;
  CallStyle style;
  std::string_view parameters;  // "string,list(T)"; one capital letter is a type variable
  std::string_view result;
  NativeFunction function;  // nullptr: the evaluator has it itself
};

// The type a text of a row means. A bug in the text is a CHECK.
Type parse_type(std::string_view text);

using Rows = std::vector<Row>;
Rows operator_rows();
Rows conversion_rows();
Rows string_rows();
Rows string_search_rows();
Rows format_rows();
Rows time_rows();
Rows list_rows();
Rows set_rows();
Rows math_rows();
Rows encoder_rows();
Rows network_rows();
Rows optional_rows();
Rows regex_rows();

std::span<const Function> standard_functions();
const Function* find_standard_function(std::string_view name);

}  // namespace agentos::cel
