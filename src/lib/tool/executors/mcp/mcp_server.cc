// See mcp_server.h. What one step leads to for others is collected while the lock is held and done after it.
#include "lib/tool/executors/mcp/mcp_server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace agentos::tool {
namespace {

constexpr std::int64_t kMcpNsPerMs = 1'000'000;
constexpr std::int64_t kSweepMs = 100;
constexpr std::int64_t kEndWaitMs = 500;  // for the rest of its output after its end, or its end after its output
constexpr std::int64_t kListTimeoutMs = 30'000;

// The lists that make the catalogue, and the capability that says there is one.
struct Listed {
  std::string_view method, key, capability, changed;
};
constexpr std::array<Listed, 3> kLists = {{
    {"tools/list", "tools", "tools", "notifications/tools/list_changed"},
    {"prompts/list", "prompts", "prompts", "notifications/prompts/list_changed"},
    {"resources/templates/list", "resourceTemplates", "resources", "notifications/resources/list_changed"},
}};

json::Array& array_of(McpCatalog& catalog, std::size_t which) {
  return which == 0 ? catalog.tools : which == 1 ? catalog.prompts : catalog.templates;
}

McpAnswer failed_with(ErrorCode code, std::string message, std::string hint = {}) {
  return {.result = {}, .rpc_error = {}, .error = Error{code, std::move(message), std::move(hint)}};
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

McpServer::McpServer(std::string name, std::shared_ptr<McpHost> host, McpStarter starter, Events events)
    : name_(std::move(name)), host_(std::move(host)), starter_(std::move(starter)), events_(std::move(events)) {}

McpServer::~McpServer() { stop(); }

McpServer::State McpServer::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string McpServer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Status McpServer::start() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return fail(ErrorCode::kClosed, "the server was stopped");
  if (state_ != State::kStopped) return {};
  return spawn_locked();
}

Status McpServer::spawn_locked() {
  int to_server[2];
  int from_server[2];
  if (::pipe2(to_server, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  io::Fd their_input(to_server[0]);
  io::Fd our_end(to_server[1]);
  if (::pipe2(from_server, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  auto reading = std::make_shared<Reading>();
  reading->output = io::Fd(from_server[0]);
  io::Fd their_output(from_server[1]);
  for (const int fd : {our_end.get(), reading->output.get()}) {
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return fail_errno(errno, "cannot set up a pipe");
  }
  const std::uint64_t incarnation = ++incarnation_;
  reading->incarnation = incarnation;
  auto weak = weak_from_this();
  auto process = starter_({std::move(their_input), std::move(their_output)}, [weak, incarnation](std::string why) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->host_->loop().post([weak, incarnation, why = std::move(why)] {
      if (const auto alive = weak.lock()) alive->process_ended(incarnation, why);
    });
  });
  if (!process) return std::unexpected(process.error());
  process_ = std::move(*process);
  input_ = std::move(our_end);
  outbox_.clear();
  sent_ = 0;
  writable_watched_ = output_closed_ = false;
  end_.reset();
  session_.reset();
  state_ = State::kStarting;
  trouble_.clear();
  up_since_ns_ = host_->clock().monotonic_ns();
  host_->loop().post([weak, reading] {
    if (const auto alive = weak.lock()) alive->watch(reading);
  });
  if (client_) greet_locked();
  return {};
}

void McpServer::greet(mcp::ClientIdentity client, mcp::CallingSession::Era known) {
  const std::lock_guard lock(mutex_);
  if (client_) return;
  client_ = std::move(client);
  known_ = known;
  if (state_ == State::kStarting) greet_locked();
}

void McpServer::greet_locked() {
  session_.emplace(*client_);
  greeted_ns_ = host_->clock().monotonic_ns();
  session_->start(known_, outbox_);
  arm_sweep_locked();
  flush_locked();
}

void McpServer::stop() {
  std::shared_ptr<McpProcess> process;
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    state_ = State::kStopped;
    process = std::move(process_);
    input_.reset();
    for (auto& [ticket, pending] : std::exchange(pending_, {})) {
      effects.push_back([done = std::move(pending.done)] { done(failed_with(ErrorCode::kCancelled, "the server was stopped")); });
    }
    by_sent_.clear();
  }
  for (const auto& effect : effects) effect();
  if (process != nullptr) process->end();
}

// ---- asking

std::uint64_t McpServer::request(Request request, std::function<void(McpAnswer)> done) {
  std::optional<McpAnswer> refused;
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      refused = failed_with(ErrorCode::kClosed, fmt::format("the server \"{}\" was stopped", name_));
    } else if (state_ == State::kRefused || state_ == State::kPausing || state_ == State::kStopped) {
      refused = failed_with(ErrorCode::kBusy, fmt::format("the server \"{}\" is not there: {}", name_, trouble_),
                            state_ == State::kPausing ? "it starts again by itself; try later" : "");
    } else if (pending_.size() >= kPendingMax || outbox_.size() - sent_ > kOutboxBytesMax) {
      refused = failed_with(ErrorCode::kBusy, fmt::format("the server \"{}\" has too much to do already", name_),
                            "wait for its answers");
    } else {
      ticket = next_ticket_++;
      Pending& pending = pending_[ticket];
      pending.done = std::move(done);
      pending.on_progress = std::move(request.on_progress);
      pending.timeout_ms = request.timeout_ms;
      pending.deadline_ns = host_->clock().monotonic_ns() + request.timeout_ms * kMcpNsPerMs;
      pending.held = std::move(request);
      arm_sweep_locked();
      if (state_ == State::kReady) {
        send_locked(ticket, pending);
        flush_locked();
      }
    }
  }
  if (refused) done(std::move(*refused));
  return ticket;
}

void McpServer::send_locked(std::uint64_t ticket, Pending& pending) {
  Request& held = pending.held;
  const auto progress =
      pending.on_progress ? mcp::CallingSession::Progress::kWanted : mcp::CallingSession::Progress::kUnwanted;
  pending.sent = session_->request_as(held.client ? *held.client : *client_, held.method, std::move(held.params),
                                      progress, held.log_level, outbox_);
  held = {};
  by_sent_.emplace(pending.sent, ticket);
}

void McpServer::cancel(std::uint64_t ticket, std::string_view reason) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) return;
    if (found->second.sent != 0 && session_ && state_ == State::kReady) {
      session_->cancel(found->second.sent, reason, outbox_);
      flush_locked();
    }
    finish_locked(ticket, failed_with(ErrorCode::kCancelled, "the request was cancelled"), effects);
  }
  for (const auto& effect : effects) effect();
}

void McpServer::notify(std::string_view method, const json::Value& params) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kReady || outbox_.size() - sent_ > kOutboxBytesMax) return;
  session_->notify(method, params, outbox_);
  flush_locked();
}

void McpServer::answer(const mcp::Id& id, const McpAnswer& answer) {
  const std::lock_guard lock(mutex_);
  if (!session_ || !input_.valid()) return;
  if (answer.rpc_error) {
    session_->answer_error(id, *answer.rpc_error, outbox_);
  } else if (answer.error) {
    session_->answer_error(id, {mcp::kInternalError, answer.error->message, {}}, outbox_);
  } else {
    session_->answer(id, answer.result, outbox_);
  }
  flush_locked();
}

void McpServer::flush_locked() {
  while (input_.valid() && sent_ < outbox_.size()) {
    const ssize_t written = ::write(input_.get(), outbox_.data() + sent_, outbox_.size() - sent_);
    if (written > 0) {
      sent_ += static_cast<std::size_t>(written);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      if (writable_watched_) break;
      writable_watched_ = true;
      const auto weak = weak_from_this();
      host_->loop().post([weak, incarnation = incarnation_] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        const std::lock_guard lock(self->mutex_);
        if (self->incarnation_ != incarnation || !self->input_.valid()) return;
        const int fd = self->input_.get();
        (void)self->host_->loop().add(fd, EPOLLOUT, [weak, fd, incarnation](std::uint32_t) {
          const auto alive = weak.lock();
          if (alive == nullptr) return;
          const std::lock_guard held(alive->mutex_);
          (void)alive->host_->loop().remove(fd);
          if (alive->incarnation_ != incarnation) return;
          alive->writable_watched_ = false;
          alive->flush_locked();
        });
      });
      break;
    }
    // Nobody reads any more: the end of its output follows and says why.
    outbox_.clear();
    sent_ = 0;
    return;
  }
  if (sent_ == outbox_.size()) {
    outbox_.clear();
    sent_ = 0;
  } else if (sent_ > (64U << 10)) {
    outbox_.erase(0, sent_);
    sent_ = 0;
  }
}

void McpServer::finish_locked(std::uint64_t ticket, McpAnswer answer, Effects& effects) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  if (found->second.sent != 0) by_sent_.erase(found->second.sent);
  effects.push_back([done = std::move(found->second.done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  pending_.erase(found);
}

// ---- listening

void McpServer::watch(const std::shared_ptr<Reading>& reading) {
  const auto weak = weak_from_this();
  io::Loop* loop = &host_->loop();
  const int fd = reading->output.get();
  (void)loop->add(fd, EPOLLIN, [weak, loop, reading, fd](std::uint32_t) {
    const auto self = weak.lock();
    if (self != nullptr && self->readable(*reading)) return;
    (void)loop->remove(fd);
    if (self != nullptr) self->output_closed(reading->incarnation);
  });
}

bool McpServer::readable(Reading& reading) {
  thread_local std::array<char, 64 << 10> buffer;
  Effects effects;
  bool open = true;
  for (std::size_t taken = 0; taken < kSliceBytes;) {
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
      case What::kNotification: {
        if (taken.method == "notifications/progress") {
          const std::int64_t token = taken.params.int_or("progressToken", 0);
          const auto found = by_sent_.find(static_cast<std::uint64_t>(token));
          if (found == by_sent_.end()) break;
          if (auto tell = pending_[found->second].on_progress) {
            effects.push_back([tell, params = std::move(taken.params)] { tell(params); });
          }
          break;
        }
        const bool changed = std::any_of(kLists.begin(), kLists.end(),
                                         [&](const Listed& listed) { return listed.changed == taken.method; });
        if (changed) refresh_locked(effects);
        if (changed && taken.method != kLists[2].changed) break;  // told when the new list is known
        if (events_.on_notification) {
          effects.push_back([this, method = std::move(taken.method), params = std::move(taken.params)]() mutable {
            events_.on_notification(method, std::move(params));
          });
        }
        break;
      }
    }
  }
  flush_locked();
}

void McpServer::ready_locked(Effects& effects) {
  state_ = State::kReady;
  trouble_.clear();
  for (auto& [ticket, pending] : pending_) {
    if (pending.sent == 0) send_locked(ticket, pending);
  }
  if (mcp::is_modern(session_->revision())) {
    json::Object wanted;
    const json::Value& offered = session_->server().capabilities;
    for (const auto& [capability, filter] :
         {std::pair{"tools", "toolsListChanged"}, {"prompts", "promptsListChanged"}, {"resources", "resourcesListChanged"}}) {
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

// The lists anew, one after the other; a change that comes meanwhile makes one more round.
void McpServer::refresh_locked(Effects& effects) {
  if (listing_) {
    list_again_ = true;
    return;
  }
  listing_ = true;
  list_again_ = false;
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
  for (const auto& effect : effects) effect();
}

void McpServer::list(std::size_t which, std::shared_ptr<McpCatalog> into, json::Value cursor, int page) {
  Request request_of_list;
  request_of_list.method = kLists[which].method;
  if (cursor.is_string()) request_of_list.params.as_object()["cursor"] = std::move(cursor);
  request_of_list.timeout_ms = kListTimeoutMs;
  const auto weak = weak_from_this();
  request(std::move(request_of_list), [weak, which, into, page](McpAnswer answer) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (answer.error && answer.error->code != ErrorCode::kTimedOut && answer.error->code != ErrorCode::kTooLarge) {
      const std::lock_guard lock(self->mutex_);
      self->listing_ = false;  // it ended; the next incarnation lists anew
      return;
    }
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

// ---- time and endings

void McpServer::arm_sweep_locked() {
  if (sweep_armed_) return;
  sweep_armed_ = true;
  const auto weak = weak_from_this();
  host_->loop().post([weak] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->host_->loop().after_ms(kSweepMs, [weak] {
      if (const auto alive = weak.lock()) alive->sweep();
    });
  });
}

void McpServer::sweep() {
  Effects effects;
  std::shared_ptr<McpProcess> end;
  {
    const std::lock_guard lock(mutex_);
    sweep_armed_ = false;
    if (stopped_) return;
    const std::int64_t now_ns = host_->clock().monotonic_ns();
    const bool greeting = state_ == State::kStarting && session_.has_value();
    if (greeting && session_->state() == mcp::CallingSession::State::kProbing &&
        now_ns - greeted_ns_ > kProbeMs * kMcpNsPerMs) {
      session_->probe_timed_out(outbox_);
      flush_locked();
    } else if (greeting && now_ns - greeted_ns_ > kHandshakeMs * kMcpNsPerMs) {
      trouble_ = fmt::format("it did not answer the handshake in {} s", kHandshakeMs / 1000);
      end = process_;
    }
    std::vector<std::uint64_t> due;
    for (const auto& [ticket, pending] : pending_) {
      if (pending.deadline_ns <= now_ns) due.push_back(ticket);
    }
    for (const std::uint64_t ticket : due) {
      const Pending& pending = pending_[ticket];
      if (pending.sent != 0 && state_ == State::kReady) session_->cancel(pending.sent, "it took too long", outbox_);
      finish_locked(ticket,
                    failed_with(ErrorCode::kTimedOut,
                                fmt::format("the server \"{}\" did not answer in {} ms", name_, pending.timeout_ms)),
                    effects);
    }
    if (!due.empty()) flush_locked();
    if (!pending_.empty() || greeting) arm_sweep_locked();
  }
  for (const auto& effect : effects) effect();
  if (end != nullptr) end->end();
}

void McpServer::output_closed(std::uint64_t incarnation) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    if (incarnation != incarnation_ || stopped_) return;
    output_closed_ = true;
    if (end_) {
      down_locked(*end_, effects);
    } else {
      // Its end says why; one that lives on without an output is ended.
      const auto weak = weak_from_this();
      host_->loop().after_ms(kEndWaitMs, [weak, incarnation] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        std::shared_ptr<McpProcess> process;
        {
          const std::lock_guard held(self->mutex_);
          if (self->incarnation_ == incarnation) process = self->process_;
        }
        if (process != nullptr) process->end();
        self->process_ended(incarnation, "it closed its standard output, or wrote too much that is no message");
      });
    }
  }
  for (const auto& effect : effects) effect();
}

void McpServer::process_ended(std::uint64_t incarnation, std::string why) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    if (incarnation != incarnation_ || stopped_ || end_) return;
    end_ = why;
    if (output_closed_) {
      down_locked(std::move(why), effects);
    } else {
      const auto weak = weak_from_this();
      host_->loop().after_ms(kEndWaitMs, [weak, incarnation] {
        if (const auto self = weak.lock()) self->output_closed(incarnation);
      });
    }
  }
  for (const auto& effect : effects) effect();
}

void McpServer::down_locked(std::string why, Effects& effects) {
  ++incarnation_;  // nothing of this one is heard any more
  if (state_ == State::kRefused) {
    why = trouble_;
  } else {
    state_ = State::kPausing;
  }
  // A legacy server that cannot bear the probe is spared it from now on.
  if (session_ && session_->state() == mcp::CallingSession::State::kProbing) known_ = mcp::CallingSession::Era::kLegacy;
  trouble_ = why;
  process_.reset();
  input_.reset();
  outbox_.clear();
  sent_ = 0;
  listing_ = false;
  const std::int64_t now_ns = host_->clock().monotonic_ns();
  if (now_ns - up_since_ns_ > kSteadyMs * kMcpNsPerMs) pause_ms_ = kPauseMsMin;
  std::vector<std::uint64_t> lost;
  for (const auto& [ticket, pending] : pending_) {
    if (pending.sent != 0 || state_ == State::kRefused) lost.push_back(ticket);
  }
  for (const std::uint64_t ticket : lost) {
    finish_locked(ticket,
                  failed_with(ErrorCode::kClosed,
                              fmt::format("the server \"{}\" ended before it answered: {}; whether it acted is not known",
                                          name_, why)),
                  effects);
  }
  if (events_.on_down) effects.push_back([this, why] { events_.on_down(why); });
  if (state_ == State::kRefused) return;
  const auto weak = weak_from_this();
  host_->loop().after_ms(pause_ms_, [weak] {
    if (const auto self = weak.lock()) self->restart();
  });
  pause_ms_ = std::min(pause_ms_ * 2, kPauseMsMax);
}

void McpServer::restart() {
  const std::lock_guard lock(mutex_);
  if (stopped_ || state_ != State::kPausing) return;
  if (Status status = spawn_locked(); !status) {
    trouble_ = status.error().message;
    state_ = State::kPausing;
    const auto weak = weak_from_this();
    host_->loop().after_ms(pause_ms_, [weak] {
      if (const auto self = weak.lock()) self->restart();
    });
    pause_ms_ = std::min(pause_ms_ * 2, kPauseMsMax);
  }
}

}  // namespace agentos::tool
