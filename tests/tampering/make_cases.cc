// make_tampered_logs DIRECTORY: writes each case as DIRECTORY/<name>/{log,kept} and DIRECTORY/cases.json, for verifiers
// to be run on.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/json/value.h"
#include "tests/tampering/cases.h"

namespace {

using namespace agentos;
using namespace agentos::tampering;

void write_files(recorder::FakeDisk& disk, const std::string& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  for (const std::string& name : disk.files_below(from)) {
    const auto path = to / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << disk.content(from + "/" + name);
  }
}

json::Value words_of(const TamperCase& one, const std::filesystem::path& place) {
  constexpr const char* kSubjects[] = {"log", "proof", "consistency"};
  constexpr const char* kPaths[] = {"log", "log/entry.tlog-proof", "log/consistency"};
  const auto subject = static_cast<std::size_t>(one.subject);
  json::Array words = {json::Value(kSubjects[subject]), json::Value((place / kPaths[subject]).string())};
  const std::pair<unsigned, std::pair<const char*, const char*>> anchors[] = {
      {kLogKey, {"--log-key", "log.pub"}},
      {kSealKey, {"--seal-key", "seal.pub"}},
      {kCheckpoint, {"--checkpoint", "checkpoint"}},
      {kWitness, {"--witness-key", "witness.pub"}}};
  for (const auto& [bit, anchor] : anchors) {
    if ((one.remembered & bit) == 0) continue;
    words.emplace_back(anchor.first);
    words.emplace_back((place / "kept" / anchor.second).string());
  }
  if ((one.remembered & kWitness) != 0) {
    words.emplace_back("--witnesses");
    words.emplace_back("1");
  }
  return json::Value(std::move(words));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::filesystem::path root = argv[1];
  std::vector<TamperCase> cases = {
      {"good", kLogKey | kSealKey | kCheckpoint | kWitness, "", "", [](recorder::FakeDisk&) {}}};
  for (auto* more : {&file_cases, &entry_cases, &signed_cases, &proof_cases})
    for (TamperCase& one : (*more)()) cases.push_back(std::move(one));
  const auto good = good_log();
  json::Array all;
  for (const TamperCase& one : cases) {
    const auto disk = good->copy();
    one.tamper(*disk);
    write_files(*disk, "/log", root / one.name / "log");
    write_files(*disk, "/kept", root / one.name / "kept");
    json::Object entry;
    entry["name"] = one.name;
    entry["kind"] = one.kind;
    entry["position"] = one.position;
    entry["words"] = words_of(one, root / one.name);
    all.emplace_back(std::move(entry));
  }
  std::ofstream(root / "cases.json") << json::write(json::Value(std::move(all)));
  return 0;
}
