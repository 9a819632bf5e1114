// What a server says: answers, requests, notifications, and the lists that make its catalogue.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "lib/tool/executors/mcp/mcp_server.h"

namespace agentos::tool {
namespace {

constexpr const char* kEndlessLine = "it wrote a line without an end";
constexpr std::int64_t kListTimeoutMs = 30'000;

// The lists that make the catalogue, and the capability that says there is one.
struct Listed {
  std::string_view method, key, capability, changed;
};
constexpr std::array<Listed, 4> kLists = {{
    {"tools/list", "tools", "tools", "notifications/tools/list_changed"},
    {"prompts/list", "prompts", "prompts", "notifications/prompts/list_changed"},
    {"resources/list", "resources", "resources", "notifications/resources/list_changed"},
    {"resources/templates/list", "resourceTemplates", "resources", "notifications/resources/list_changed"},
}};

json::Array& array_of(McpCatalog& catalog, std::size_t which) {
  json::Array* const lists[] = {&catalog.tools, &catalog.prompts, &catalog.resources, &catalog.templates};
  return *lists[which];
}

// The id of a message that was too long to be read, from where JSON-RPC puts it: right at its beginning or its end.
std::uint64_t id_near_edge(std::string_view head, std::string_view tail) {
  constexpr std::string_view kKey = "\"id\":";
  const auto number_at = [](std::string_view text, std::size_t at) -> std::uint64_t {
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    return problem == std::errc{} && end != text.data() + text.size() && (*end == ',' || *end == '}') ? number : 0;
  };
  if (const std::size_t at = tail.rfind(kKey); at != std::string_view::npos) {
    if (const std::uint64_t id = number_at(tail, at + kKey.size()); id != 0) return id;
  }
  const std::size_t at = head.find(kKey);
  return at == std::string_view::npos ? 0 : number_at(head, at + kKey.size());
}

}  // namespace

void McpServer::watch(const std::shared_ptr<Reading>& reading) {
  const auto weak = weak_from_this();
  io::Loop* loop = &host_->loop();
  const int fd = reading->output.get();
  const Status watched = loop->add(fd, EPOLLIN, [weak, loop, reading, fd](std::uint32_t) {
    const auto self = weak.lock();
    if (self != nullptr && self->readable(*reading)) return;
    (void)loop->remove(fd);
    if (self != nullptr) self->output_closed(reading->incarnation);
  });
  if (!watched) output_closed(reading->incarnation);
}

bool McpServer::readable(Reading& reading) {
  thread_local std::array<char, 64 << 10> buffer;
  Effects effects;
  bool open = true;
  for (std::size_t taken = 0; taken < kSliceBytes;) {
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): the descriptor does not block
    const ssize_t size = ::read(reading.output.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0) {
      open = false;
      break;
    }
    taken += static_cast<std::size_t>(size);
    reading.reader.feed({buffer.data(), static_cast<std::size_t>(size)});
    std::string_view line;
    for (;;) {
      const auto step = reading.reader.next(line);
      if (step == mcp::LineReader::Step::kNeedMore) break;
      if (step == mcp::LineReader::Step::kTooLong) {
        take_skipped(reading, effects);
      } else {
        take_line(reading, line, effects);
      }
      for (const auto& effect : effects) effect();
      effects.clear();
      if (reading.garbage_lines > kGarbageLinesMax) return false;
    }
    if (reading.reader.unfinished_bytes() > kSkippedBytesMax) {
      const std::lock_guard lock(mutex_);
      if (reading.incarnation == incarnation_) trouble_ = kEndlessLine;
      return false;
    }
    if (static_cast<std::size_t>(size) < buffer.size()) break;
  }
  return open;
}

void McpServer::take_skipped(const Reading& reading, Effects& effects) {
  const std::lock_guard lock(mutex_);
  if (reading.incarnation != incarnation_) return;
  const auto found = by_sent_.find(id_near_edge(reading.reader.skipped_head(), reading.reader.skipped_tail()));
  if (found == by_sent_.end()) return;
  finish_locked(found->second,
                failed_with(ErrorCode::kTooLarge,
                            fmt::format("the server answered with {} octets; at most {} are taken",
                                        reading.reader.skipped_bytes(), mcp::kLineBytesMax),
                            "ask for less, for a page or for a range"),
                effects);
}

void McpServer::take_line(Reading& reading, std::string_view line, Effects& effects) {
  const std::lock_guard lock(mutex_);
  if (reading.incarnation != incarnation_ || !session_) {
    ++reading.garbage_lines;
    return;
  }
  auto messages = mcp::parse(line, session_->batches());
  if (!messages) {
    ++reading.garbage_lines;
    trouble_ = "it writes lines to its standard output that are no messages";
    const auto* id = std::get_if<std::int64_t>(&messages.error().id);
    const auto found = id == nullptr ? by_sent_.end() : by_sent_.find(static_cast<std::uint64_t>(*id));
    if (found != by_sent_.end()) {
      finish_locked(
          found->second,
          failed_with(ErrorCode::kMalformed, "the server's answer is no message: " + messages.error().error.message),
          effects);
    }
    return;
  }
  reading.garbage_lines = 0;
  for (mcp::Message& message : *messages) {
    mcp::CallingSession::Taken taken = session_->take(std::move(message), outbox_);
    using What = mcp::CallingSession::Taken::What;
    switch (taken.what) {
      case What::kNothing:
        break;
      case What::kReady:
        ready_locked(effects);
        break;
      case What::kRefused:
        state_ = State::kRefused;
        trouble_ = fmt::format("it refuses every revision spoken here: {}", taken.error->message);
        if (events_.on_down) effects.push_back([this, why = trouble_] { events_.on_down(why); });
        while (!pending_.empty()) {
          finish_locked(pending_.begin()->first,
                        failed_with(ErrorCode::kUnsupported, fmt::format("the server \"{}\": {}", name_, trouble_)),
                        effects);
        }
        break;
      case What::kAnswer:
        if (const auto found = by_sent_.find(taken.ticket); found != by_sent_.end()) {
          finish_locked(found->second, {std::move(taken.result), std::move(taken.error), {}}, effects);
        }
        break;
      case What::kRequest:
        if (events_.on_request) {
          effects.push_back([this, id = std::move(taken.id), method = std::move(taken.method),
                             params = std::move(taken.params)]() mutable {
            events_.on_request(id, std::move(method), std::move(params));
          });
        } else {
          session_->answer_error(taken.id, {mcp::kMethodNotFound, "nobody can answer that here", {}}, outbox_);
        }
        break;
      case What::kCancelled:
        if (events_.on_request_cancelled) {
          effects.push_back([this, id = std::move(taken.id)] { events_.on_request_cancelled(id); });
        }
        break;
      case What::kNotification:
        take_notification_locked(std::move(taken.method), std::move(taken.params), effects);
        break;
    }
  }
  flush_locked();
}

void McpServer::take_notification_locked(std::string method, json::Value params, Effects& effects) {
  if (method == "notifications/progress") {
    const auto found = by_sent_.find(static_cast<std::uint64_t>(params.int_or("progressToken", 0)));
    if (found == by_sent_.end()) return;
    if (auto tell = pending_[found->second].on_progress) {
      effects.push_back([tell, params = std::move(params)] { tell(params); });
    }
    return;
  }
  const bool changed =
      std::any_of(kLists.begin(), kLists.end(), [&](const Listed& listed) { return listed.changed == method; });
  if (changed) return lists_changed_locked(effects);  // told when the new list is known
  if (!events_.on_notification) return;
  effects.push_back([this, method = std::move(method), params = std::move(params)]() mutable {
    events_.on_notification(method, std::move(params));
  });
}

void McpServer::ready_locked(Effects& effects) {
  state_ = State::kReady;
  trouble_.clear();
  if (mcp::is_modern(session_->revision())) {
    json::Object wanted;
    const json::Value& offered = session_->server().capabilities;
    for (const auto& [capability, filter] : {std::pair{"tools", "toolsListChanged"},
                                             {"prompts", "promptsListChanged"},
                                             {"resources", "resourcesListChanged"}}) {
      const json::Value* one = offered.find(capability);
      if (one != nullptr && one->bool_or("listChanged", false)) wanted[filter] = true;
    }
    if (!wanted.empty()) {
      json::Object params;
      params["notifications"] = std::move(wanted);
      (void)session_->request("subscriptions/listen", json::Value(std::move(params)),
                              mcp::CallingSession::Progress::kUnwanted, {}, outbox_);
    }
  }
  refresh_locked(effects);
}

// At once, or when the last time is long enough ago: a server that changes without pause is not listed without pause.
void McpServer::lists_changed_locked(Effects& effects) {
  const std::int64_t wait_ms = kRelistMs - (host_->clock().monotonic_ns() - listed_ns_) / kMcpNsPerMs;
  if (relist_armed_) return;
  if (wait_ms <= 0) return refresh_locked(effects);
  relist_armed_ = true;
  host_->loop().after_ms(wait_ms, [weak = weak_from_this(), incarnation = incarnation_] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    Effects later;
    {
      const std::lock_guard lock(self->mutex_);
      if (self->incarnation_ != incarnation) return;
      self->relist_armed_ = false;
      if (self->state_ == State::kReady) self->refresh_locked(later);
    }
    for (const auto& effect : later) effect();
  });
}

// The lists anew, one after the other; a change that comes meanwhile makes one more round.
void McpServer::refresh_locked(Effects& effects) {
  if (listing_) {
    list_again_ = true;
    return;
  }
  listing_ = true;
  list_again_ = false;
  listed_ns_ = host_->clock().monotonic_ns();
  auto catalog = std::make_shared<McpCatalog>();
  catalog->server = session_->server();
  catalog->revision = session_->revision();
  effects.push_back([this, catalog] { list_next(0, catalog); });
}

void McpServer::list_next(std::size_t which, std::shared_ptr<McpCatalog> into) {
  while (which < kLists.size() && into->server.capabilities.find(kLists[which].capability) == nullptr) ++which;
  if (which < kLists.size()) return list(which, std::move(into), {}, 0);
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    listing_ = false;
    if (list_again_ && state_ == State::kReady) refresh_locked(effects);
  }
  if (events_.on_catalog) events_.on_catalog(*into);
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kReady && !std::exchange(catalog_told_, true)) send_held_locked(effects);
  }
  for (const auto& effect : effects) effect();
}

// What was asked before it was known what the server offers: now it is.
void McpServer::send_held_locked(Effects& effects) {
  std::vector<std::pair<std::uint64_t, Error>> refused;
  for (auto& [ticket, pending] : pending_) {
    if (pending.sent != 0) continue;
    const Status may = events_.may_send ? events_.may_send(pending.held.method, pending.held.params) : Status{};
    if (may) {
      send_locked(ticket, pending);
    } else {
      refused.emplace_back(ticket, may.error());
    }
  }
  for (auto& [ticket, error] : refused) {
    finish_locked(ticket, failed_with(error.code, std::move(error.message), std::move(error.hint)), effects);
  }
  flush_locked();
}

void McpServer::list(std::size_t which, std::shared_ptr<McpCatalog> into, json::Value cursor, int page) {
  Request request_of_list;
  request_of_list.method = kLists[which].method;
  if (cursor.is_string()) request_of_list.params.as_object()["cursor"] = std::move(cursor);
  request_of_list.timeout_ms = kListTimeoutMs;
  request_of_list.origin = Request::Origin::kCatalog;
  const auto weak = weak_from_this();
  request(std::move(request_of_list), [weak, which, into, page](McpAnswer answer) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (answer.error && answer.error->code != ErrorCode::kTimedOut && answer.error->code != ErrorCode::kTooLarge) {
      const std::lock_guard lock(self->mutex_);
      self->listing_ = false;  // it ended; the next incarnation lists anew
      return;
    }
    into->bytes += json::write(answer.result).size();
    if (into->bytes > kCatalogBytesMax) return self->list_next(kLists.size(), into);  // cut there, as beyond the pages
    json::Array& all = array_of(*into, which);
    if (json::Value* items = answer.result.is_object() ? answer.result.as_object().find(kLists[which].key) : nullptr;
        items != nullptr && items->is_array()) {
      for (json::Value& item : items->as_array()) {
        if (all.size() < kDefinitionsMax && item.is_object()) all.push_back(std::move(item));
      }
    }
    const json::Value* next = answer.result.find("nextCursor");
    if (next != nullptr && next->is_string() && page + 1 < kPagesMax && all.size() < kDefinitionsMax) {
      return self->list(which, into, *next, page + 1);
    }
    self->list_next(which + 1, into);
  });
}

}  // namespace agentos::tool
