// Sending without ever blocking, and passing descriptors with SCM_RIGHTS.
#include "server/unix_door/outbox.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace agentos::unix_door {
namespace {

constexpr std::size_t kSendDescriptorsMax = 8;

ssize_t send_with_descriptors(int socket, std::string_view octets, const std::vector<io::Fd>& descriptors) {
  alignas(cmsghdr) char control[CMSG_SPACE(kSendDescriptorsMax * sizeof(int))] = {};
  iovec vector{const_cast<char*>(octets.data()), octets.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  int numbers[kSendDescriptorsMax];
  for (std::size_t i = 0; i < descriptors.size(); ++i) numbers[i] = descriptors[i].get();
  std::memcpy(CMSG_DATA(header), numbers, descriptors.size() * sizeof(int));
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

void Outbox::attach(std::size_t start, std::vector<io::Fd> descriptors) {
  CHECK(descriptors.size() <= kSendDescriptorsMax);
  if (descriptors.empty()) return;
  attachments_.push_back({sent_ + start, text_.size(), std::move(descriptors)});
}

Outbox::Flush Outbox::flush(int socket) {
  while (!empty()) {
    std::string_view rest = std::string_view(text_).substr(sent_);
    ssize_t sent = 0;
    if (attachments_.empty()) {
      sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (const Attachment& next = attachments_.front(); next.begin > sent_) {
      sent = ::send(socket, rest.data(), next.begin - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (next.descriptors.empty()) {  // they have left; the rest of the line follows alone
      sent = ::send(socket, rest.data(), next.end - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
      sent = send_with_descriptors(socket, rest.substr(0, next.end - sent_), next.descriptors);
      if (sent > 0) attachments_.front().descriptors.clear();
    }
    if (sent > 0) {
      consume(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno == EINTR) {
      continue;
    } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return Flush::kWouldBlock;
    } else {
      return Flush::kBroken;
    }
  }
  return Flush::kSentAll;
}

void Outbox::consume(std::size_t octets) {
  sent_ += octets;
  if (!attachments_.empty() && attachments_.front().end <= sent_) attachments_.erase(attachments_.begin());
  if (empty()) {
    sent_ = 0;
    if (text_.capacity() > kKeepBytes) {
      std::string().swap(text_);
    } else {
      text_.clear();
    }
  } else if (sent_ >= kCompactBytes && sent_ >= text_.size() / 2) {
    for (Attachment& attachment : attachments_) {
      attachment.begin -= std::min(attachment.begin, sent_);
      attachment.end -= sent_;
    }
    text_.erase(0, sent_);
    sent_ = 0;
  }
}

std::string Outbox::take() {
  std::string out = text_.substr(sent_);
  attachments_.clear();
  consume(size());
  return out;
}

}  // namespace agentos::unix_door
