#pragma once
// The bytes of an event stream (http-api.md 10.1).

#include <chrono>
#include <string>
#include <string_view>

#include "api/http/message.h"

namespace heddle::api {

// One comment line without a blank line after it: a blank line makes older SDKs deliver an empty event.
inline constexpr std::string_view kHeartbeat = ": heartbeat\n";

// When a stream that stays silent from `now` on sends its heartbeat: after `interval`, or up to a 128th of it and a
// millisecond earlier, at one of the moments that all streams share. Thousands of silent streams are so served some
// dozens at a time, and the thread neither sleeps nor sets its timer between them.
std::chrono::steady_clock::time_point next_heartbeat(std::chrono::steady_clock::time_point now,
                                                     std::chrono::milliseconds interval);

// Appends one frame to `out`: event, data, id, blank line, each ended by LF. All three must not be
// empty; `data_json` is JSON without raw line breaks. A line break or NUL in any of them becomes a blank: no text can
// begin a line of its own.
void append_event(std::string& out, std::string_view event, std::string_view data_json, std::string_view id);

// The same in parts. What is printed in between instead of append_data() must be JSON as our printer writes it, which
// has no line break: nothing is looked for in it.
void begin_event(std::string& out, std::string_view event);
void append_data(std::string& out, std::string_view data_json);
void end_event(std::string& out, std::string_view id);

// The headers that every event stream has.
Headers event_stream_headers();

}  // namespace heddle::api
