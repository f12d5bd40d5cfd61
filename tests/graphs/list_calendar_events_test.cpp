#include "graphs/tools/list_calendar_events.h"

#include <catch2/catch.hpp>

#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::granted;
using heddle::test::http_answer;
using heddle::test::Scripted;
using heddle::test::VaultFixture;

namespace {

struct CalendarFixture : VaultFixture {
  Scripted tenant{{granted("g1", "3600", kCalendarScope)}};
  std::unique_ptr<TokenVault> vault = vault_at(tenant.url());

  std::string list(const Scripted& google, json::object arguments = {}) {
    VaultConnection connection = test::gmail_connection();
    connection.scopes = {kCalendarScope};
    return call(with_token_vault(*vault, connection, list_calendar_events_tool(client, clock, google.url())),
                std::move(arguments));
  }
  // The query of the only request.
  static std::string asked(const Scripted& google) {
    REQUIRE(google.asked() == 1);
    const std::string request = google.server().requests()[0];
    return request.substr(4, request.find(' ', 4) - 4);
  }
};

const std::string kPath = "/calendar/v3/calendars/primary/events?singleEvents=true&orderBy=startTime&maxResults=";

}  // namespace

TEST_CASE_METHOD(CalendarFixture, "Without a window the next seven days are asked for, by their beginning") {
  const Scripted google({http_answer("200 OK", R"({"items":[]})")});
  CHECK(list(google) == "[]");
  CHECK(asked(google) == kPath + "10&timeMin=2026-11-22T00%3A00%3A00Z&timeMax=2026-11-29T00%3A00%3A00Z");
  CHECK(google.server().requests()[0].find("Authorization: Bearer g1\r\n") != std::string::npos);
}

TEST_CASE_METHOD(CalendarFixture, "A window in any offset is asked for in UTC, and words are searched") {
  const Scripted google({http_answer("200 OK", "{}")});
  const json::object arguments{{"timeMin", "2026-12-01T09:00:00+01:00"},
                               {"timeMax", "2026-12-01T18:00:00.5-05:00"},
                               {"maxResults", 9000},
                               {"query", "tea & moth"}};
  CHECK(list(google, arguments) == "[]");
  CHECK(asked(google) ==
        kPath + "50&timeMin=2026-12-01T08%3A00%3A00Z&timeMax=2026-12-01T23%3A00%3A00Z&q=tea%20%26%20moth");
}

TEST_CASE_METHOD(CalendarFixture, "One end of the window is enough") {
  const Scripted google({http_answer("200 OK", "{}")});
  list(google, {{"timeMax", "2026-11-10T00:00:00Z"}});
  CHECK(asked(google).ends_with("&timeMin=2026-11-03T00%3A00%3A00Z&timeMax=2026-11-10T00%3A00%3A00Z"));
}

TEST_CASE_METHOD(CalendarFixture, "A window that is none fails before Google is asked") {
  const Scripted google({http_answer("200 OK", "{}")});
  CHECK(list(google, {{"timeMin", "tomorrow"}}).starts_with("fails timeMin: must be a time with its offset"));
  CHECK(list(google, {{"timeMax", "2026-12-01T09:00:00"}}).starts_with("fails timeMax: must be a time"));
  CHECK(list(google, {{"timeMin", "2026-12-02T00:00:00Z"}, {"timeMax", "2026-12-01T00:00:00Z"}}) ==
        "fails timeMax: must be later than timeMin");
  CHECK(google.asked() == 0);
}

TEST_CASE_METHOD(CalendarFixture, "Of an event what matters is told, and long ones are cut") {
  std::string guests;
  for (int i = 0; i < 30; ++i) guests += (i == 0 ? "" : ",") + std::string(R"({"email":"g@x.org","self":true})");
  const Scripted google({http_answer(
      "200 OK",
      R"({"nextPageToken":"n","items":[{"id":"e1","etag":"x","summary":"Tea","start":{"dateTime":"d1","x":1},)"
      R"("end":{"date":"d2"},"organizer":{"email":"o@x.org"},"description":")" +
          std::string(5000, 'a') + R"(","attendees":[)" + guests + R"(]},7,{"start":5,"attendees":[3]}]})")});
  const std::string text = list(google);
  CHECK(text.starts_with(R"([{"id":"e1","summary":"Tea","description":"aaa)"));
  CHECK(text.find(R"("start":{"dateTime":"d1"},"end":{"date":"d2"},"organizer":{"email":"o@x.org"})") !=
        std::string::npos);
  CHECK(text.find("\"furtherAttendees\":10") != std::string::npos);
  CHECK(text.size() < 3500);
  CHECK(text.ends_with("\nThere are more events in this time; ask for a shorter one to see them."));
}

TEST_CASE_METHOD(CalendarFixture, "Refusals ask for consent or are told") {
  const Scripted scopes(
      {http_answer("403 Forbidden", R"({"error":{"errors":[{"reason":"insufficientPermissions"}]}})")});
  CHECK(list(scopes).find(std::string("Missing scopes: ") + kCalendarScope) != std::string::npos);
  const Scripted off({http_answer("403 Forbidden", R"({"error":{"errors":[{"reason":"accessNotConfigured"}]}})")});
  CHECK(list(off) == "fails Error while reading the calendar: Google answered 403 accessNotConfigured");
}
