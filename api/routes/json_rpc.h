#pragma once
// JSON-RPC 2.0 as MCP and A2A speak it over HTTP: one call in a body, one answer.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "api/http/message.h"
#include "api/services/api_error.h"

namespace heddle::api {

inline constexpr int kRpcUnknownMethod = -32601;
inline constexpr int kRpcBadParams = -32602;
inline constexpr int kRpcInternal = -32603;

// A call that was understood and cannot be answered with a result. Thrown by methods, answered with status 200.
class RpcError : public std::runtime_error {
 public:
  RpcError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

// What of an ApiError the peer is told: what is its fault are bad parameters.
RpcError rpc_error_from(const ApiError& error, const std::string& what);

enum class RpcKind {
  call,          // wants an answer
  notification,  // wants none
  answer,        // to a call of ours, of which there are none
};

struct RpcCall {
  RpcKind kind = RpcKind::call;
  boost::json::value id;  // text or number
  std::string method;
  boost::json::object params;
};

// Throws ApiError: 400 for a body that is no JSON, validation for what is no envelope. Lists of calls are none.
RpcCall rpc_call_from(const Request& request, std::size_t depth_max);

// Whether `accept` names the media type.
bool accepts(const Request& request, std::string_view media_type);

// The whole answer as JSON text.
std::string rpc_result_text(const boost::json::value& id, const boost::json::value& result);
std::string rpc_error_text(const boost::json::value& id, const RpcError& error);
Response rpc_result(const boost::json::value& id, const boost::json::value& result);
Response rpc_error(const boost::json::value& id, const RpcError& error);

}  // namespace heddle::api
