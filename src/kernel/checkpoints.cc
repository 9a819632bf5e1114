// Ids to paths, documents to canonical octets and back.
#include "kernel/checkpoints.h"

#include "abi/codes.h"
#include "abi/rpc.h"
#include "base/crypto/hash.h"

namespace agentos::kernel {
namespace {

constexpr std::string_view kSuffix = ".json";
// What a reply's frame and the reply itself put around the document.
constexpr std::size_t kLevelsAround = 2;
constexpr json::ParseLimits kDocumentLimits{.bytes_max = abi::kCheckpointBytesMax,
                                            .depth_max = abi::rpc::kDepthMax - kLevelsAround,
                                            .values_max = abi::rpc::kValuesMax};

bool starts_an_id(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_an_id(std::string_view id) {
  if (id.empty() || id.size() > abi::kCheckpointIdBytesMax || !starts_an_id(id.front())) return false;
  for (char c : id) {
    if (!starts_an_id(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return id.find("..") == std::string_view::npos;
}

std::unexpected<Error> larger(std::size_t size) {
  return fail(abi::error::too_large,
              "a checkpoint has at most " + std::to_string(abi::kCheckpointBytesMax) + " octets, this has " +
                  std::to_string(size),
              "keep what is large in files of its own");
}

}  // namespace

Status checkpoint_path(std::string_view id, std::string& path) {
  if (!is_an_id(id)) {
    return fail(abi::error::invalid_argument,
                "\"" + json::to_valid_utf8(id.substr(0, abi::kCheckpointIdBytesMax)) + "\" is no id of a checkpoint",
                "an id has 1 to 64 letters, digits, \"-\", \"_\" and single dots, and starts with a letter or digit");
  }
  path.assign(kCheckpointFolder).append("/").append(id).append(kSuffix);
  return {};
}

Result<abi::CheckpointSaveReply> save_checkpoint(vfs::Namespace& files, std::string_view path,
                                                 const json::Value& state) {
  const std::string document = json::write_canonical(state);
  if (document.size() > abi::kCheckpointBytesMax) return larger(document.size());
  abi::CheckpointSaveReply reply;
  reply.replaced = files.stat(path).has_value();
  reply.size = TRY(files.write(path, document));
  reply.digest = crypto::base64url(crypto::sha256(document));
  return reply;
}

Result<abi::CheckpointLoadReply> load_checkpoint(const vfs::Namespace& files, std::string_view path) {
  const vfs::Stat stat = TRY(files.stat(path));
  if (static_cast<std::size_t>(stat.size) > abi::kCheckpointBytesMax) {
    return larger(static_cast<std::size_t>(stat.size));
  }
  const std::string document = TRY(files.read(path, 0, stat.size));
  auto state = json::parse(document, kDocumentLimits);
  if (!state) {
    return fail(abi::error::corrupt, std::string(path) + " holds no JSON document: " + state.error().message,
                "the file was written over; save the checkpoint again");
  }
  abi::CheckpointLoadReply reply;
  reply.state = std::move(*state);
  reply.size = stat.size;
  reply.digest = crypto::base64url(crypto::sha256(document));
  reply.saved_us = stat.modified_us;
  return reply;
}

}  // namespace agentos::kernel
