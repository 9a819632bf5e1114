// McpServer against servers of the test: a thread at the other ends of its pipes.
#include "lib/tool/executors/mcp/mcp_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <future>
#include <thread>

#include "lib/tool/executors/mcp/mcp_executor.h"

namespace agentos::tool {
namespace {

constexpr auto kLongEnough = std::chrono::seconds(30);

// A process that is a thread: answers each line as the test says, ends when its input closes or the test says so.
class ThreadProcess final : public McpProcess {
 public:
  using Answer = std::function<std::string(const mcp::Message&)>;  // octets; "END" ends it
  ThreadProcess(McpPipes pipes, Answer answer, std::function<void(std::string)> ended)
      : thread_([pipes = std::move(pipes), answer = std::move(answer), ended = std::move(ended)]() mutable {
          mcp::LineReader reader;
          std::array<char, 4096> buffer;
          for (bool open = true; open;) {
            const ssize_t size = ::read(pipes.server_input.get(), buffer.data(), buffer.size());
            if (size <= 0) break;
            reader.feed({buffer.data(), static_cast<std::size_t>(size)});
            std::string_view line;
            while (open && reader.next(line) == mcp::LineReader::Step::kLine) {
              auto messages = mcp::parse(line, mcp::Batches::kRefused);
              const std::string octets = messages ? answer(messages->front()) : std::string();
              if (octets == "END") {
                open = false;
              } else if (!octets.empty() && ::write(pipes.server_output.get(), octets.data(), octets.size()) < 0) {
                open = false;
              }
            }
          }
          pipes.server_input.reset();
          pipes.server_output.reset();
          ended("its process ended with status 1");
        }) {}
  ~ThreadProcess() override { thread_.join(); }
  void end() override {}

 private:
  std::thread thread_;
};

std::string result(const mcp::Message& message, std::string_view json) {
  return R"({"jsonrpc":"2.0","id":)" + json::write(mcp::to_json(message.id)) + R"(,"result":)" + std::string(json) +
         "}\n";
}
// A modern server with `tools`, which answers the rest with `other`.
std::string modern(const mcp::Message& message, std::string_view tools, const ThreadProcess::Answer& other) {
  if (message.method == "server/discover") {
    return result(message,
                  R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}})");
  }
  if (message.method == "tools/list") return result(message, tools);
  return other(message);
}

class McpServerTest : public testing::Test {
 protected:
  void serve(ThreadProcess::Answer answer) {
    McpServer::Events events;
    events.on_catalog = [this](const McpCatalog& catalog) {
      const std::lock_guard lock(mutex_);
      catalogs_.push_back(catalog);
      changed_.notify_all();
    };
    events.on_down = [this](const std::string& why) {
      const std::lock_guard lock(mutex_);
      downs_.push_back(why);
      changed_.notify_all();
    };
    events.may_send = [this](std::string_view, const json::Value&) { return may_send_; };
    host_ = *McpHost::start(clock_);
    server_ = std::make_shared<McpServer>(
        "s", host_,
        [answer = std::move(answer), this](
            McpPipes pipes, std::function<void(std::string)> ended) -> Result<std::shared_ptr<McpProcess>> {
          ++starts_;
          return std::make_shared<ThreadProcess>(std::move(pipes), answer, std::move(ended));
        },
        std::move(events));
    ASSERT_TRUE(server_->start().has_value());
    server_->greet({}, mcp::CallingSession::Era::kUnknown);
  }
  void TearDown() override {
    server_->stop();
    host_->end();
    server_.reset();
  }
  template <class Condition>
  bool wait_for(const Condition& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLongEnough, condition);
  }
  McpAnswer ask(std::string method, std::int64_t timeout_ms = 30'000) {
    McpServer::Request request;
    request.method = std::move(method);
    request.timeout_ms = timeout_ms;
    std::optional<McpAnswer> got;
    server_->request(std::move(request), [&](McpAnswer answer) {
      const std::lock_guard lock(mutex_);
      got = std::move(answer);
      changed_.notify_all();
    });
    EXPECT_TRUE(wait_for([&] { return got.has_value(); }));
    return got.value_or(McpAnswer{});
  }

  RealClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<McpCatalog> catalogs_;
  std::vector<std::string> downs_;
  std::atomic<int> starts_{0};
  Status may_send_;  // of what waits for the first catalogue
  std::shared_ptr<McpHost> host_;
  std::shared_ptr<McpServer> server_;
};

TEST_F(McpServerTest, lists_of_many_pages_become_one_catalogue) {
  serve([](const mcp::Message& message) {
    const bool second = message.params.string_or("cursor", "") == "2";
    return modern(message, second ? R"({"tools":[{"name":"b"}]})" : R"({"tools":[{"name":"a"}],"nextCursor":"2"})",
                  [](const mcp::Message&) { return std::string(); });
  });
  ASSERT_TRUE(wait_for([&] { return !catalogs_.empty(); }));
  EXPECT_EQ(catalogs_[0].tools.size(), 2U);
  EXPECT_EQ(catalogs_[0].revision, mcp::Revision::k2026_07_28);
}

TEST_F(McpServerTest, requests_made_before_it_is_known_are_sent_when_it_is) {
  serve([](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})", [](const mcp::Message& one) { return result(one, R"({"ok":true})"); });
  });
  EXPECT_TRUE(ask("do").result.bool_or("ok", false));
}

TEST_F(McpServerTest, what_was_asked_before_it_was_known_goes_out_after_the_catalogue_was_told) {
  std::atomic<bool> listed{false};
  std::atomic<bool> early{false};
  serve([&](const mcp::Message& message) {
    if (message.method == "tools/list") listed = true;
    return modern(message, R"({"tools":[]})", [&](const mcp::Message& one) {
      if (one.method == "do" && !listed) early = true;
      return result(one, "{}");
    });
  });
  EXPECT_FALSE(ask("do").error.has_value());
  EXPECT_FALSE(early);
}

TEST_F(McpServerTest, what_may_not_be_sent_once_the_catalogue_is_known_is_answered_here) {
  std::atomic<bool> reached{false};
  may_send_ = fail(ErrorCode::kNotFound, "it is another server");
  serve([&](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})", [&](const mcp::Message& one) {
      reached = true;
      return result(one, "{}");
    });
  });
  const McpAnswer answer = ask("do");
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->message, "it is another server");
  EXPECT_FALSE(reached);
}

TEST_F(McpServerTest, a_request_it_dies_over_is_answered_and_it_starts_again) {
  serve([](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})",
                  [](const mcp::Message& one) { return one.method == "die" ? std::string("END") : result(one, "{}"); });
  });
  ASSERT_TRUE(wait_for([&] { return !catalogs_.empty(); }));
  const McpAnswer answer = ask("die");
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_NE(answer.error->message.find("whether it acted is not known"), std::string::npos);
  EXPECT_NE(answer.error->message.find("status 1"), std::string::npos);
  ASSERT_TRUE(wait_for([&] { return catalogs_.size() >= 2; }));
  EXPECT_FALSE(ask("live").error.has_value());
  EXPECT_EQ(starts_, 2);
}

TEST_F(McpServerTest, what_is_not_answered_in_time_is_told) {
  serve([](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})", [](const mcp::Message&) { return std::string(); });
  });
  ASSERT_TRUE(wait_for([&] { return !catalogs_.empty(); }));
  const McpAnswer answer = ask("never", 150);
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->code, ErrorCode::kTimedOut);
}

TEST_F(McpServerTest, an_answer_too_large_is_told_to_who_waits_for_it) {
  serve([](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})", [](const mcp::Message& one) {
      return R"({"result":{"text":")" + std::string(mcp::kLineBytesMax, 'x') + R"("},"jsonrpc":"2.0","id":)" +
             json::write(mcp::to_json(one.id)) + "}\n";
    });
  });
  const McpAnswer answer = ask("huge");
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->code, ErrorCode::kTooLarge);
}

TEST_F(McpServerTest, too_many_lines_that_are_no_messages_end_it) {
  serve([](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})", [](const mcp::Message&) {
      std::string lines;
      for (int i = 0; i < 2 * McpServer::kGarbageLinesMax; ++i) lines += "no message\n";
      return lines;
    });
  });
  EXPECT_TRUE(ask("garbage").error.has_value());
  EXPECT_TRUE(wait_for([&] { return !downs_.empty(); }));
}

// A descriptor that is closed while it is watched gives its number to another, which then cannot be watched.
TEST_F(McpServerTest, one_stopped_with_words_unread_is_watched_no_more) {
  serve([](const mcp::Message& message) {
    return modern(message, R"({"tools":[]})", [](const mcp::Message&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      return std::string("END");
    });
  });
  ASSERT_TRUE(wait_for([&] { return !catalogs_.empty(); }));
  for (int i = 0; i < 40; ++i) {
    McpServer::Request request;
    request.method = "wedge";
    request.params = json::Object{{"text", std::string(8000, 'x')}};
    server_->request(std::move(request), [](const McpAnswer&) {});
  }
  const auto watched_but_closed = [this] {
    std::promise<int> count;
    host_->loop().post([&] {
      int found = 0;
      for (int fd = 0; fd < 1024; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        const Status status = host_->loop().modify(fd, 0);
        found += !status && status.error().code != ErrorCode::kNotFound ? 1 : 0;
      }
      count.set_value(found);
    });
    return count.get_future().get();
  };
  EXPECT_EQ(watched_but_closed(), 0);
  server_->stop();
  EXPECT_EQ(watched_but_closed(), 0);
}

TEST_F(McpServerTest, definitions_that_cannot_be_governed_have_no_manifest) {
  serve([](const mcp::Message&) { return std::string(); });
  EXPECT_FALSE(mcp_manifest("s", json::Object{{"name", "a"}}, "a").has_value());
  auto manifest = mcp_manifest(
      "s",
      json::Object{
          {"name", "a"}, {"inputSchema", json::Object{}}, {"annotations", json::Object{{"readOnlyHint", true}}}},
      "a");
  ASSERT_TRUE(manifest.has_value());
  EXPECT_TRUE(manifest->read_only);
  EXPECT_EQ(to_json(*manifest).string_or("server", ""), "s");
}

}  // namespace
}  // namespace agentos::tool
