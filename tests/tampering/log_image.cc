// See log_image.h.
#include "tests/tampering/log_image.h"

#include <algorithm>
#include <cstring>

#include "lib/recorder/key_signer.h"
#include "lib/recorder/leaf_difference.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/open_intents.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::tampering {

using namespace recorder;

namespace {

std::vector<std::string> segment_paths(const FakeDisk& disk) {
  std::vector<std::string> paths;
  for (const std::string& name : list_segments(const_cast<FakeDisk&>(disk), "/log").value())
    paths.push_back("/log/" + name);
  return paths;
}

std::string frame_of(const ImageEntry& entry, Index index) {
  std::string frame(frame_size(entry.leaf.size(), entry.opening.size()), '\0');
  const std::string stored = entry.leaf + entry.salt + entry.opening;
  std::copy(stored.begin(), stored.end(), frame.begin() + kFrameHeaderSize);
  FrameHeader header;
  header.index = index;
  header.stored_size = static_cast<std::uint32_t>(entry.leaf.size());
  header.opening_size = static_cast<std::uint32_t>(entry.opening.size());
  header.flags = entry.flags;
  seal_frame(frame.data(), header);
  return frame;
}

}  // namespace

std::string segment_path(const FakeDisk& disk, std::size_t segment) { return segment_paths(disk).at(segment); }

std::size_t frame_offset(const std::string& content, std::size_t nth) {
  std::size_t at = kHeaderUnit;
  for (std::size_t i = 0; i < nth; ++i) at += decode_frame(std::string_view(content).substr(at)).value().size;
  return at;
}

LogImage::LogImage(const FakeDisk& disk) {
  for (const std::string& path : segment_paths(disk)) {
    const std::string content = disk.content(path);
    const SegmentHeader header = decode_header(content).value();
    ImageSegment segment{header.capacity, header.created_us, {}};
    WholeLeaves whole;
    std::string_view rest = std::string_view(content).substr(header_size(content).value());
    for (auto frame = decode_frame(rest); frame; rest.remove_prefix(frame->size), frame = decode_frame(rest))
      segment.entries.push_back({std::string(whole.leaf_of(*frame).value()), std::string(frame->salt),
                                 std::string(frame->opening), static_cast<std::uint16_t>(frame->flags & kFrameErased)});
    segments.push_back(std::move(segment));
  }
}

void LogImage::store(FakeDisk& disk) const {
  for (const std::string& path : segment_paths(disk)) disk.erase(path);
  Frontier tree;
  OpenIntents open;
  for (const ImageSegment& segment : segments) {
    SegmentHeader header;
    header.first = tree.size();
    header.capacity = segment.capacity;
    header.created_us = segment.created_us;
    header.before = tree;
    header.open = open.sorted();
    std::string content = encode_header(header);
    for (const ImageEntry& entry : segment.entries) {
      content += frame_of(entry, tree.size());
      if (const auto leaf = read_leaf(entry.leaf)) {
        if (leaf->external) open.insert(tree.size());
        if (leaf->kind == Kind::kOutcome) open.erase(leaf->intent);
      }
      tree.add(leaf_hash(entry.leaf));
    }
    // Whole leaves need more room than differences.
    header.capacity = std::max<std::uint64_t>(header.capacity, content.size());
    content.replace(0, kHeaderUnit, encode_header(header));
    content.resize(header.capacity);
    disk.set_content("/log/" + segment_name(header.first), content);
  }
}

std::pair<std::size_t, std::size_t> LogImage::place(std::size_t index) const {
  std::size_t segment = 0;
  while (index >= segments.at(segment).entries.size()) index -= segments.at(segment++).entries.size();
  return {segment, index};
}

ImageEntry& LogImage::at(std::size_t index) {
  const auto [segment, entry] = place(index);
  return segments[segment].entries[entry];
}

void LogImage::erase(std::size_t index) {
  const auto [segment, entry] = place(index);
  auto& entries = segments[segment].entries;
  entries.erase(entries.begin() + static_cast<long>(entry));
}

void LogImage::insert(std::size_t index, ImageEntry entry) {
  const auto [segment, at] = place(index);
  auto& entries = segments[segment].entries;
  entries.insert(entries.begin() + static_cast<long>(at), std::move(entry));
}

std::size_t LogImage::size() const {
  std::size_t size = 0;
  for (const ImageSegment& segment : segments) size += segment.entries.size();
  return size;
}

void LogImage::edit(std::size_t index, std::string_view from, std::string_view to) {
  std::string& leaf = at(index).leaf;
  const auto found = leaf.find(from);
  CHECK(found != std::string::npos);
  leaf.replace(found, from.size(), to);
}

Frontier LogImage::tree() const {
  Frontier tree;
  for (const ImageSegment& segment : segments)
    for (const ImageEntry& entry : segment.entries) tree.add(leaf_hash(entry.leaf));
  return tree;
}

std::size_t LogImage::first_of_segment(std::size_t segment) const {
  std::size_t first = 0;
  for (std::size_t i = 0; i < segment; ++i) first += segments[i].entries.size();
  return first;
}

void sign_again(FakeDisk& disk, Stolen stolen) {
  const LogImage image(disk);
  const NoteSigner log_key = parse_signer(disk.content("/log/log.key")).value();
  const Frontier tree = image.tree();
  const std::string body = checkpoint_body({log_key.verifier.name, tree.size(), tree.root(), {}});
  if (stolen == Stolen::kBothKeys) {
    SeededRandom random(3);
    const auto signer = KeySigner::open(disk, "/log", log_key.verifier.name, random).value();
    disk.set_content("/log/checkpoint", signer->sign(body).value());
    return;
  }
  // The forward-secure line that was there is all a thief without that key has.
  const Note old = parse_note(disk.content("/log/checkpoint")).value();
  std::string note = sign_note(log_key, body);
  for (const SignatureLine& line : old.lines)
    if (line.key_id != log_key.verifier.key_id) note += signature_text(line);
  disk.set_content("/log/checkpoint", note);
}

}  // namespace agentos::tampering
