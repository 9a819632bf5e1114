// Reading strictly what the protocol needs and nothing more; writing by hand.
#include "lib/mcp/message.h"

namespace agentos::mcp {
namespace {

constexpr json::ParseLimits kLimits{.bytes_max = kLineBytesMax, .depth_max = kDepthMax, .values_max = kValuesMax};

std::unexpected<Rejected> reject(Id id, std::int64_t code, std::string message) {
  return std::unexpected(Rejected{std::move(id), {code, std::move(message), {}}});
}

void write_id(std::string& out, const Id& id) {
  if (const auto* number = std::get_if<std::int64_t>(&id)) {
    json::write_int(*number, out);
  } else if (const auto* text = std::get_if<std::string>(&id)) {
    json::write_string(*text, out);
  } else {
    out += "null";
  }
}

RpcError error_of(const json::Value& value) {
  RpcError error;
  error.code = value.int_or("code", kInternalError);
  error.message = value.string_or("message", "");
  if (const json::Value* data = value.find("data")) error.data = *data;
  return error;
}

std::expected<Message, Rejected> read_message(json::Value value) {
  if (!value.is_object()) return reject({}, kInvalidRequest, "a message is a JSON object");
  Message message;
  const json::Value* id = value.find("id");
  if (id != nullptr && !id->is_null()) {
    auto read = id_of(*id);
    if (!read) return reject({}, kInvalidRequest, "\"id\" must be an integer or a string of at most 256 octets");
    message.id = std::move(*read);
  }
  if (value.string_or("jsonrpc", "") != "2.0")
    return reject(message.id, kInvalidRequest, "\"jsonrpc\" must be \"2.0\"");
  json::Object& object = value.as_object();
  if (json::Value* method = object.find("method")) {
    if (!method->is_string() || method->as_string().empty() || method->as_string().size() > kMethodBytesMax) {
      return reject(message.id, kInvalidRequest, "\"method\" must be text of 1 to 128 octets");
    }
    if (id != nullptr && id->is_null()) return reject({}, kInvalidRequest, "the \"id\" of a request must not be null");
    message.kind = id == nullptr ? Message::Kind::kNotification : Message::Kind::kRequest;
    message.method = std::move(method->as_string());
    if (json::Value* params = object.find("params"); params != nullptr && !params->is_null()) {
      if (!params->is_object()) return reject(message.id, kInvalidParams, "\"params\" must be an object");
      message.params = std::move(*params);
    }
    return message;
  }
  message.kind = Message::Kind::kResponse;
  json::Value* result = object.find("result");
  json::Value* error = object.find("error");
  if ((result == nullptr) == (error == nullptr)) {
    return reject(message.id, kInvalidRequest, "a message has a \"method\", a \"result\" or an \"error\"");
  }
  if (error != nullptr) {
    if (!error->is_object()) return reject(message.id, kInvalidRequest, "\"error\" must be an object");
    message.error = error_of(*error);
  } else {
    message.result = std::move(*result);
  }
  return message;
}

}  // namespace

std::expected<std::vector<Message>, Rejected> parse(std::string_view line, Batches batches) {
  auto value = json::parse(line, kLimits);
  if (!value) return reject({}, kParseError, "no JSON: " + value.error().message);
  std::vector<Message> messages;
  if (!value->is_array()) {
    auto message = read_message(std::move(*value));
    if (!message) return std::unexpected(std::move(message.error()));
    messages.push_back(std::move(*message));
    return messages;
  }
  if (batches == Batches::kRefused) return reject({}, kInvalidRequest, "this revision has no batches");
  if (value->as_array().empty() || value->as_array().size() > kBatchMax) {
    return reject({}, kInvalidRequest, "a batch has 1 to 64 messages");
  }
  for (json::Value& item : value->as_array()) {
    auto message = read_message(std::move(item));
    if (!message) return std::unexpected(std::move(message.error()));
    messages.push_back(std::move(*message));
  }
  return messages;
}

void write_request(std::string& out, const Id& id, std::string_view method, const json::Value& params) {
  out += R"({"jsonrpc":"2.0","id":)";
  write_id(out, id);
  out += ",\"method\":";
  json::write_string(method, out);
  out += ",\"params\":";
  json::write(params, out);
  out += "}\n";
}

void write_notification(std::string& out, std::string_view method, const json::Value& params) {
  out += R"({"jsonrpc":"2.0","method":)";
  json::write_string(method, out);
  if (params.is_object() && !params.as_object().empty()) {
    out += ",\"params\":";
    json::write(params, out);
  }
  out += "}\n";
}

void write_result(std::string& out, const Id& id, const json::Value& result) {
  out += R"({"jsonrpc":"2.0","id":)";
  write_id(out, id);
  out += ",\"result\":";
  json::write(result, out);
  out += "}\n";
}

void write_error(std::string& out, const Id& id, const RpcError& error) {
  out += R"({"jsonrpc":"2.0","id":)";
  write_id(out, id);
  out += ",\"error\":{\"code\":";
  json::write_int(error.code, out);
  out += ",\"message\":";
  json::write_string(json::to_valid_utf8(error.message), out);
  if (!error.data.is_null()) {
    out += ",\"data\":";
    json::write(error.data, out);
  }
  out += "}}\n";
}

json::Value to_json(const Id& id) {
  if (const auto* number = std::get_if<std::int64_t>(&id)) return *number;
  if (const auto* text = std::get_if<std::string>(&id)) return *text;
  return nullptr;
}

std::optional<Id> id_of(const json::Value& value) {
  if (value.is_int()) return Id{value.as_int()};
  if (value.is_string() && value.as_string().size() <= kIdBytesMax) return Id{value.as_string()};
  return std::nullopt;
}

}  // namespace agentos::mcp
