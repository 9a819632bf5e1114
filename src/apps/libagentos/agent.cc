// Agents of this program and their calls: any call as JSON, write and read as octets.
#include <algorithm>
#include <cstring>

#include "abi/calls.h"
#include "apps/libagentos/boundary.h"
#include "apps/libagentos/handles.h"
#include "apps/libagentos/options.h"

namespace agentos::c {
namespace {

// The typed form has no decoder before it, so what a decoder would refuse is refused, and recorded, here.
Result<std::string> path_for(abi::Session& session, const char* path) {
  auto text = text_of(path, "path");
  if (text && text->size() > abi::kPathRules.size_max) {
    text = fail(abi::error::invalid_argument,
                "path is longer than " + std::to_string(abi::kPathRules.size_max) + " octets");
  }
  if (!text) session.reject(text.error());
  return text;
}

Status read_into(agentos_agent& agent, const char* path, std::int64_t offset, void* buffer, std::size_t capacity,
                 std::size_t& size) {
  abi::ReadRequest request;
  request.path = TRY(path_for(*agent.session, path));
  request.offset = offset;
  request.size = static_cast<std::int64_t>(std::min<std::size_t>(capacity, abi::kReadSizeMax));
  const abi::ReadReply reply = TRY(agent.session->call(request));
  size = std::min(reply.data.size(), capacity);
  if (size > 0) std::memcpy(buffer, reply.data.view().data(), size);
  return {};
}

}  // namespace
}  // namespace agentos::c

using agentos::Status;
using agentos::c::guarded;
using agentos::c::need;
using agentos::json::Object;

int agentos_agent_create(agentos_kernel* kernel, const char* options_json, agentos_agent** agent,
                         agentos_failure* failure) {
  if (agent != nullptr) *agent = nullptr;
  return guarded(failure, [&](Object&) -> Status {
    TRY(need(kernel, "kernel"));
    TRY(need(static_cast<const void*>(agent), "agent"));
    auto options = TRY(agentos::c::read_agent_options(options_json == nullptr ? "{}" : options_json));
    auto session = TRY(kernel->opened->kernel->create_agent(std::move(options)));
    std::string id = session->agent();
    *agent = new agentos_agent{kernel->opened, std::move(session), std::move(id)};
    return {};
  });
}

void agentos_agent_close(agentos_agent* agent) {
  if (agent == nullptr) return;
  guarded(nullptr, [&](Object&) -> Status {
    delete agent;
    return {};
  });
}

const char* agentos_agent_id(const agentos_agent* agent) { return agent == nullptr ? nullptr : agent->id.c_str(); }

int agentos_call_descriptor(agentos_agent* agent, const char* call, const char* request_json, char** reply_json,
                            int* descriptor, agentos_failure* failure) {
  if (reply_json != nullptr) *reply_json = nullptr;
  if (descriptor != nullptr) *descriptor = -1;
  return guarded(failure, [&](Object& denial) -> Status {
    TRY(need(agent, "agent"));
    return agentos::c::call_and_wait(*agent->session, call, request_json, reply_json, descriptor, denial);
  });
}

int agentos_call(agentos_agent* agent, const char* call, const char* request_json, char** reply_json,
                 agentos_failure* failure) {
  return agentos_call_descriptor(agent, call, request_json, reply_json, nullptr, failure);
}

int agentos_write(agentos_agent* agent, const char* path, const void* data, size_t size, agentos_failure* failure) {
  return guarded(failure, [&](Object&) -> Status {
    TRY(need(agent, "agent"));
    if (size > 0) TRY(need(data, "data"));
    agentos::abi::WriteRequest request;
    request.path = TRY(agentos::c::path_for(*agent->session, path));
    if (size > 0) request.data.content.assign(static_cast<const char*>(data), size);
    TRY(agent->session->call(request));
    return {};
  });
}

int agentos_read(agentos_agent* agent, const char* path, int64_t offset, void* buffer, size_t capacity, size_t* size,
                 agentos_failure* failure) {
  if (size != nullptr) *size = 0;
  return guarded(failure, [&](Object&) -> Status {
    TRY(need(agent, "agent"));
    TRY(need(size, "size"));
    if (capacity > 0) TRY(need(buffer, "buffer"));
    return agentos::c::read_into(*agent, path, offset, buffer, capacity, *size);
  });
}
