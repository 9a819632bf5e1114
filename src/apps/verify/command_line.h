// What agentos-verify is asked to do.
#pragma once

#include <span>
#include <string>

#include "lib/recorder/reader.h"

namespace agentos::verify {

enum class Subject : std::uint8_t { kLog, kProof, kConsistency, kHelp };

struct Request {
  Subject subject = Subject::kHelp;
  std::string path;           // of the directory or file
  recorder::Anchors anchors;  // read from the files that were named
  bool json = false;
};

// kInvalidArgument: a wrong command line; another error: a file that was named cannot be read.
Result<Request> parse_command_line(std::span<const char* const> words);

extern const char* const kHelp;

}  // namespace agentos::verify
