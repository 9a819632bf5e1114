// Requests and replies of the calls about files: open close read write stat list mkdir unlink rename seek.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "abi/field.h"
#include "base/bytes.h"

namespace agentos::abi {

inline constexpr std::int64_t kReadSizeMax = 720 * 1024;  // as base64, 983040 octets: a reply fits in one line
inline constexpr Rules kPathRules = {.size_max = 4096};

inline constexpr std::string_view kOpenModes[] = {"r", "w", "a", "rw", "x"};
struct OpenReply {
  std::int64_t handle = 0;
  static constexpr auto kFields =
      std::tuple{Required<&OpenReply::handle>{"handle", "Small integer, the lowest that is free."}};
};
struct OpenRequest {
  using Reply = OpenReply;
  std::string path;
  std::string mode = "r";
  static constexpr auto kFields =
      std::tuple{Required<&OpenRequest::path>{"path", "Absolute path in the agent's namespace.", kPathRules},
                 Optional<&OpenRequest::mode>{"mode",
                                              "r reads; w writes and truncates; a appends; rw reads and writes; x "
                                              "writes and must be new. All but r create.",
                                              {.choices = kOpenModes}}};
};

struct EmptyReply {
  static constexpr auto kFields = std::tuple{};
};
struct CloseRequest {
  using Reply = EmptyReply;
  std::int64_t handle = 0;
  static constexpr auto kFields =
      std::tuple{Required<&CloseRequest::handle>{"handle", "An open handle.", {.minimum = 0}}};
};
using CloseReply = EmptyReply;

struct ReadReply {
  Bytes data;
  bool end = false;
  static constexpr auto kFields =
      std::tuple{Required<&ReadReply::data>{"data", "The octets; fewer than asked at the end of the file."},
                 Required<&ReadReply::end>{"end", "Whether the end of the file was reached."}};
};
struct ReadRequest {
  using Reply = ReadReply;
  std::string path;
  std::optional<std::int64_t> handle;
  std::optional<std::int64_t> offset;
  std::optional<std::int64_t> size;
  static constexpr auto kFields = std::tuple{
      Optional<&ReadRequest::path>{"path", "Absolute path; or give a handle.", kPathRules},
      Optional<&ReadRequest::handle>{"handle", "An open file; reads at its offset and moves it.", {.minimum = 0}},
      Optional<&ReadRequest::offset>{
          "offset", "First octet to read; with a handle, its offset stays where it is.", {.minimum = 0}},
      Optional<&ReadRequest::size>{
          "size", "How many octets at most; default and bound 737280.", {.minimum = 0, .maximum = kReadSizeMax}}};
};

struct WriteReply {
  std::int64_t size = 0;
  static constexpr auto kFields = std::tuple{Required<&WriteReply::size>{"size", "Octets written."}};
};
struct WriteRequest {
  using Reply = WriteReply;
  std::string path;
  std::optional<std::int64_t> handle;
  Bytes data;
  std::optional<std::int64_t> offset;
  bool append = false;
  static constexpr auto kFields = std::tuple{
      Optional<&WriteRequest::path>{
          "path", "Absolute path; without offset or append the whole file is replaced. Or give a handle.", kPathRules},
      Optional<&WriteRequest::handle>{"handle", "An open file; writes at its offset and moves it.", {.minimum = 0}},
      Required<&WriteRequest::data>{"data", "The octets."},
      Optional<&WriteRequest::offset>{"offset", "Write there and keep the rest of the file.", {.minimum = 0}},
      Optional<&WriteRequest::append>{"append", "Write at the end of the file."}};
};

struct StatReply {
  std::string path;
  std::string kind;
  std::int64_t size = 0;
  std::int64_t created_us = 0;
  std::int64_t modified_us = 0;
  bool read_only = false;
  std::string mount;
  static constexpr auto kFields =
      std::tuple{Required<&StatReply::path>{"path", "Canonical path."},
                 Required<&StatReply::kind>{"kind", "file, directory or pipe."},
                 Required<&StatReply::size>{"size", "Octets."},
                 Required<&StatReply::created_us>{"created_us", "Microseconds since 1970 UTC."},
                 Required<&StatReply::modified_us>{"modified_us", "Microseconds since 1970 UTC."},
                 Required<&StatReply::read_only>{"read_only", "Whether it can be changed."},
                 Required<&StatReply::mount>{"mount", "The mount it lies in."}};
};
struct StatRequest {
  using Reply = StatReply;
  std::string path;
  std::optional<std::int64_t> handle;
  static constexpr auto kFields =
      std::tuple{Optional<&StatRequest::path>{"path", "Absolute path; or give a handle.", kPathRules},
                 Optional<&StatRequest::handle>{"handle", "An open handle.", {.minimum = 0}}};
};

struct ListReply {
  std::vector<StatReply> entries;
  static constexpr auto kFields = std::tuple{Required<&ListReply::entries>{"entries", "By name."}};
};
struct ListRequest {
  using Reply = ListReply;
  std::string path;
  std::string after;
  std::int64_t entries_max = 1000;
  static constexpr auto kFields = std::tuple{
      Required<&ListRequest::path>{"path", "Absolute path of a directory.", kPathRules},
      Optional<&ListRequest::after>{
          "after", "Only names after this one, to go on where a list ended.", {.size_max = 255}},
      Optional<&ListRequest::entries_max>{"entries_max", "How many at most.", {.minimum = 1, .maximum = 1000}}};
};

struct MkdirRequest {
  using Reply = EmptyReply;
  std::string path;
  static constexpr auto kFields =
      std::tuple{Required<&MkdirRequest::path>{"path", "Absolute path; the parent must exist.", kPathRules}};
};
using MkdirReply = EmptyReply;
struct UnlinkRequest {
  using Reply = EmptyReply;
  std::string path;
  static constexpr auto kFields =
      std::tuple{Required<&UnlinkRequest::path>{"path", "A file or an empty directory.", kPathRules}};
};
using UnlinkReply = EmptyReply;
struct RenameRequest {
  using Reply = EmptyReply;
  std::string path;
  std::string to;
  static constexpr auto kFields =
      std::tuple{Required<&RenameRequest::path>{"path", "What to rename.", kPathRules},
                 Required<&RenameRequest::to>{"to", "Its new path; a file there is replaced.", kPathRules}};
};
using RenameReply = EmptyReply;

inline constexpr std::string_view kWhence[] = {"start", "current", "end"};
struct SeekReply {
  std::int64_t offset = 0;
  static constexpr auto kFields = std::tuple{Required<&SeekReply::offset>{"offset", "The new offset."}};
};
struct SeekRequest {
  using Reply = SeekReply;
  std::int64_t handle = 0;
  std::int64_t offset = 0;
  std::string whence = "start";
  static constexpr auto kFields =
      std::tuple{Required<&SeekRequest::handle>{"handle", "An open file.", {.minimum = 0}},
                 Required<&SeekRequest::offset>{"offset", "Octets from whence; may be negative."},
                 Optional<&SeekRequest::whence>{"whence", "start, current or end.", {.choices = kWhence}}};
};

}  // namespace agentos::abi
