// An endpoint whose server sides and clients a test plays itself.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/io/socket.h"
#include "lib/mcp/event_stream.h"
#include "lib/mcp/line_reader.h"
#include "server/mcp_door/http/endpoint.h"

namespace agentos::mcp_http {

inline constexpr const char* kToken = "the-token-of-this-test";

class FakeExchange final : public Exchange {
 public:
  FakeExchange(Request request, std::string body) : Exchange(std::move(request), std::move(body)) {}
  void answer(Answer answer) override { answered = std::move(answer); }
  void begin_events(const Fields&) override { begun = true; }
  void send_events(std::string_view octets) override { reader.feed(octets); }
  void finish_events() override { finished = true; }
  bool gone() const override { return left; }

  void leave() {
    left = true;
    if (const auto gone = std::exchange(on_gone, nullptr)) gone();
  }
  // Messages that came, the priming event left out.
  std::vector<std::string> messages() {
    mcp::Event event;
    while (reader.next(event) == mcp::EventReader::Step::kEvent) {
      last_id = event.id;
      if (!event.data.empty()) seen.push_back(event.data);
    }
    return seen;
  }

  std::optional<Answer> answered;
  bool begun = false, finished = false, left = false;
  mcp::EventReader reader;
  std::vector<std::string> seen;
  std::string last_id;
};

// The other end of one session's pipe.
struct Side {
  io::Fd socket;
  mcp::LineReader reader;
  std::vector<std::string> lines;
};

class EndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    loop_ = std::move(*io::Loop::make(clock_));
    EndpointOptions options;
    options.guard.token = kToken;
    options.guard.origins = {"https://app.example"};
    options.limits.sessions = 3;
    options.limits.requests = 4;
    options.limits.events_kept = 4;
    endpoint_ = std::make_unique<Endpoint>(*loop_, clock_, random_, std::move(options), [this](auto done) {
      if (refuses_) return done(fail(ErrorCode::kBusy, "no more agents"));
      auto ends = std::move(*io::socket_pair());
      sides_.push_back({std::move(ends.second), mcp::LineReader(), {}});
      done(std::move(ends.first));
    });
  }
  void TearDown() override { endpoint_.reset(); }

  void turn() {
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(loop_->run_once(0).has_value());
  }
  void pass(std::int64_t ms) {
    clock_.advance_us(ms * 1000);
    endpoint_->tick(clock_.monotonic_ns() / 1'000'000);
    turn();
  }

  static Request request(const char* method, Fields fields = {}) {
    Request out;
    out.method = method;
    out.path = "/mcp";
    out.fields = {{"Host", "localhost:80"},
                  {"Authorization", std::string("Bearer ") + kToken},
                  {"Content-Type", "application/json"},
                  {"Accept", "application/json, text/event-stream"}};
    for (auto& field : fields) out.fields.push_back(std::move(field));
    return out;
  }
  std::shared_ptr<FakeExchange> send(const char* method, Fields fields, std::string body = {}) {
    Request made = request(method, std::move(fields));
    auto exchange = std::make_shared<FakeExchange>(made, std::move(body));
    if (auto refused = endpoint_->screen(made)) {
      exchange->answered = std::move(refused);
      return exchange;
    }
    endpoint_->serve(exchange);
    turn();
    return exchange;
  }
  std::shared_ptr<FakeExchange> post(Fields fields, std::string body) {
    return send("POST", std::move(fields), std::move(body));
  }
  std::shared_ptr<FakeExchange> modern(const std::string& method, const std::string& id, const std::string& params = "",
                                       Fields fields = {}) {
    fields.emplace_back("MCP-Protocol-Version", "2026-07-28");
    fields.emplace_back("Mcp-Method", method);
    return post(std::move(fields), R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{)" +
                                       params +
                                       R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                       R"("io.modelcontextprotocol/clientCapabilities":{}}}})");
  }

  std::vector<std::string>& heard(Side& side) {
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(side.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) {
      side.reader.feed({buffer, static_cast<std::size_t>(size)});
      std::string_view line;
      while (side.reader.next(line) == mcp::LineReader::Step::kLine) side.lines.emplace_back(line);
    }
    return side.lines;
  }
  void say(Side& side, const std::string& line) {
    const std::string text = line + "\n";
    ASSERT_EQ(::send(side.socket.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    turn();
  }
  // A session that was initialized: its id.
  std::string initialized(const std::string& revision = "2025-11-25") {
    const auto exchange = post({}, R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{}})");
    say(sides_.back(), R"({"jsonrpc":"2.0","id":0,"result":{"protocolVersion":")" + revision + R"("}})");
    EXPECT_TRUE(exchange->answered.has_value());
    for (const auto& [name, value] : exchange->answered->fields) {
      if (name == "Mcp-Session-Id") return value;
    }
    return {};
  }

  FakeClock clock_;
  SystemRandom random_;
  std::unique_ptr<io::Loop> loop_;
  std::list<Side> sides_;
  bool refuses_ = false;
  std::unique_ptr<Endpoint> endpoint_;
};

}  // namespace agentos::mcp_http
