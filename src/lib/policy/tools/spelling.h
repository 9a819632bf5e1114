// What an argument is by its name, and how the same thing, or another one, can be spelled so that a comparison of raw
// text is deceived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agentos::policy::tools {

enum class Subject : std::uint8_t { kNone, kPath, kUrl, kHost, kCommand, kSql };

std::string_view name_of(Subject subject);  // "a path"

// By the argument's name ("path", "source_file", "url", "cmd"), else by the values it is compared with ("/etc",
// "https://").
Subject subject_of(std::string_view argument, const std::vector<std::string>& values);

// Spellings that name or do the same as `text`; none of them equal to it.
std::vector<std::string> same_spelled_otherwise(Subject subject, const std::string& text);
// Texts that begin as, end as or contain `text` and name or do something else.
std::vector<std::string> another_that_looks_alike(Subject subject, const std::string& text);
// What to write instead.
std::string_view mend(Subject subject);

}  // namespace agentos::policy::tools
