#pragma once
// The bytes of an event stream (http-api.md 10.1).

#include <string>
#include <string_view>

#include "api/http/message.h"

namespace heddle::api {

// One comment line without a blank line after it: a blank line makes older SDKs deliver an empty event.
inline constexpr std::string_view kHeartbeat = ": heartbeat\n";

// Appends one frame to `out`: event, data, id, blank line, each ended by LF. All three must not be
// empty and must be one line each, and the id must not contain NUL; `data_json` is JSON without raw
// line breaks.
void append_event(std::string& out, std::string_view event, std::string_view data_json, std::string_view id);

// The headers that every event stream has.
Headers event_stream_headers();

}  // namespace heddle::api
