#pragma once
// Looks into the user's Google Calendar.

#include <string>

#include "graphs/http_client.h"
#include "graphs/tool.h"
#include "runtime/clock.h"

namespace heddle::graphs {

inline constexpr const char* kCalendarUrl = "https://www.googleapis.com";
inline constexpr const char* kCalendarScope = "https://www.googleapis.com/auth/calendar.events.readonly";

// `list_calendar_events` {timeMin, timeMax, maxResults, query}: the events of the primary calendar that touch the time
// window, each repetition by itself, by their beginning, as a JSON list; without a window the seven days from now on,
// with one end of it seven days from or up to there. Wants a token with calendar.events.readonly. Fails with "Error
// while reading the calendar: ..." for anything that a token does not mend. Client and clock outlive the tool.
//
// Bounds: 50 events (10 by default), 2 MiB read; of a text 2 KiB are kept, of the guests of an event 20.
ToolPointer list_calendar_events_tool(HttpClient& client, const runtime::Clock& clock,
                                      std::string base_url = kCalendarUrl);

}  // namespace heddle::graphs
