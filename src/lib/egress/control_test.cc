// Messages and settings mean the same on both sides.
#include "lib/egress/control.h"

#include <gtest/gtest.h>

#include "lib/egress/settings.h"

namespace agentos::egress {
namespace {

TEST(Control, a_message_is_read_as_it_was_written) {
  ControlMessage message;
  message.verb = Verb::kAsk;
  message.id = 7;
  message.about = 6;
  message.channel = 3;
  message.family = "run-1";
  message.call = "connect";
  message.params = json::Object{{"host", "a.example"}};
  message.addresses = {"1.2.3.4"};
  message.bytes = 5;
  message.message = "why \xff";
  message.timed_out = true;
  const auto read = read_control(write_control(message));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->verb, Verb::kAsk);
  EXPECT_EQ(read->id, 7U);
  EXPECT_EQ(read->about, 6U);
  EXPECT_EQ(read->channel, 3U);
  EXPECT_EQ(read->family, "run-1");
  EXPECT_EQ(read->params, message.params);
  EXPECT_EQ(read->addresses, message.addresses);
  EXPECT_EQ(read->bytes, 5);
  EXPECT_EQ(read->message, "why \xef\xbf\xbd");
  EXPECT_TRUE(read->timed_out);
  EXPECT_FALSE(read_control("{\"verb\":\"no\"}").has_value());
  EXPECT_FALSE(read_control("[]").has_value());
}

TEST(Settings, are_read_as_they_were_written) {
  Settings settings = Settings::of_host("# x\nnameserver 192.0.2.1\nnameserver fe80::1\noptions a\nnameserver bad\n",
                                        "127.0.0.1 localhost Me.example # c\n::1 localhost\nbad line\n");
  EXPECT_EQ(settings.name_servers.size(), 2U);
  EXPECT_EQ(settings.hosts["localhost"].size(), 2U);
  EXPECT_EQ(settings.hosts["me.example"].size(), 1U);
  settings.routes.push_back({"api.internal", true, "api.example.com", 443, "key", Placement::kHeader, "X", "p "});
  settings.rehearsal[{*net::parse_ip("1.2.3.4"), 80}] = {*net::parse_ip("127.0.0.1"), 8080};
  const auto read = Settings::read(settings.write());
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->write(), settings.write());
}

}  // namespace
}  // namespace agentos::egress
