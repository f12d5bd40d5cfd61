// All stream modes, alone, in pairs and together, with and without subgraphs (streaming.md 2 and 4; http-api.md 9.7):
// what is joined later is what was streamed, filtered; and after any event comes exactly what followed it.

#include "api/runs/stream_modes.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/api/openapi/api_fixture.h"
#include "tests/api/runs/seen_events.h"
#include "tests/support/sanitizer.h"

namespace heddle::test {
namespace {

using Modes = std::vector<std::string>;

const Modes kModes = {"values", "messages",    "messages-tuple", "updates", "events",
                      "tasks",  "checkpoints", "debug",          "custom",  "tools"};

// A graph that makes facts of many kinds, with what it is asked. None of them runs tasks side by side, so that the
// order of events is the same each time.
struct Asked {
  std::string assistant;
  std::string input;
};
const std::vector<Asked> kAsked = {
    {"linear", R"({"text":"a"})"},                                                // plain supersteps
    {"agent", R"({"messages":[{"type":"human","content":"weather in Oslo"}]})"},  // tokens and tools
    {"nested", R"({"topic":"t","ask":true})"},                                    // a question in a subgraph
    {"writer", R"({"n":2})"},                                                     // custom events
    {"faulty", R"({"mode":"conflict"})"},                                         // a failure
};

// Alone, every pair, and all together.
std::vector<Modes> combinations() {
  std::vector<Modes> all{kModes};
  for (std::size_t i = 0; i < kModes.size(); ++i) {
    all.push_back({kModes[i]});
    for (std::size_t j = i + 1; j < kModes.size(); ++j) all.push_back({kModes[i], kModes[j]});
  }
  return all;
}

std::string joined(const Modes& modes, const std::string& between) {
  std::string text;
  for (const std::string& mode : modes) text += (text.empty() ? "" : between) + mode;
  return text;
}

// The mode that an event belongs to; empty for those that are always sent.
std::string mode_of(const SeenEvent& event) {
  const std::string base = event.name.substr(0, event.name.find('|'));
  if (base == "metadata" || base == "error") return "";
  if (base == "messages") return "messages-tuple";
  if (base.starts_with("messages/")) return "messages";
  return base;
}

std::vector<SeenEvent> only(const std::vector<SeenEvent>& events, const Modes& modes) {
  std::vector<SeenEvent> kept;
  for (const SeenEvent& event : events) {
    const std::string mode = mode_of(event);
    if (mode.empty() || std::ranges::find(modes, mode) != modes.end()) kept.push_back(event);
  }
  return kept;
}

// Names without the ids of tasks, which are others in every run.
std::vector<std::string> kinds_of(const std::vector<SeenEvent>& events) {
  std::vector<std::string> kinds;
  for (const SeenEvent& event : events) {
    std::string kind;
    for (std::size_t at = 0; at < event.name.size(); ++at) {
      if (event.name[at] == ':') at = std::min(event.name.find('|', at), event.name.size());
      if (at < event.name.size()) kind += event.name[at];
    }
    kinds.push_back(std::move(kind));
  }
  return kinds;
}

// A sanitizer looks for faults that need not every place to be seen.
constexpr std::size_t kCutEvery = kSanitized ? 11 : 1;

class ModesFixture : public ApiFixture {
 public:
  struct Streamed {
    std::string place;  // of the run
    std::vector<SeenEvent> events;
  };

  Streamed stream(const Asked& asked, const Modes& modes, bool subgraphs) {
    const std::string thread = ask("post", "/threads", "{}").text("thread_id");
    const std::string body = R"({"assistant_id":")" + asked.assistant + R"(","input":)" + asked.input +
                             R"(,"stream_mode":[")" + joined(modes, "\",\"") + R"("],"stream_subgraphs":)" +
                             (subgraphs ? "true" : "false") + "}";
    const ApiAnswer answer = ask("post", "/threads/" + thread + "/runs/stream", body);
    REQUIRE(answer.status == 200);
    return {std::string(*answer.headers.find("content-location")), events_of(answer.body)};
  }
  std::vector<SeenEvent> join(const std::string& place, const Modes& modes, const std::string& last_id = "") {
    const std::string query = modes.empty() ? "" : "?stream_mode=" + joined(modes, ",");
    std::map<std::string, std::string> headers;
    if (!last_id.empty()) headers["last-event-id"] = last_id;
    return events_of(ask("get", place + "/stream" + query, "", headers).body);
  }

  // Ids count up by one, and every reading later says the same.
  void check_readings(const Streamed& streamed, const Modes& modes) {
    for (std::size_t k = 0; k < streamed.events.size(); ++k) CHECK(streamed.events[k].id == std::to_string(k));
    CHECK(join(streamed.place, {}) == streamed.events);
    CHECK(join(streamed.place, modes) == streamed.events);
    for (const std::string& mode : kModes) {
      INFO("joined with " << mode);
      CHECK(join(streamed.place, {mode}) == only(streamed.events, {mode}));
    }
    for (std::size_t k = 0; k < streamed.events.size(); k += kCutEvery) {
      INFO("after event " << k);
      const std::vector<SeenEvent> tail(streamed.events.begin() + static_cast<std::ptrdiff_t>(k) + 1,
                                        streamed.events.end());
      CHECK(join(streamed.place, {}, std::to_string(k)) == tail);
      const Modes first{modes.front()};
      CHECK(join(streamed.place, first, std::to_string(k)) == only(tail, first));
    }
  }
};

}  // namespace

TEST_CASE_METHOD(ModesFixture, "Whatever modes a run streams, reading it again gives the same, filtered or cut") {
  const Asked& asked = GENERATE(from_range(kAsked));
  const bool subgraphs = GENERATE(false, true);
  std::map<std::string, std::vector<std::string>> alone;
  std::set<std::string> seen;
  for (const std::string& mode : kModes) {
    const Streamed streamed = stream(asked, {mode}, subgraphs);
    for (const SeenEvent& event : streamed.events) {
      const std::string of = mode_of(event);
      INFO(asked.assistant << ": " << event.name << " although only " << mode << " was asked for");
      CHECK((of.empty() || of == mode));
      seen.insert(of);
    }
    alone[mode] = kinds_of(streamed.events);
  }
  CHECK(seen.size() > 5);
  for (const Modes& modes : combinations()) {
    INFO(asked.assistant << ", " << joined(modes, "+") << (subgraphs ? ", with subgraphs" : ""));
    const Streamed streamed = stream(asked, modes, subgraphs);
    REQUIRE(streamed.events.size() > 0);
    CHECK(streamed.events.front().name == "metadata");
    // A mode gives the same events beside others as it does alone.
    for (const std::string& mode : modes) {
      INFO("the part of " << mode);
      CHECK(kinds_of(only(streamed.events, {mode})) == alone.at(mode));
    }
    check_readings(streamed, modes);
  }
}

TEST_CASE_METHOD(ModesFixture, "Without subgraphs only the old messages and the trace tell of what is inside") {
  const Asked nested{"nested", R"({"topic":"t","ask":true})"};
  const Streamed streamed = stream(nested, kModes, false);
  for (const SeenEvent& event : streamed.events) CHECK(event.name.find('|') == std::string::npos);
  const Streamed inside = stream(nested, kModes, true);
  std::set<std::string> with_place;
  for (const SeenEvent& event : inside.events) {
    if (event.name.find('|') != std::string::npos) with_place.insert(mode_of(event));
  }
  for (const char* mode : {"values", "updates", "tasks", "checkpoints", "debug"}) CHECK(with_place.contains(mode));
  for (const char* mode : {"events", "messages"}) CHECK_FALSE(with_place.contains(mode));
  CHECK(inside.events.size() > streamed.events.size());
}

}  // namespace heddle::test
