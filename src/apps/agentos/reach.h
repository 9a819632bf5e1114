// Reaching the kernel and the places it uses, for every verb alike.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "abi/calls.h"
#include "apps/agentos/verbs.h"
#include "client/client.h"

namespace agentos::cli {

enum class Start : std::uint8_t { kWhenAbsent, kNever };

struct Reached {
  std::unique_ptr<client::Client> client;
  abi::HelloReply hello;
  std::string socket;
};
// A kernel of this user that has said hello. With kWhenAbsent one is started, with the log file <state>/kernel.log.
// `words` are further ones for a kernel that is started.
Result<Reached> reach_kernel(const Globals& globals, Start start, const std::vector<std::string>& words = {});

// The words of `serve` for how the record is kept.
std::vector<std::string> record_words(const RecordOptions& options);

Result<std::string> socket_of(const Globals& globals);
std::string state_directory_of(const Globals& globals);
// Of --dir, of the running kernel, else of the state directory.
Result<std::string> log_directory_of(const Globals& globals, const std::string& given);

// The file this program runs from, and the programs that belong to it: what AGENTOS_INIT, AGENTOS_PARSER and
// AGENTOS_SIGNER name, or agentos-init, agentos-parser and agentos-signer beside it or in ../libexec/agentos.
Result<std::string> own_program();
Result<std::string> find_init_program();
Result<std::string> find_parser_program();
Result<std::string> find_egress_program();
Result<std::string> find_signer_program();
// `path` against the current directory.
Result<std::string> absolute_path(const std::string& path);

}  // namespace agentos::cli
