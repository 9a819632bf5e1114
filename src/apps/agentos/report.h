// Printing: results on standard output, notes and errors on standard error, one shape for all verbs.
#pragma once

#include <string>
#include <string_view>

#include "apps/agentos/screen.h"
#include "apps/agentos/table.h"
#include "base/error.h"
#include "base/json/value.h"

namespace agentos::cli {

// Writes all of it to standard output; a closed pipe ends the program quietly, as for other tools.
void print(std::string_view text);
void print_json(const json::Value& value);  // indented
void print_table(const Table& table);
// "agentos: note: ..." on standard error.
void print_note(std::string_view text);
// "agentos: <what>" and "  fix: <hint>" on standard error.
void print_error(const Error& error);
// The exit code of a verb that ends with this error, by the table of errors.
int exit_code_of(const Error& error);

// The struct as JSON, through its row's codec.
template <class Codec, class Structure>
json::Value to_json(const Codec& codec, const Structure& structure) {
  std::string text;
  codec.encode(&structure, text);
  auto value = json::parse(text, {.bytes_max = text.size() + 1, .depth_max = 64, .values_max = 10'000'000});
  return value ? std::move(*value) : json::Value();
}

}  // namespace agentos::cli
