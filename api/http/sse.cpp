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
void append_text(std::string& out, std::string_view text) {
  for (std::size_t at = first_break(text); at != std::string_view::npos; at = first_break(text)) {
    out.append(text.substr(0, at)) += ' ';
    text.remove_prefix(at + 1);
  }
  out.append(text);
}

}  // namespace

std::chrono::steady_clock::time_point next_heartbeat(std::chrono::steady_clock::time_point now,
                                                     std::chrono::milliseconds interval) {
  constexpr int kMomentsPerInterval = 128;
  const std::chrono::steady_clock::duration between = interval / kMomentsPerInterval + std::chrono::milliseconds{1};
  const std::chrono::steady_clock::time_point latest = now + interval;
  return latest - latest.time_since_epoch() % between;
}

void begin_event(std::string& out, std::string_view event) {
  out += "event: ";
  append_text(out, event);
  out += "\ndata: ";
}

void append_data(std::string& out, std::string_view data_json) {
  append_text(out, data_json);
}

void end_event(std::string& out, std::string_view id) {
  out += "\nid: ";
  append_text(out, id);
  out += "\n\n";
}

void append_event(std::string& out, std::string_view event, std::string_view data_json, std::string_view id) {
  begin_event(out, event);
  append_data(out, data_json);
  end_event(out, id);
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
