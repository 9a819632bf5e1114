// cel_conformance DIR: runs a folder of CEL conformance files against the engine and says what passed.
//
// Ends with 0 when no test failed, 1 when one did, 64 when it was called wrongly, 66 when the folder cannot be read.
#include <cstdio>
#include <cstring>
#include <string>

#include "apps/cel_conformance/suite.h"

int main(int argc, char** argv) {
  using namespace agentos::cel_conformance;
  std::string folder;
  bool failed = false, excluded = false, json = false, wrong = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--failed") {
      failed = true;
    } else if (argument == "--excluded") {
      excluded = true;
    } else if (argument == "--format" && i + 1 < argc) {
      const std::string format = argv[++i];
      json = format == "json";
      wrong = wrong || (!json && format != "text");
    } else if (folder.empty() && !argument.starts_with("-")) {
      folder = argument;
    } else {
      wrong = true;
    }
  }
  if (wrong || folder.empty()) {
    std::fputs("usage: cel_conformance [--failed] [--excluded] [--format text|json] DIR\n", stderr);
    return 64;
  }
  const auto report = run_folder(folder);
  if (!report) {
    std::fprintf(stderr, "cel_conformance: %s\n", report.error().message.c_str());
    return 66;
  }
  const Detail detail = failed && excluded ? Detail::kWithBoth
                        : failed           ? Detail::kWithFailed
                        : excluded         ? Detail::kWithExcluded
                                           : Detail::kTable;
  std::fputs((json ? as_json(*report) + "\n" : as_text(*report, detail)).c_str(), stdout);
  return report->sum().failed == 0 ? 0 : 1;
}
