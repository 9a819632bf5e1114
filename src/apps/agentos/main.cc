// agentos: the program people type. Starts, stops, shows and proves agents; every verb is a client of one kernel.
#include "apps/agentos/cli.h"

int main(int argument_count, char** arguments) { return agentos::cli::run_program(argument_count, arguments); }
