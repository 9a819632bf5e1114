// Requests and replies of the calls about memory and messages: mmap munmap brk pipe send recv.
#pragma once

#include <optional>
#include <string>

#include "abi/calls_files.h"
#include "abi/field.h"
#include "base/bytes.h"

namespace agentos::abi {

inline constexpr std::string_view kMapAccess[] = {"read", "write"};
struct MmapReply {
  std::string region;
  std::int64_t size = 0;
  std::string access;
  static constexpr auto kFields = std::tuple{
      Required<&MmapReply::region>{"region", "The region's id; another agent it is shared with maps it by this."},
      Required<&MmapReply::size>{"size", "Octets; sealed, it never changes."},
      Required<&MmapReply::access>{"access", "read or write. The descriptor comes with the reply (SCM_RIGHTS)."}};
};
struct MmapRequest {
  using Reply = MmapReply;
  std::string region;
  std::int64_t size = 0;
  std::string access = "write";
  std::vector<std::string> share_with;
  static constexpr auto kFields = std::tuple{
      Optional<&MmapRequest::region>{"region", "Join this region instead of making one.", {.size_max = 64}},
      Optional<&MmapRequest::size>{"size", "Octets of a new region.", {.minimum = 0, .maximum = 1LL << 30}},
      Optional<&MmapRequest::access>{
          "access", "read or write; a region shared with others gives them read only.", {.choices = kMapAccess}},
      Optional<&MmapRequest::share_with>{
          "share_with", "Agents that may join a new region, to read.", {.size_max = 64}}};
};
struct MunmapRequest {
  using Reply = EmptyReply;
  std::string region;
  static constexpr auto kFields =
      std::tuple{Required<&MunmapRequest::region>{"region", "A region the caller made or joined.", {.size_max = 64}}};
};
using MunmapReply = EmptyReply;

struct BrkReply {
  std::int64_t tokens = 0;
  std::int64_t tokens_max = 0;
  static constexpr auto kFields =
      std::tuple{Required<&BrkReply::tokens>{"tokens", "The context budget in force."},
                 Required<&BrkReply::tokens_max>{"tokens_max", "The highest it may be set to."}};
};
struct BrkRequest {
  using Reply = BrkReply;
  std::optional<std::int64_t> tokens;
  static constexpr auto kFields =
      std::tuple{Optional<&BrkRequest::tokens>{"tokens", "The new budget; absent only asks.", {.minimum = 0}}};
};

struct PipeReply {
  std::int64_t read_handle = 0;
  std::int64_t write_handle = 0;
  static constexpr auto kFields = std::tuple{Required<&PipeReply::read_handle>{"read_handle", "For recv."},
                                             Required<&PipeReply::write_handle>{"write_handle", "For send."}};
};
struct PipeRequest {
  using Reply = PipeReply;
  std::int64_t messages_max = 256;
  static constexpr auto kFields = std::tuple{Optional<&PipeRequest::messages_max>{
      "messages_max", "Messages the pipe holds.", {.minimum = 1, .maximum = 4096}}};
};

struct SendReply {
  std::int64_t sequence = 0;
  static constexpr auto kFields = std::tuple{
      Required<&SendReply::sequence>{"sequence", "Number of the message in its queue, from 1; 0 for a mailbox."}};
};
struct SendRequest {
  using Reply = SendReply;
  std::optional<std::int64_t> handle;
  std::string target;
  Bytes data;
  std::int64_t timeout_ms = 0;
  static constexpr auto kFields = std::tuple{
      Optional<&SendRequest::handle>{"handle", "The writing end of a pipe; or give a target.", {.minimum = 0}},
      Optional<&SendRequest::target>{"target", "An agent's id: its mailbox.", {.size_max = 128}},
      Required<&SendRequest::data>{"data", "One message, at most 262144 octets.", {.size_max = 256 << 10}},
      Optional<&SendRequest::timeout_ms>{
          "timeout_ms", "How long to wait for room; 0 does not wait.", {.minimum = 0, .maximum = 86'400'000}}};
};

struct RecvReply {
  Bytes data;
  std::string sender;
  std::int64_t sent_at_us = 0;
  std::int64_t sequence = 0;
  bool end = false;
  static constexpr auto kFields = std::tuple{
      Required<&RecvReply::data>{"data", "The message, whole."},
      Required<&RecvReply::sender>{"sender", "Who sent it, written by the kernel."},
      Required<&RecvReply::sent_at_us>{"sent_at_us", "Microseconds since 1970 UTC."},
      Required<&RecvReply::sequence>{"sequence", "Number of the message in its queue, from 1."},
      Required<&RecvReply::end>{"end", "End of stream: no writer is left and nothing is queued; data is empty."}};
};
struct RecvRequest {
  using Reply = RecvReply;
  std::optional<std::int64_t> handle;
  std::optional<std::int64_t> timeout_ms;
  static constexpr auto kFields = std::tuple{
      Optional<&RecvRequest::handle>{
          "handle", "The reading end of a pipe; default: the caller's mailbox.", {.minimum = 0}},
      Optional<&RecvRequest::timeout_ms>{"timeout_ms",
                                         "How long to wait: 0 does not wait; absent waits as long as it takes.",
                                         {.minimum = 0, .maximum = 86'400'000}}};
};

}  // namespace agentos::abi
