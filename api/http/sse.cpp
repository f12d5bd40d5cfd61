#include "api/http/sse.h"

#include <cassert>

namespace heddle::api {
namespace {

[[maybe_unused]] bool is_one_line(std::string_view text) {
  return !text.empty() && text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

void append_event(std::string& out, std::string_view event, std::string_view data_json, std::string_view id) {
  assert(is_one_line(event));
  assert(is_one_line(data_json));
  assert(is_one_line(id) && id.find('\0') == std::string_view::npos);
  out.append("event: ").append(event);
  out.append("\ndata: ").append(data_json);
  out.append("\nid: ").append(id);
  out.append("\n\n");
}

Headers event_stream_headers() {
  Headers headers;
  headers.add("content-type", "text/event-stream");
  headers.add("cache-control", "no-cache");
  headers.add("connection", "keep-alive");
  headers.add("x-accel-buffering", "no");  // nginx would collect events into blocks
  return headers;
}

}  // namespace heddle::api
