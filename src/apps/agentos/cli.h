// The command line: words to a verb and its options. Only cli*.cc know the parsing library.
#pragma once

namespace agentos::cli {

// Parses, runs the verb, prints its error. Returns the exit code.
int run_program(int argument_count, char** arguments);

}  // namespace agentos::cli
