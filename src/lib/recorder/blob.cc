// Written beside its name and renamed, so that what has the name is whole.
#include "lib/recorder/blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/json/value.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kNamesBlob = "{\"digest\":\"";  // canonical: members are sorted
constexpr const char* kErasedEnding = ".erased.tmp";
constexpr std::size_t kEraseChunk = 256 * 1024;

}  // namespace

std::string blob_name(const crypto::Digest& digest) {
  const std::string hex = crypto::hex(digest);
  return fmt::format("blob/{}/{}", hex.substr(0, 2), hex);
}

std::optional<crypto::Digest> blob_named_by(std::string_view opening) {
  if (!opening.starts_with(kNamesBlob)) return std::nullopt;
  const auto value = json::parse(opening);
  if (!value || !value->is_object() || value->as_object().size() != 3) return std::nullopt;
  std::string text(value->string_or("digest", ""));
  for (char& octet : text) octet = octet == '-' ? '+' : octet == '_' ? '/' : octet;
  const auto octets = crypto::from_base64(text + "=");
  crypto::Digest digest;
  if (!octets || octets->size() != digest.size()) return std::nullopt;
  std::copy(octets->begin(), octets->end(), reinterpret_cast<char*>(digest.data()));
  return digest;
}

Status put_blob(Disk& disk, const std::string& directory, std::string_view content) {
  static std::atomic<std::uint64_t> written{0};  // two threads may put the same content
  if (content.size() > kBlobSizeMax) return fail(ErrorCode::kTooLarge, "the content is too large to be kept");
  const std::string path = directory + "/" + blob_name(crypto::sha256(content));
  const auto there = disk.open_for_reading(path);
  const std::string folder = path.substr(0, path.rfind('/'));
  // Who named it may not have come to sync the name.
  if (there && (*there)->size().value_or(0) == content.size()) return disk.sync_directory(folder);
  const std::string temporary = fmt::format("{}.{}.tmp", path, written.fetch_add(1));
  TRY(disk.make_directory(folder));
  auto file = TRY(disk.create(temporary));
  TRY(file->write_at(0, content));
  TRY(file->sync());
  TRY(disk.rename(temporary, path));
  return disk.sync_directory(folder);
}

Result<std::string> read_blob(Disk& disk, const std::string& directory, const crypto::Digest& digest) {
  const std::string name = blob_name(digest);
  std::string content = TRY(read_small_file(disk, directory + "/" + name, kBlobSizeMax));
  if (crypto::sha256(content) != digest) return fail(ErrorCode::kCorrupt, name + " is not what its name says");
  return content;
}

Status erase_blob(Disk& disk, const std::string& directory, const crypto::Digest& digest) {
  const std::string path = directory + "/" + blob_name(digest);
  // It loses its name first: what has the name of a blob is always whole.
  const std::string folder = path.substr(0, path.rfind('/')), nameless = path + kErasedEnding;
  const auto renamed = disk.rename(path, nameless);
  if (!renamed && renamed.error().code != ErrorCode::kNotFound) return renamed;
  if (renamed) TRY(disk.sync_directory(folder));
  auto file = disk.open(nameless);  // also of an erasing that was interrupted
  if (!file && file.error().code == ErrorCode::kNotFound) return {};
  if (!file) return std::unexpected(std::move(file).error());
  const std::uint64_t size = TRY((*file)->size());
  const std::string zeroes(kEraseChunk, '\0');
  for (std::uint64_t at = 0; at < size; at += kEraseChunk)
    TRY((*file)->write_at(at, std::string_view(zeroes).substr(0, std::min<std::uint64_t>(kEraseChunk, size - at))));
  TRY((*file)->sync());
  TRY(disk.remove(nameless));
  return disk.sync_directory(folder);
}

}  // namespace agentos::recorder
