// Heads that are read, and every trick that two servers could read differently refused.
#include "lib/egress/request_head.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

std::string why(std::string_view head) {
  const auto request = read_request_head(head);
  return request ? "it is read" : request.error().message;
}

TEST(RequestHead, absolute_form_names_host_port_and_path) {
  const auto request =
      read_request_head("GET http://API.example.com:8080/a/../b?q=1 HTTP/1.1\r\nHost: api.example.com:8080\r\n\r\n");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->form, TargetForm::kAbsolute);
  EXPECT_EQ(request->host, "api.example.com");
  EXPECT_EQ(request->port, 8080);
  EXPECT_EQ(request->path, "/b?q=1");
  EXPECT_TRUE(request->keeps_open);
}

TEST(RequestHead, connect_names_host_and_port) {
  const auto request = read_request_head("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->form, TargetForm::kAuthority);
  EXPECT_EQ(request->host, "2001:db8::1");
  EXPECT_EQ(request->port, 443);
}

TEST(RequestHead, every_notation_of_an_address_is_that_address) {
  for (const char* host :
       {"2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518", "169.16689662",
        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "169.254.169.254.", "%31%36%39.254.169.254"}) {
    const auto request =
        read_request_head("GET http://" + std::string(host) + "/latest HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    ASSERT_TRUE(request.has_value()) << host << ": " << request.error().message;
    EXPECT_EQ(request->host, "169.254.169.254") << host;
  }
}

TEST(RequestHead, smuggling_is_refused) {
  const std::string start = "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\n";
  EXPECT_NE(why(start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n").find("more than one"), std::string::npos);
  EXPECT_NE(why(start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n").find("more than one"), std::string::npos);
  EXPECT_NE(why(start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n").find("both"), std::string::npos);
  EXPECT_NE(why(start + "Transfer-Encoding: xchunked\r\n\r\n").find("not \"chunked\""), std::string::npos);
  EXPECT_NE(why(start + "Transfer-Encoding: gzip, chunked\r\n\r\n").find("not \"chunked\""), std::string::npos);
  EXPECT_NE(why(start + "Content-Length: +1\r\n\r\n").find("not a number"), std::string::npos);
  EXPECT_NE(why(start + "Content-Length: 0x1\r\n\r\n").find("not a number"), std::string::npos);
  EXPECT_NE(why(start + "Content-Length: 1, 1\r\n\r\n").find("not a number"), std::string::npos);
  EXPECT_NE(why(start + "Content-Length : 1\r\n\r\n").find("name and a colon"), std::string::npos);
  EXPECT_NE(why(start + "X: a\r\n b\r\n\r\n").find("folded"), std::string::npos);
  EXPECT_NE(why(start + "X: a\nY: b\r\n\r\n").find("control character"), std::string::npos);
  EXPECT_NE(why(start + "X: a\rY: b\r\n\r\n").find("CR LF"), std::string::npos);
  EXPECT_NE(why(start + std::string("X: a\0b\r\n\r\n", 11)).find("control character"), std::string::npos);
  EXPECT_NE(
      why("GET http://a.example/ HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n").find("HTTP/1.0"),
      std::string::npos);
}

TEST(RequestHead, host_and_target_must_agree) {
  EXPECT_NE(why("GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n").find("another server"), std::string::npos);
  EXPECT_NE(why("GET http://a.example/ HTTP/1.1\r\nHost: a.example:81\r\n\r\n").find("another server"),
            std::string::npos);
  EXPECT_NE(why("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n").find("more than one"),
            std::string::npos);
  EXPECT_NE(why("GET http://a.example/ HTTP/1.1\r\n\r\n").find("no Host"), std::string::npos);
  EXPECT_NE(why("GET http://u:p@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n").find("read differently"),
            std::string::npos);
  EXPECT_NE(why("GET http://a.example\\@b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"), "it is read");
  EXPECT_NE(why("CONNECT a.example HTTP/1.1\r\nHost: a.example\r\n\r\n").find("port is missing"), std::string::npos);
  EXPECT_NE(why("CONNECT a.example:0 HTTP/1.1\r\nHost: a.example\r\n\r\n").find("1 and 65535"), std::string::npos);
  EXPECT_NE(why("GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"), "it is read");
  EXPECT_NE(why("GET  http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"), "it is read");
  EXPECT_NE(why("GET http://a.example/ HTTP/2.0\r\nHost: a.example\r\n\r\n"), "it is read");
}

TEST(RequestHead, a_path_or_method_that_servers_may_take_for_another_is_refused) {
  const std::string end = " HTTP/1.1\r\nHost: a.example\r\n\r\n";
  EXPECT_NE(why("GET http://a.example/pub/..%2fadmin" + end).find("hides"), std::string::npos);
  EXPECT_NE(why("GET http://a.example/pub/..;/admin" + end).find("hides"), std::string::npos);
  EXPECT_NE(why("GET http://a.example/pub/%252e%252e/admin" + end).find("hides"), std::string::npos);
  EXPECT_EQ(why("GET http://a.example/pub/group%2Fproject?next=..%2f" + end), "it is read");
  EXPECT_NE(why("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX-HTTP-Method-Override: DELETE\r\n\r\n")
                .find("another method or path"),
            std::string::npos);
}

TEST(RequestHead, only_what_was_decided_is_sent_on) {
  const std::string head =
      "GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nProxy-Connection: keep-alive\r\nConnection: X-Gone, "
      "Content-Length\r\nX-Gone: 1\r\nProxy-Authorization: Basic x\r\nAuthorization: placeholder\r\nUpgrade: "
      "h2c\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n";
  const auto request = read_request_head(head);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(
      write_request_head(*request, "b.example", {"Authorization", "Bearer s", {}}),
      "GET /x HTTP/1.1\r\nHost: b.example\r\nAccept: */*\r\nContent-Length: 0\r\nAuthorization: Bearer s\r\n\r\n");
  EXPECT_TRUE(write_request_head(*request, "b.example", {{}, {}, "key=v"}).starts_with("GET /x?key=v HTTP/1.1\r\n"));
}

TEST(RequestHead, a_plain_answer_is_a_whole_one) {
  const auto request = read_request_head(
      "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nRange: bytes=0-9\r\nIf-Range: x\r\nAccept-Encoding: "
      "br\r\nAccept: y\r\n\r\n");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  Injection injection;
  injection.plain_answer = true;
  EXPECT_EQ(write_request_head(*request, "a.example", injection),
            "GET / HTTP/1.1\r\nHost: a.example\r\nAccept: y\r\nAccept-Encoding: identity\r\n\r\n");
}

TEST(RequestHead, a_head_is_bounded) {
  EXPECT_EQ(*head_size("GET / HTTP/1.1\r\n"), 0U);
  EXPECT_EQ(*head_size("GET / HTTP/1.1\r\n\r\nbody"), 18U);
  EXPECT_EQ(head_size(std::string(kHeadBytesMax, 'a')).error().code, ErrorCode::kTooLarge);
  std::string many = "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n";
  for (std::size_t i = 0; i < kFieldsMax; ++i) many += "X: y\r\n";
  EXPECT_NE(why(many + "\r\n").find("more than 128 fields"), std::string::npos);
}

}  // namespace
}  // namespace agentos::egress
