#include "api/http/sse.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>

using namespace heddle::api;

TEST_CASE("An event is its name, data and id in this order, ended by a blank line") {
  std::string out;
  append_event(out, "values", R"({"messages":[]})", "3");
  CHECK(out == "event: values\ndata: {\"messages\":[]}\nid: 3\n\n");
}

TEST_CASE("No text can begin a line of its own") {
  std::string out;
  append_event(out, "up\r\nevent: evil", "{\n\ndata: 1\r}", std::string("1\0id: 2\n", 8));
  CHECK(out == "event: up  event: evil\ndata: {  data: 1 }\nid: 1 id: 2 \n\n");
}

TEST_CASE("An event whose data is printed in place has the same bytes, and its name stays one line") {
  std::string whole;
  append_event(whole, "a\nb", "[1,2]", "7");
  std::string in_parts;
  begin_event(in_parts, "a\nb");
  in_parts += "[1,2]";
  end_event(in_parts, "7");
  CHECK(in_parts == whole);
}

TEST_CASE("Events are appended to what is there, so that several share one write") {
  std::string out(kHeartbeat);
  append_event(out, "metadata", "{}", "0");
  append_event(out, "end", "null", "1");
  CHECK(out == ": heartbeat\nevent: metadata\ndata: {}\nid: 0\n\nevent: end\ndata: null\nid: 1\n\n");
}

TEST_CASE("A heartbeat is one comment line without a blank line after it") {
  CHECK(kHeartbeat == ": heartbeat\n");
}

TEST_CASE("Heartbeats come at moments that streams share, a little before their interval is over") {
  using std::chrono::milliseconds, std::chrono::steady_clock;
  for (const milliseconds interval : {milliseconds{100}, milliseconds{5'000}, milliseconds{600'000}}) {
    std::set<steady_clock::time_point> moments;
    const steady_clock::time_point begin{std::chrono::hours{1}};
    const int streams = 1'000;
    for (int i = 0; i < streams; ++i) {
      const steady_clock::time_point now = begin + i * interval / streams;
      const steady_clock::time_point due = next_heartbeat(now, interval);
      CHECK(due <= now + interval);
      CHECK(due > now + interval - interval / 128 - milliseconds{1});
      moments.insert(due);
    }
    CHECK(moments.size() <= 130);
  }
}

TEST_CASE("A stream announces itself as events that nobody may keep or collect") {
  const Headers headers = event_stream_headers();
  CHECK(headers.find("content-type") == "text/event-stream");
  CHECK(headers.find("cache-control") == "no-cache");
  CHECK(headers.find("connection") == "keep-alive");
  CHECK(headers.find("x-accel-buffering") == "no");
}
