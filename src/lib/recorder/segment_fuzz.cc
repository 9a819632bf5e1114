// Headers, frames, leaves and notes take any octets; what a leaf reader accepts is what RFC 8785 writes.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json/value.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/fake_disk.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/note.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {
namespace {

void read_as_leaf(std::string_view octets) {
  if (!read_leaf(octets)) return;
  const auto value = json::parse(octets);
  CHECK(value.has_value());
  CHECK(json::write_canonical(*value) == octets);
}

// The input as the frames of a segment with a good header.
void read_as_segment(std::string_view octets) {
  FakeDisk disk;
  SegmentHeader header;
  std::string content = encode_header(header);
  content += octets;
  header.capacity = content.size();
  content.replace(0, kHeaderUnit, encode_header(header));
  disk.set_content("/log/" + segment_name(0), content);
  (void)read_log_on(disk, "/log", {}, [](const StoredEntry& entry) {
    read_as_leaf(entry.leaf);
    return true;
  });
  SeededRandom random(1);
  const auto signer = make_signer("fuzz", random);
  disk.set_content("/log/log.pub", verifier_text(signer->verifier));
  disk.set_content("/log/checkpoint", sign_note(*signer, checkpoint_body({"fuzz", 0, Frontier().root(), {}})));
  (void)verify_log_on(disk, "/log");
}

}  // namespace
}  // namespace agentos::recorder

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::recorder;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(octets) + 1, size - 1);
  switch (octets[0] % 4) {
    case 0:
      read_as_leaf(input);
      break;
    case 1:
      read_as_segment(input);
      break;
    case 2:
      (void)decode_header(input);
      break;
    default:
      (void)parse_checkpoint_body(input);
      (void)parse_verifier(input);
      (void)parse_signer(input);
  }
  return 0;
}
