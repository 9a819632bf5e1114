// The matrix of promises: what a confined program can not do, and which mechanism holds it on which host.
//
// The rows are isolation.def. Thread rule: pure functions over constants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agentos::sandbox {

enum class Promise : std::uint8_t {
#define PROMISE(id, sentence) id,
#include "lib/sandbox/isolation.def"
};

// What a host gives, as far as promises depend on it.
struct HostOffer {
  int landlock_abi = 0;
  bool namespaces = false;
  bool root = false;    // init may change its user
  bool cgroup = false;  // with the controllers that limits need
};

std::vector<Promise> promises();
std::string_view name_of(Promise promise);
std::string_view sentence_of(Promise promise);

// Names of the mechanisms, strongest claim first as the rows have them; empty: not promised.
std::vector<std::string_view> holders(Promise promise, const HostOffer& host);
inline bool held(Promise promise, const HostOffer& host) { return !holders(promise, host).empty(); }

// docs/reference/isolation.md.
std::string isolation_page();

}  // namespace agentos::sandbox
