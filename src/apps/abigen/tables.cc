// docs/reference/{calls,errors,signals,rights,events}.md: the tables as pages.
#include <fmt/format.h>

#include <bit>

#include "abi/codes.h"
#include "abi/table.h"
#include "apps/abigen/generators.h"
#include "apps/abigen/words.h"

namespace agentos::abigen {
namespace {

std::string page(std::string_view title, std::string_view text) {
  return fmt::format("<!-- {} -->\n# {}\n\n{}\n\n", kNotice, title, text);
}

std::string cell(std::string_view text) {  // a bar would end the cell
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string_view mark(bool yes) { return yes ? "yes" : "no"; }

std::string calls_page() {
  std::string out = page("Calls",
                         "Every effect is a row of this table. Who: the caller it is for. Right: what the caller must "
                         "hold before policy is asked. Effect: none, state (the kernel's own) or external. Waits: may "
                         "be answered later than it was asked. Reserved rows have a number and no maker yet.");
  out += "| number | call | who | right | effect | waits | support | summary |\n|--:|---|---|---|---|---|---|---|\n";
  for (const abi::Row& row : abi::rows()) {
    out += fmt::format("| {} | [{}](man/agentos_{}.2) | {} | {} | {} | {} | {} | {} |\n", row.number, row.name,
                       row.name, name_of(row.subject), row.right_name, name_of(row.effect), mark(row.waits),
                       name_of(row.support), cell(row.summary));
  }
  return out;
}

std::string errors_page() {
  std::string out = page("Errors",
                         "A reply carries the JSON-RPC code in `error.code`, and in `error.data` the name (`error`) "
                         "and the code of this table (`code`), with `hint`, `rule`, `reason`, `retry` and `approval` "
                         "when there are any. Exit: the status of a program that ends with it.");
  out += "| code | error | JSON-RPC | HTTP | exit | meaning |\n|--:|---|--:|--:|--:|---|\n";
  for (const abi::ErrorInfo& error : abi::errors()) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", error.code, error.name, error.jsonrpc, error.http,
                       error.exit, cell(error.sentence));
  }
  return out;
}

std::string signals_page() {
  std::string out = page("Signals",
                         "Action: what happens by default. Catchable: an agent may handle or ignore it. Maskable: it "
                         "may be blocked. The numbers are not Linux's.");
  out += "| number | signal | action | catchable | maskable | meaning |\n|--:|---|---|---|---|---|\n";
  for (const abi::SignalInfo& signal : abi::signals()) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", static_cast<int>(signal.number), signal.name,
                       name_of(signal.action), mark(signal.catchable), mark(signal.maskable), cell(signal.summary));
  }
  return out;
}

std::string rights_page() {
  std::string out = page("Rights",
                         "What kinds of calls a caller may make at all, before policy is asked. A ring is a default "
                         "set of them; a child can only have fewer than its parent.");
  out += "| bit | right | rings with it by default | meaning | calls |\n|--:|---|---|---|---|\n";
  for (const abi::RightInfo& right : abi::rights()) {
    std::string rings;
    for (int ring = 0; ring <= 3; ++ring) {
      if ((right.rings >> ring) & 1u) rings += fmt::format("{}{}", rings.empty() ? "" : " ", ring);
    }
    std::string calls;
    for (const abi::Row& row : abi::rows()) {
      if (row.right == right.bit) calls += fmt::format("{}{}", calls.empty() ? "" : " ", row.name);
    }
    out += fmt::format("| {} | {} | {} | {} | {} |\n", std::countr_zero(right.bit), right.name, rings,
                       cell(right.summary), calls);
  }
  return out;
}

std::string events_page() {
  std::string out = page("Events", "What the kernel records beside calls.");
  out += "| event | meaning |\n|---|---|\n";
  for (const abi::EventInfo& event : abi::events()) {
    out += fmt::format("| {} | {} |\n", event.name, cell(event.summary));
  }
  return out;
}

}  // namespace

void add_tables(Files& files) {
  files["docs/reference/calls.md"] = calls_page();
  files["docs/reference/errors.md"] = errors_page();
  files["docs/reference/signals.md"] = signals_page();
  files["docs/reference/rights.md"] = rights_page();
  files["docs/reference/events.md"] = events_page();
}

}  // namespace agentos::abigen
