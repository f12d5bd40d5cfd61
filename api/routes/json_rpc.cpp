#include "api/routes/json_rpc.h"

#include <utility>

#include "api/routes/body.h"
#include "runtime/json.h"

namespace heddle::api {

namespace json = boost::json;

RpcError rpc_error_from(const ApiError& error, const std::string& what) {
  std::string text = what + ": " + error.what();
  for (const FieldIssue& issue : error.issues()) {
    std::string place;
    for (const std::string& step : issue.path) place += (place.empty() ? "" : ".") + step;
    text += " (" + place + " " + issue.message + ")";
  }
  return {error.status() < 500 ? kRpcBadParams : kRpcInternal, text};
}

RpcCall rpc_call_from(const Request& request, std::size_t depth_max) {
  const Fields envelope = Fields::of_body(request, depth_max);
  if (envelope.required_text("jsonrpc") != "2.0") throw envelope.wrong("jsonrpc", "must be \"2.0\"");
  RpcCall call;
  if (const json::value* id = envelope.find("id")) {
    if (!id->is_string() && !id->is_number()) throw envelope.wrong("id", "must be a text or a number");
    call.id = *id;
  }
  const bool is_answer = !envelope.has("method") && (envelope.names("result") || envelope.names("error"));
  if (is_answer) {
    call.kind = RpcKind::answer;
    return call;
  }
  call.method = envelope.required_text("method");
  call.params = envelope.object("params").value_or(json::object{});
  if (call.id.is_null()) call.kind = RpcKind::notification;
  return call;
}

bool accepts(const Request& request, std::string_view media_type) {
  for (const auto& [name, value] : request.headers.all()) {
    if (name == "accept" && value.find(media_type) != std::string::npos) return true;
  }
  return false;
}

std::string rpc_result_text(const json::value& id, const json::value& result) {
  return runtime::to_text(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
}

std::string rpc_error_text(const json::value& id, const RpcError& error) {
  const json::object told{{"code", error.code()}, {"message", error.what()}};
  return runtime::to_text(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"error", told}});
}

Response rpc_result(const json::value& id, const json::value& result) {
  return json_response(200, rpc_result_text(id, result));
}

Response rpc_error(const json::value& id, const RpcError& error) {
  return json_response(200, rpc_error_text(id, error));
}

}  // namespace heddle::api
