#include "graphs/tools/list_calendar_events.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include "graphs/google_api.h"
#include "graphs/tools/search_gmail.h"
#include "runtime/json.h"
#include "runtime/schema.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
using storage::Timestamp;

constexpr std::int64_t kResultsDefault = 10;
constexpr std::int64_t kResultsMax = 50;
constexpr std::size_t kAnswerBytesMax = 2UL * 1024 * 1024;
constexpr std::size_t kTextBytesMax = 2UL * 1024;
constexpr std::size_t kGuestsMax = 20;
constexpr std::chrono::days kWindow{7};

struct Window {
  Timestamp begin;
  Timestamp end;
};

std::optional<Timestamp> time_of(const json::object& arguments, const char* key) {
  const std::string_view text = runtime::find_text(arguments, key).value_or("");
  if (text.empty()) return std::nullopt;
  const std::optional<Timestamp> time = storage::parse_rfc3339(text);
  if (!time) {
    throw std::invalid_argument(std::string(key) +
                                ": must be a time with its offset, like 2026-11-26T09:00:00+01:00 or "
                                "2026-11-26T08:00:00Z");
  }
  return time;
}

Window window_of(const json::object& arguments, Timestamp now) {
  const std::optional<Timestamp> begin = time_of(arguments, "timeMin");
  const std::optional<Timestamp> end = time_of(arguments, "timeMax");
  Window window{};
  window.begin = begin ? *begin : end ? *end - kWindow : now;
  window.end = end ? *end : window.begin + kWindow;
  if (window.begin >= window.end) throw std::invalid_argument("timeMax: must be later than timeMin");
  return window;
}

std::int64_t results_of(const json::object& arguments) {
  const json::value* number = runtime::find_given(arguments, "maxResults");
  if (number == nullptr || !number->is_number()) return kResultsDefault;
  const double wanted = number->to_number<double>();
  if (!(wanted >= 1)) return 1;
  return static_cast<std::int64_t>(std::min(wanted, static_cast<double>(kResultsMax)));
}

// To the second, which Google takes.
std::string google_time(Timestamp time) {
  constexpr std::size_t kToTheSecond = 19;
  return storage::to_rfc3339(time).substr(0, kToTheSecond) + "Z";
}

void copy_text(const json::value& from, const char* key, json::object& to) {
  const std::optional<std::string_view> text = runtime::find_text(from, key);
  if (text) to[key] = shortened(std::string(*text), kTextBytesMax);
}

// {dateTime, timeZone}, or {date} for a whole day.
void copy_time(const json::value& event, const char* key, json::object& to) {
  const json::value* time = runtime::find_member(event, key);
  if (time == nullptr) return;
  json::object shown;
  for (const char* part : {"dateTime", "date", "timeZone"}) copy_text(*time, part, shown);
  to[key] = std::move(shown);
}

json::object person_of(const json::value& person) {
  json::object shown;
  for (const char* key : {"displayName", "email", "responseStatus"}) copy_text(person, key, shown);
  return shown;
}

json::object event_of(const json::value& event) {
  json::object shown;
  for (const char* key : {"id", "status", "summary", "description", "location", "htmlLink", "hangoutLink"}) {
    copy_text(event, key, shown);
  }
  copy_time(event, "start", shown);
  copy_time(event, "end", shown);
  if (const json::value* organizer = runtime::find_member(event, "organizer")) {
    shown["organizer"] = person_of(*organizer);
  }
  const json::array* guests = event.is_object() ? runtime::find_array(event.get_object(), "attendees") : nullptr;
  if (guests == nullptr) return shown;
  json::array list;
  for (const json::value& guest : *guests) {
    if (list.size() == kGuestsMax) break;
    list.push_back(person_of(guest));
  }
  if (guests->size() > list.size()) shown["furtherAttendees"] = guests->size() - list.size();
  shown["attendees"] = std::move(list);
  return shown;
}

std::string events_text(const json::value& answer, std::int64_t results_max) {
  const json::array* items = answer.is_object() ? runtime::find_array(answer.get_object(), "items") : nullptr;
  json::array events;
  if (items != nullptr) {
    for (const json::value& item : *items) {
      if (events.size() == static_cast<std::size_t>(results_max)) break;
      if (item.is_object()) events.push_back(event_of(item));
    }
  }
  const bool more = !runtime::find_text(answer, "nextPageToken").value_or("").empty();
  std::string text = runtime::to_text(events);
  if (more) text += "\nThere are more events in this time; ask for a shorter one to see them.";
  return text;
}

asio::awaitable<ToolResult> list_events(HttpClient& client, Timestamp now, const std::string& base_url,
                                        ToolContext& context, json::object arguments) {
  const Window window = window_of(arguments, now);
  const std::int64_t results_max = results_of(arguments);
  const std::string_view query = runtime::find_text(arguments, "query").value_or("");
  GoogleCall call;
  call.url = base_url + "/calendar/v3/calendars/primary/events?singleEvents=true&orderBy=startTime&maxResults=" +
             std::to_string(results_max) + "&timeMin=" + url_encoded(google_time(window.begin)) +
             "&timeMax=" + url_encoded(google_time(window.end));
  if (!query.empty()) call.url += "&q=" + url_encoded(query);
  call.answer_bytes_max = kAnswerBytesMax;
  std::string failure;
  try {
    const json::value answer = co_await call_google(client, context.token(), std::move(call));
    co_return events_text(answer, results_max);
  } catch (const GoogleError& error) {
    failure = error.what();
  } catch (const HttpError& error) {
    failure = error.what();
  }
  throw std::runtime_error("Error while reading the calendar: " + failure);
}

json::object time_schema(const char* description) {
  return described(runtime::schema::text(), description);
}

}  // namespace

ToolPointer list_calendar_events_tool(HttpClient& client, const runtime::Clock& clock, std::string base_url) {
  while (base_url.ends_with('/')) base_url.pop_back();
  json::object properties;
  properties["timeMin"] = time_schema("Begin of the time to look at, RFC 3339 with offset. Default: now.");
  properties["timeMax"] = time_schema("End of it, RFC 3339 with offset. Default: seven days after its begin.");
  properties["maxResults"] =
      described(runtime::schema::number(), "How many events at most: 10 by default, 50 at most.");
  properties["query"] = described(runtime::schema::text(), "Words that the event must have. May be left out.");
  json::object schema;
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = json::array{};
  schema["additionalProperties"] = false;
  ToolDeclaration declaration{"list_calendar_events",
                              "Lists the events in the user's Google Calendar within a time, by their beginning, as a "
                              "JSON list that is empty when there are none.",
                              std::move(schema)};
  auto body = [&client, &clock, base_url = std::move(base_url)](ToolContext& context, json::object arguments) {
    return list_events(client, clock.now(), base_url, context, std::move(arguments));
  };
  return make_waiting_tool(std::move(declaration), std::move(body));
}

}  // namespace heddle::graphs
