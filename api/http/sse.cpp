#include "api/http/sse.h"

#include <algorithm>

namespace heddle::api {
namespace {

// A search for each, because find() looks at many bytes at a time and find_first_of() at one.
std::size_t first_break(std::string_view text) {
  return std::min({text.find('\r'), text.find('\n'), text.find('\0')});
}

// Names of nodes and texts of errors get into events; whatever they hold, they stay one line. JSON never has a raw
// line break, so nothing is changed in what is right.
void append_line(std::string& out, std::string_view field, std::string_view text) {
  out.append(field);
  for (std::size_t at = first_break(text); at != std::string_view::npos; at = first_break(text)) {
    out.append(text.substr(0, at)) += ' ';
    text.remove_prefix(at + 1);
  }
  out.append(text) += '\n';
}

}  // namespace

void append_event(std::string& out, std::string_view event, std::string_view data_json, std::string_view id) {
  append_line(out, "event: ", event);
  append_line(out, "data: ", data_json);
  append_line(out, "id: ", id);
  out += '\n';
}

void begin_event(std::string& out, std::string_view event) {
  append_line(out, "event: ", event);
  out += "data: ";
}

void end_event(std::string& out, std::string_view id) {
  out += '\n';
  append_line(out, "id: ", id);
  out += '\n';
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
