#include "api/http/response_head.h"

#include <stdexcept>

namespace heddle::api {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";  // RFC 9112 4: may be empty, clients go by the number
  }
}

bool belongs_to_connection(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "content-length" || name == "transfer-encoding" ||
         name == "x-request-id";
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool has_no_body(int status) {
  return status == 202 || status == 204 || status == 304;
}

void check(const Response& response) {
  if (response.status < 200 || response.status > 599) {
    throw std::logic_error("a handler answered with status " + std::to_string(response.status));
  }
  for (const auto& [name, value] : response.headers.all()) {
    if (name.empty() || has_line_break(name) || has_line_break(value)) {
      throw std::logic_error("a handler answered with a header that is no single line");
    }
  }
}

std::string head_text(const ResponseHead& head, const Headers& headers) {
  std::string text = "HTTP/1.1 " + std::to_string(head.status) + " ";
  text.append(reason_phrase(head.status)).append("\r\n");
  for (const auto& [name, value] : headers.all()) {
    if (belongs_to_connection(name) || (has_no_body(head.status) && name == "content-type")) continue;
    append_field(text, name, value);
  }
  append_field(text, "x-request-id", head.request_id);
  if (head.framing == Framing::length) append_field(text, "content-length", std::to_string(head.body_bytes));
  if (head.framing == Framing::chunked) append_field(text, "transfer-encoding", "chunked");
  append_field(text, "connection", head.keeps_alive ? "keep-alive" : "close");
  if (head.keeps_alive) append_field(text, "keep-alive", "timeout=" + std::to_string(head.keep_alive.count()));
  text.append("\r\n");
  return text;
}

}  // namespace heddle::api
