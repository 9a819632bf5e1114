// Filling failures in place: fixed arrays, nothing allocated, texts cut between characters.
#include "apps/libagentos/boundary.h"

#include <cstdlib>
#include <cstring>

namespace agentos::c {
namespace {

template <std::size_t N>
void fill(char (&out)[N], std::string_view text) noexcept {
  std::size_t size = text.size();
  if (size > N - 1) {
    size = N - 1;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  }
  if (size > 0) std::memcpy(out, text.data(), size);
  out[size] = '\0';
}

std::string_view word(const json::Object& denial, std::string_view key) noexcept {
  const json::Value* value = denial.find(key);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

int fill_in(agentos_failure* failure, ErrorCode code, std::string_view message, std::string_view hint,
            std::string_view rule, std::string_view step) noexcept {
  const auto number = static_cast<std::int32_t>(code);
  if (failure == nullptr) return number;
  failure->code = number;
  fill(failure->name, abi::error_info(code).name);
  fill(failure->message, message);
  fill(failure->hint, hint);
  fill(failure->rule, rule);
  fill(failure->step, step);
  return number;
}

}  // namespace

int report(agentos_failure* failure, const Error& error, const json::Object& denial) noexcept {
  return fill_in(failure, error.code, error.message, error.hint, word(denial, "rule"), word(denial, "step"));
}

int report_out_of_memory(agentos_failure* failure) noexcept {
  return fill_in(failure, abi::error::no_space, "this program is out of memory", {}, {}, {});
}

int report_exception(agentos_failure* failure, const char* what) noexcept {
  return fill_in(failure, abi::error::internal, what, "please report it", {}, {});
}

void clear(agentos_failure* failure) noexcept {
  if (failure == nullptr) return;
  failure->code = 0;
  failure->name[0] = failure->message[0] = failure->hint[0] = failure->rule[0] = failure->step[0] = '\0';
}

Status need(const void* pointer, std::string_view name) {
  if (pointer != nullptr) return {};
  return fail(abi::error::invalid_argument, std::string(name) + " is NULL");
}

Result<std::string> text_of(const char* text, std::string_view name) {
  TRY(need(text, name));
  std::string copy = text;
  if (!json::valid_utf8(copy)) return fail(abi::error::invalid_argument, std::string(name) + " is not UTF-8");
  return copy;
}

char* copy_out(std::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

}  // namespace agentos::c
