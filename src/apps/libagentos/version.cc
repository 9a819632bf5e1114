// What this library is, and memory that it gave away.
#include <cstdlib>

#include "abi/codes.h"
#include "abi/table.h"
#include "sdk/c/agentos.h"

const char* agentos_version(void) { return AGENTOS_VERSION; }

int64_t agentos_abi_revision(void) { return agentos::abi::kAbiRevision; }

const char* agentos_error_name(int code) {
  if (code == AGENTOS_OK) return "ok";
  for (const agentos::abi::ErrorInfo& error : agentos::abi::errors()) {
    if (error.code == code) return error.name.data();  // of string literals, so it ends with a NUL
  }
  return nullptr;
}

void agentos_free(void* memory) { std::free(memory); }
