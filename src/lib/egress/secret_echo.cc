// Plain searches: a head is bounded, and a body is only searched on a route with a secret.
#include "lib/egress/secret_echo.h"

#include <string.h>

#include <algorithm>
#include <cctype>

namespace agentos::egress {
namespace {

// As a query's value is written by who decodes and encodes it again: all but RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (std::isalnum(octet) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      ((out += '%') += kHex[octet >> 4]) += kHex[octet & 15];
    }
  }
  return out;
}

void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace

void SecretEcho::watch_for(std::string_view secret, std::string_view sent) {
  forget();
  for (std::string form : {std::string(secret), percent_encoded(secret), std::string(sent)}) {
    if (form.size() >= kEchoBytesMin && std::find(forms_.begin(), forms_.end(), form) == forms_.end()) {
      forms_.push_back(std::move(form));
    } else {
      wipe(form);
    }
  }
}

void SecretEcho::forget() {
  for (std::string& form : forms_) wipe(form);
  forms_.clear();
  wipe(held_);
}

std::string SecretEcho::cleaned(std::string head) const {
  constexpr std::string_view kInstead = "[secret]";
  for (const std::string& form : forms_) {
    for (std::size_t at = head.find(form); at != std::string::npos; at = head.find(form, at + kInstead.size())) {
      head.replace(at, form.size(), kInstead);
    }
  }
  return head;
}

bool SecretEcho::pass(std::string_view octets, bool last, std::string& out) {
  if (forms_.empty()) {
    out += octets;
    return true;
  }
  held_ += octets;
  std::size_t waits = 0;
  for (const std::string& form : forms_) {
    if (held_.find(form) != std::string::npos) return false;
    std::size_t size = std::min(form.size() - 1, held_.size());
    while (size > waits && !held_.ends_with(std::string_view(form).substr(0, size))) --size;
    waits = std::max(waits, size);
  }
  if (last) waits = 0;
  out.append(held_, 0, held_.size() - waits);
  held_.erase(0, held_.size() - waits);
  return true;
}

}  // namespace agentos::egress
