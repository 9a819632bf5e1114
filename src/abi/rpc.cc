// Strict reading and canonical writing of JSON-RPC lines.
#include "abi/rpc.h"

#include "abi/codes.h"

namespace agentos::abi::rpc {
namespace {

constexpr std::int64_t kIdMax = 9'007'199'254'740'991;

bool read_id(const json::Value& value, Id& out) {
  if (value.is_null()) {
    out = std::monostate{};
    return true;
  }
  if (value.is_int() && value.as_int() >= -kIdMax && value.as_int() <= kIdMax) {
    out = value.as_int();
    return true;
  }
  if (value.is_string() && value.as_string().size() <= kIdBytesMax) {
    out = value.as_string();
    return true;
  }
  return false;
}

void write_id(const Id& id, std::string& out) {
  if (const auto* number = std::get_if<std::int64_t>(&id)) {
    json::write_int(*number, out);
  } else if (const auto* text = std::get_if<std::string>(&id)) {
    json::write_string(*text, out);
  } else {
    out += "null";
  }
}

std::unexpected<Rejected> reject(Id id, std::string message, std::string hint = {}) {
  return std::unexpected(Rejected{std::move(id), Error{error::invalid_request, std::move(message), std::move(hint)}});
}

std::expected<Message, Rejected> read_call(json::Object& object, Message message, bool has_id) {
  json::Value* method = object.find("method");
  if (!method->is_string() || method->as_string().empty() || method->as_string().size() > kMethodBytesMax) {
    return reject(message.id, "\"method\" must be text of 1 to 128 octets");
  }
  message.method = std::move(method->as_string());
  if (json::Value* params = object.find("params")) {
    if (!params->is_object() && !params->is_null()) return reject(message.id, "\"params\" must be an object");
    if (params->is_null()) {
      return std::unexpected(
          Rejected{message.id, Error{error::invalid_argument, "\"params\" must be an object, not null",
                                     "leave it out when there are none"}});
    }
    message.params = std::move(*params);
  }
  message.kind = has_id ? Message::Kind::kRequest : Message::Kind::kNotification;
  return message;
}

}  // namespace

std::expected<Message, Rejected> parse(std::string_view line) {
  if (line.size() > kLineBytesMax) {
    return std::unexpected(
        Rejected{{}, Error{error::too_large, "the line is longer than 1048576 octets", "send big data in ranges"}});
  }
  auto parsed = json::parse(line, {.bytes_max = kLineBytesMax, .depth_max = kDepthMax, .values_max = kValuesMax});
  if (!parsed)
    return std::unexpected(Rejected{{}, Error{error::malformed, parsed.error().message, parsed.error().hint}});
  if (parsed->is_array()) return reject({}, "batches are not supported", "send one message a line");
  if (!parsed->is_object()) return reject({}, "a message must be an object");
  json::Object& object = parsed->as_object();
  Message message;
  const json::Value* id = object.find("id");
  if (id != nullptr && !read_id(*id, message.id)) {
    return reject({}, "\"id\" must be an integer within 2^53-1 or text of at most 128 octets");
  }
  const json::Value* version = object.find("jsonrpc");
  if (version == nullptr || !version->is_string() || version->as_string() != "2.0") {
    return reject(message.id, "\"jsonrpc\" must be \"2.0\"");
  }
  const bool is_call = object.find("method") != nullptr;
  for (const auto& [key, value] : object) {
    const bool known = key == "jsonrpc" || key == "id" ||
                       (is_call ? key == "method" || key == "params" : key == "result" || key == "error");
    if (!known) return reject(message.id, "unknown member \"" + key.substr(0, 64) + "\"");
  }
  if (is_call) return read_call(object, std::move(message), id != nullptr);
  json::Value* result = object.find("result");
  json::Value* error = object.find("error");
  if (id == nullptr || (result == nullptr) == (error == nullptr)) {
    return reject(message.id, "a message needs \"method\", or \"id\" with one of \"result\" and \"error\"");
  }
  message.kind = Message::Kind::kResponse;
  message.is_error = error != nullptr;
  if (result != nullptr) message.result = std::move(*result);
  if (error != nullptr) message.error = std::move(*error);
  return message;
}

void write_request(std::string& out, const Id& id, std::string_view method, std::string_view params_json) {
  out += R"({"jsonrpc":"2.0","id":)";
  write_id(id, out);
  out += R"(,"method":)";
  json::write_string(method, out);
  out += R"(,"params":)";
  out += params_json;
  out += "}\n";
}

void write_notification(std::string& out, std::string_view method, std::string_view params_json) {
  out += R"({"jsonrpc":"2.0","method":)";
  json::write_string(method, out);
  out += R"(,"params":)";
  out += params_json;
  out += "}\n";
}

void write_result(std::string& out, const Id& id, std::string_view result_json) {
  out += R"({"jsonrpc":"2.0","id":)";
  write_id(id, out);
  out += R"(,"result":)";
  out += result_json;
  out += "}\n";
}

void write_error(std::string& out, const Id& id, const Error& error, const json::Object& extra) {
  const ErrorInfo& info = error_info(error.code);
  json::Object data = extra;
  data["code"] = info.code;
  data["error"] = info.name;
  if (!error.hint.empty()) data["hint"] = json::to_valid_utf8(error.hint);
  json::Object body;
  body["code"] = info.jsonrpc;
  body["message"] = error.message.empty() ? std::string(info.sentence) : json::to_valid_utf8(error.message);
  body["data"] = std::move(data);
  out += R"({"jsonrpc":"2.0","id":)";
  write_id(id, out);
  out += R"(,"error":)";
  json::write(json::Value(std::move(body)), out);
  out += "}\n";
}

Error error_of(const json::Value& error) {
  Error out{error::internal, std::string(error.string_or("message", "the kernel answered with an error")), {}};
  const json::Value* data = error.find("data");
  if (data == nullptr) return out;
  if (const ErrorInfo* info = find_error(data->string_or("error", ""))) {
    out.code = static_cast<ErrorCode>(info->code);
  }
  out.hint = data->string_or("hint", "");
  return out;
}

}  // namespace agentos::abi::rpc
