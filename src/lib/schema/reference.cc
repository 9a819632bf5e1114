// Pointers are walked key by key; URIs are merged on their path only.
#include "lib/schema/reference.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace agentos::schema {

namespace {

std::string unescape(std::string_view part) {
  std::string key;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool tilde = part[i] == '~' && i + 1 < part.size();
    if (tilde && part[i + 1] == '0') {
      key += '~';
      ++i;
    } else if (tilde && part[i + 1] == '1') {
      key += '/';
      ++i;
    } else {
      key += part[i];
    }
  }
  return key;
}

const json::Value* child_of(const json::Value& value, std::string_view part) {
  if (value.is_object()) return value.find(unescape(part));
  if (!value.is_array()) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool whole = error == std::errc() && end == part.data() + part.size() && (part.size() == 1 || part[0] != '0');
  return whole && index < value.as_array().size() ? &value.as_array()[index] : nullptr;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Length of "scheme:" at the start, or 0.
std::size_t scheme_length(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || uri.find_first_of("/?#") < colon) return 0;
  return colon + 1;
}

// Length of "scheme://authority" at the start.
std::size_t origin_length(std::string_view uri) {
  const std::size_t scheme = scheme_length(uri);
  if (!uri.substr(scheme).starts_with("//")) return scheme;
  const std::size_t end = uri.find_first_of("/?#", scheme + 2);
  return end == std::string_view::npos ? uri.size() : end;
}

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool rooted = path.starts_with('/');
  bool folder = false;
  for (std::size_t at = rooted ? 1 : 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    folder = part == "." || part == "..";
    if (part == ".." && !kept.empty()) kept.pop_back();
    if (!folder) kept.push_back(part);
    at = end + 1;
  }
  std::string out;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (rooted || i > 0) out += '/';
    out += kept[i];
  }
  if (folder || out.empty()) out += rooted || folder ? "/" : "";
  return out;
}

}  // namespace

std::string child_pointer(std::string_view pointer, std::string_view key) {
  std::string out(pointer);
  out += '/';
  for (char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

const json::Value* resolve_pointer(const json::Value& document, std::string_view pointer) {
  const json::Value* value = &document;
  while (value != nullptr && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    value = child_of(*value, pointer.substr(1, end - 1));
    pointer.remove_prefix(end);
  }
  return value;
}

std::string percent_decode(std::string_view fragment) {
  std::string out;
  for (std::size_t i = 0; i < fragment.size(); ++i) {
    const int high = fragment[i] == '%' && i + 2 < fragment.size() ? hex_digit(fragment[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(fragment[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += fragment[i];
    }
  }
  return out;
}

UriReference resolve_uri(std::string_view base, std::string_view reference) {
  UriReference out;
  const std::size_t hash = reference.find('#');
  if (hash != std::string_view::npos) out.fragment = percent_decode(reference.substr(hash + 1));
  reference = reference.substr(0, hash);
  base = base.substr(0, base.find('#'));
  if (reference.empty()) {
    out.uri = base;
  } else if (scheme_length(reference) > 0) {
    out.uri = reference;
  } else if (reference.starts_with("//")) {
    out.uri = std::string(base.substr(0, scheme_length(base))) + std::string(reference);
  } else {
    const std::size_t origin = origin_length(base);
    const std::string_view path = base.substr(origin, base.find('?', origin) - origin);
    const std::size_t slash = path.rfind('/');
    std::string merged(reference);
    if (!reference.starts_with('/') && slash != std::string_view::npos) {
      merged = std::string(path.substr(0, slash + 1)) + merged;
    } else if (!reference.starts_with('/') && origin > 0) {
      // A base such as urn:uuid:... has no folder; what is relative to it replaces its last part.
      merged = "/" + merged;
    }
    out.uri = std::string(base.substr(0, origin)) + without_dots(merged);
  }
  return out;
}

}  // namespace agentos::schema
