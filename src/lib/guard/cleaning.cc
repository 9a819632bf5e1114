// Replacing is copying what lies between findings.
#include "lib/guard/cleaning.h"

namespace agentos::guard {

void write_cleaned(std::string_view text, const Findings& findings, Syntax syntax, std::string& out) {
  std::size_t at = 0;
  for (const Finding& finding : findings.items) {
    out += text.substr(at, finding.begin - at);
    out += '[';
    out += name_of(finding.kind);
    if (finding.kind == Kind::kSecret) (out += ' ') += finding.name;
    out += ']';
    at = finding.end;
  }
  if (findings.complete) {
    out += text.substr(at);
  } else if (syntax == Syntax::kJson) {
    out.assign("\"[more than can be cleaned]\"");
  } else {
    out += "[more than can be cleaned]";
  }
}

std::string cleaned(std::string_view text, Syntax syntax) {
  const Findings findings = scan(text, syntax);
  if (findings.empty()) return std::string(text);
  std::string out;
  write_cleaned(text, findings, syntax, out);
  return out;
}

}  // namespace agentos::guard
