// One connection without a socket: octets in, reply lines out.
#include "server/unix_door/connection.h"

#include <gtest/gtest.h>

#include <deque>

#include "server/unix_door/scripted_session.h"

namespace agentos::unix_door {
namespace {

// Everything happens on the test's thread; what comes from others waits for run().
class OneThread final : public Surroundings {
 public:
  bool on_serving_thread() const override { return thread_ == std::this_thread::get_id(); }
  void run_there(std::move_only_function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  void touched(std::uint64_t) override { ++touched_; }
  void run() {
    for (;;) {
      std::move_only_function<void()> task;
      {
        const std::lock_guard lock(mutex_);
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }
  int touched_count() const { return touched_; }

 private:
  const std::thread::id thread_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::deque<std::move_only_function<void()>> tasks_;
  int touched_ = 0;
};

struct Wire {
  std::shared_ptr<OneThread> thread = std::make_shared<OneThread>();
  std::shared_ptr<ScriptedSession> session;
  std::shared_ptr<Connection> connection;
  explicit Wire(const abi::SpeakerMaker* speakers = nullptr, const char* agent = "agent-1")
      : session(std::make_shared<ScriptedSession>(agent)),
        connection(std::make_shared<Connection>(2, thread, session, speakers)) {
    connection->start();
  }
  // As many turns as it takes.
  void receive(std::string_view octets) const {
    connection->receive(octets);
    while (connection->has_kept_lines()) connection->resume();
  }
  std::vector<json::Value> send(std::string_view octets) {
    receive(octets);
    return replies();
  }
  std::vector<json::Value> replies() {
    std::vector<json::Value> out;
    std::string text = connection->outbox().take();
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      EXPECT_NE(end, std::string::npos) << text;
      out.push_back(json::parse(text.substr(0, end), {.bytes_max = 2 << 20}).value());
      text.erase(0, end + 1);
    }
    return out;
  }
};

std::string_view error_name(const json::Value& reply) {
  const json::Value* error = reply.find("error");
  const json::Value* data = error != nullptr ? error->find("data") : nullptr;
  return data != nullptr ? data->string_or("error", "?") : "none";
}
std::string request(int id, const std::string& method, const std::string& params = "{}") {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method + R"(","params":)" + params +
         "}\n";
}

TEST(Connection, answers_a_request_in_the_batch_it_came_in) {
  Wire wire;
  const auto replies = wire.send(request(7, "echo", R"({"a":1})"));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(json::write(replies[0]), R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})");
}

TEST(Connection, pipelined_requests_start_in_order_and_are_answered_each) {
  Wire wire;
  std::string octets;
  for (int i = 0; i < 1000; ++i) octets += request(i, "echo", "{\"i\":" + std::to_string(i) + "}");
  const auto replies = wire.send(octets);
  ASSERT_EQ(replies.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(replies[static_cast<std::size_t>(i)].int_or("id", -1), i);
}

TEST(Connection, replies_come_in_the_order_they_are_ready) {
  Wire wire;
  EXPECT_TRUE(wire.send(request(1, "hold") + request(2, "hold")).empty());
  EXPECT_EQ(wire.send(request(3, "echo"))[0].int_or("id", 0), 3);
  const auto held = wire.session->held();
  wire.session->release(held[1], {});
  wire.session->release(held[0], {});
  const auto replies = wire.replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].int_or("id", 0), 2);
  EXPECT_EQ(replies[1].int_or("id", 0), 1);
}

TEST(Connection, a_malformed_line_gets_its_error_and_the_next_is_served) {
  struct Case {
    const char* line;
    const char* error;
  };
  for (const Case& one :
       {Case{"{oops\n", "malformed"}, Case{"\n", "malformed"}, Case{"[]\n", "invalid_request"},
        Case{"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"echo\"}\n", "invalid_request"},
        Case{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[]}\n", "invalid_request"},
        Case{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"x\":1}\n", "invalid_request"},
        Case{"{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}\n", "invalid_request"},
        Case{"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}\n", "invalid_request"}, Case{"\xff\xfe\n", "malformed"}}) {
    Wire wire;
    const auto replies = wire.send(std::string(one.line) + request(9, "echo"));
    ASSERT_EQ(replies.size(), 2U) << one.line;
    EXPECT_EQ(error_name(replies[0]), one.error) << one.line;
    EXPECT_EQ(replies[1].int_or("id", 0), 9);
    EXPECT_EQ(wire.session->rejected(), 1) << one.line;
  }
}

TEST(Connection, an_oversize_line_is_refused_once_and_the_next_is_served) {
  Wire wire;
  std::size_t replies = 0;
  for (int i = 0; i < 40; ++i) replies += wire.send(std::string(65536, 'x')).size();
  EXPECT_EQ(replies, 1U);
  const auto after = wire.send("\n" + request(4, "echo"));
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].int_or("id", 0), 4);
  EXPECT_EQ(wire.session->rejected(), 1);
}

TEST(Connection, an_unknown_call_is_an_error_with_its_extra_facts) {
  Wire wire;
  const auto replies = wire.send(request(1, "nothing"));
  EXPECT_EQ(error_name(replies[0]), "unknown_call");
  EXPECT_EQ(replies[0].find("error")->find("data")->string_or("rule", ""), "scripted");
}

TEST(Connection, more_than_the_bound_in_flight_is_busy) {
  Wire wire;
  std::string octets;
  for (std::size_t i = 0; i < abi::rpc::kInFlightMax; ++i) octets += request(static_cast<int>(i), "hold");
  EXPECT_TRUE(wire.send(octets).empty());
  const auto replies = wire.send(request(5000, "echo"));
  EXPECT_EQ(error_name(replies.at(0)), "busy");
  wire.session->release(wire.session->held()[0], {});
  EXPECT_EQ(wire.replies().size(), 1U);
  EXPECT_EQ(error_name(wire.send(request(5001, "echo")).at(0)), "none");
}

TEST(Connection, an_id_still_under_way_is_refused) {
  Wire wire;
  wire.send(request(1, "hold"));
  EXPECT_EQ(error_name(wire.send(request(1, "echo")).at(0)), "invalid_request");
  EXPECT_EQ(wire.session->started().size(), 1U);
}

TEST(Connection, cancelling_ends_the_named_call_only) {
  Wire wire;
  wire.send(request(1, "hold") + request(2, "hold") + R"({"jsonrpc":"2.0","id":"two","method":"hold"})" + "\n");
  auto replies = wire.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"id":2}})"
                           "\n");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].int_or("id", 0), 2);
  EXPECT_EQ(error_name(replies[0]), "cancelled");
  replies = wire.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"two"}})"
                      "\n");
  EXPECT_EQ(replies.at(0).string_or("id", ""), "two");
  EXPECT_TRUE(wire.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"id":77}})"
                        "\n")
                  .empty());
  EXPECT_EQ(wire.connection->in_flight(), 1U);
}

TEST(Connection, an_answer_from_another_thread_waits_for_the_serving_one) {
  Wire wire;
  EXPECT_TRUE(wire.send(request(1, "later", R"({"b":2})")).empty());
  std::vector<json::Value> replies;
  while (replies.empty()) {
    std::this_thread::yield();
    wire.thread->run();
    replies = wire.replies();
  }
  EXPECT_EQ(json::write(*replies[0].find("result")), R"({"b":2})");
}

TEST(Connection, input_that_ends_is_answered_first) {
  Wire wire;
  wire.send(request(1, "hold"));
  wire.connection->end_of_input();
  EXPECT_FALSE(wire.connection->finished());
  wire.session->release(wire.session->held()[0], {});
  EXPECT_FALSE(wire.connection->finished());
  EXPECT_EQ(wire.replies().size(), 1U);
  EXPECT_TRUE(wire.connection->finished());
}

TEST(Connection, input_that_ends_inside_a_line_is_malformed) {
  Wire wire;
  EXPECT_TRUE(wire.send("{\"jsonrpc\"").empty());
  wire.connection->end_of_input();
  EXPECT_EQ(error_name(wire.replies().at(0)), "malformed");
  EXPECT_EQ(wire.session->rejected(), 1);
}

TEST(Connection, who_does_not_read_is_not_read_from) {
  Wire wire;
  std::string octets;
  for (int i = 0; i < 20; ++i) octets += request(i, "big", R"({"size":300000})");
  wire.receive(octets);
  EXPECT_FALSE(wire.connection->wants_input());
  EXPECT_LT(wire.connection->outbox().size(), kOutboxPauseBytes + 400'000);
  EXPECT_EQ(wire.session->started().size(), 4U);
  std::size_t answered = 0;
  for (int round = 0; round < 10; ++round) {
    answered += wire.replies().size();
    do wire.connection->resume();
    while (wire.connection->has_kept_lines());
  }
  EXPECT_EQ(answered, 20U);
  EXPECT_TRUE(wire.connection->wants_input());
}

TEST(Connection, too_much_unread_is_the_end_of_it) {
  Wire wire;
  const std::string text(100'000, 'n');
  for (int i = 0; i < 100 && !wire.connection->finished(); ++i) {
    wire.session->notify("notifications/signal", "{\"text\":\"" + text + "\"}");
  }
  EXPECT_TRUE(wire.connection->finished());
  EXPECT_LT(wire.connection->outbox().size(), kOutboxBytesMax + 200'000);
}

TEST(Connection, a_reply_beyond_a_line_is_an_error) {
  Wire wire;
  EXPECT_EQ(error_name(wire.send(request(1, "big", R"({"size":1048577})")).at(0)), "too_large");
}

TEST(Connection, notifications_reach_the_client) {
  Wire wire;
  wire.session->notify("notifications/signal", R"({"signal":"SIGTERM"})");
  EXPECT_EQ(json::write(wire.replies().at(0)),
            R"({"jsonrpc":"2.0","method":"notifications/signal","params":{"signal":"SIGTERM"}})");
}

TEST(Connection, the_kernel_may_end_it) {
  Wire wire;
  wire.send(request(1, "echo"));
  wire.session->end();
  wire.thread->run();
  EXPECT_TRUE(wire.connection->closing());
  EXPECT_TRUE(wire.connection->finished());
}

// Speaks "hi": each line is a call of the method it names, answered with "<agent> <reply>".
class Parrot final : public abi::Speaker {
 public:
  explicit Parrot(abi::SpokenLine& line) : line_(line) {}
  void take(std::string_view text) override {
    auto message = json::parse(text);
    const std::string method = message ? std::string(message->string_or("method", "")) : std::string();
    if (method == "hi") return line_.write("\"hello\"\n", {});
    if (method == "stop") return line_.cancel(std::int64_t{7});
    const bool taken = line_.submit(std::int64_t{7}, method, json::Object{}, [this](abi::CallOutput output) {
      json::Object said{{"agent", line_.agent()}, {"ok", output.status.has_value()}};
      line_.write(json::write(json::Value(std::move(said))) + "\n", std::move(output.descriptors));
    });
    if (!taken) line_.write("\"busy\"\n", {});
  }
  void too_long() override { line_.write("\"too long\"\n", {}); }
  void notified(const abi::Notification& notification) override {
    line_.write("\"" + notification.method + "\"\n", {});
  }

 private:
  abi::SpokenLine& line_;
};
const abi::SpeakerMaker kParrots = [](std::string_view method, const json::Value&, abi::SpokenLine& line) {
  return method == "hi" ? std::make_unique<Parrot>(line) : nullptr;
};

TEST(SpokenConnection, is_spoken_with_from_its_first_line_on) {
  Wire wire(&kParrots);
  auto replies = wire.send(request(1, "hi") + request(2, "echo"));
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(json::write(replies[0]), "\"hello\"");
  EXPECT_EQ(json::write(replies[1]), R"({"agent":"agent-1","ok":true})");
  wire.session->notify("notifications/signal", "{}");
  replies = wire.send(std::string(abi::rpc::kLineBytesMax + 1, 'x') + "\n");
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(json::write(replies[0]), "\"notifications/signal\"");
  EXPECT_EQ(json::write(replies[1]), "\"too long\"");
}

TEST(SpokenConnection, only_the_first_line_decides) {
  Wire wire(&kParrots);
  const auto replies = wire.send(request(1, "echo") + request(2, "hi"));
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(error_name(replies[1]), "unknown_call");
}

TEST(SpokenConnection, an_operators_is_never_spoken_with) {
  Wire wire(&kParrots, "");
  EXPECT_EQ(error_name(wire.send(request(1, "hi")).at(0)), "unknown_call");
}

TEST(SpokenConnection, its_calls_are_bounded_cancelled_and_forgotten_with_it) {
  Wire wire(&kParrots);
  std::string lines = request(1, "hi");
  for (std::size_t i = 0; i <= abi::rpc::kInFlightMax; ++i) lines += request(2, "hold");
  EXPECT_EQ(json::write(wire.send(lines).at(1)), "\"busy\"");
  EXPECT_EQ(wire.send(request(3, "stop")).size(), abi::rpc::kInFlightMax);
  wire.send(request(2, "hold"));
  wire.connection->close();
  wire.session->release(wire.session->held().at(0), {});
  EXPECT_TRUE(wire.replies().empty());
}

}  // namespace
}  // namespace agentos::unix_door
