// agentos-verify: checks a log or a proof of one and says what holds. Reads only; links nothing that decides.
#include <fmt/format.h>

#include <cstdio>

#include "apps/verify/command_line.h"
#include "apps/verify/proof_files.h"
#include "base/io/file.h"
#include "base/json/value.h"
#include "lib/recorder/log_proof.h"

namespace {

using namespace agentos;

constexpr int kExitHolds = 0, kExitDoesNotHold = 1, kExitUsage = 64, kExitUnreadable = 74;

json::Array names_of(const std::vector<std::string>& names) {
  json::Array array;
  for (const std::string& name : names) array.emplace_back(name);
  return array;
}

void add_finding(json::Object& out, const recorder::Check& finding) {
  out["valid"] = !finding.has_value();
  out["kind"] = finding ? finding->kind : "";
  out["problem"] = finding ? finding->what : "";
  out["position"] = finding ? finding->where : "";
}

// The rows of a report for people, and the finding or that it holds.
int say(const verify::Request& request, const json::Object& rows, const recorder::Check& finding) {
  if (request.json) {
    json::Object out = rows;
    add_finding(out, finding);
    fmt::print("{}\n", json::write(json::Value(std::move(out))));
    return finding ? kExitDoesNotHold : kExitHolds;
  }
  for (const auto& [name, value] : rows)
    fmt::print("{:<16} {}\n", std::string_view(name),
               value.is_string() ? std::string(value.as_string()) : json::write(value));
  if (finding) {
    fmt::print("NOT VALID: {} at {} [{}]\n", finding->what, finding->where, finding->kind);
    return kExitDoesNotHold;
  }
  fmt::print("valid\n");
  return kExitHolds;
}

int check_log(const verify::Request& request, const recorder::VerifyReport& report) {
  json::Object rows;
  const std::pair<const char*, std::uint64_t> counts[] = {
      {"entries", report.entries},   {"segments", report.segments},
      {"openings", report.openings}, {"blobs", report.blobs},
      {"intents", report.intents},   {"outcomes", report.outcomes},
      {"unknown", report.unknown},   {"checkpoint", report.checkpoint_size},
      {"seals", report.seals},       {"epoch", report.epoch},
      {"tiles", report.tiles}};
  for (const auto& [name, count] : counts) rows[name] = static_cast<std::int64_t>(count);
  rows["root"] = report.root;
  rows["sealed"] = report.sealed;
  rows["cosigners"] = names_of(report.cosigners);
  return say(request, rows,
             report.valid ? recorder::Check{} : recorder::Finding{report.kind, report.problem, report.position});
}

int check_proof(const verify::Request& request, const verify::ProofReport& report) {
  json::Object rows;
  rows["origin"] = report.origin;
  rows["size"] = static_cast<std::int64_t>(report.size);
  rows["root"] = report.root;
  rows["cosigners"] = names_of(report.cosigners);
  if (request.subject == verify::Subject::kProof) {
    rows["index"] = static_cast<std::int64_t>(report.index);
    rows["leaf"] = report.leaf;
  } else {
    rows["old_size"] = static_cast<std::int64_t>(report.old_size);
  }
  return say(request, rows, report.finding);
}

int failed(const Error& error) {
  fmt::print(stderr, "agentos-verify: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "  fix: {}\n", error.hint);
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitUnreadable;
}

}  // namespace

int main(int argc, char** argv) {
  const auto request = verify::parse_command_line({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  if (!request) return failed(request.error());
  if (request->subject == verify::Subject::kHelp) {
    std::fputs(verify::kHelp, argc > 1 ? stdout : stderr);
    return argc > 1 ? kExitHolds : kExitUsage;
  }
  if (request->subject == verify::Subject::kLog) {
    const auto report = recorder::verify_log(request->path, request->anchors);
    return report ? check_log(*request, *report) : (failed(report.error()), kExitUnreadable);
  }
  const auto text = io::read_file(request->path, recorder::kProofFileSizeMax);
  if (!text) return (failed(text.error()), kExitUnreadable);
  return check_proof(*request, request->subject == verify::Subject::kProof
                                   ? verify::check_inclusion_file(*text, request->anchors)
                                   : verify::check_consistency_file(*text, request->anchors));
}
