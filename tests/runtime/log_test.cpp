#include "runtime/log.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "runtime/json.h"
#include "runtime/secret.h"
#include "tests/support/manual_clock.h"

namespace heddle::runtime {
namespace {

static_assert(!std::is_invocable_v<decltype(&Log::info), Log&, const Secret&, const json::object&>);
static_assert(!std::is_invocable_v<decltype(&Log::info), Log&, std::string_view, const Secret&>);
static_assert(!std::is_copy_constructible_v<Log>);

struct LogFixture {
  test::ManualClock clock;
  std::vector<std::string> lines;
  Log log{clock, LogLevel::debug, [this](std::string_view line) { lines.emplace_back(line); }};
};

}  // namespace

TEST_CASE_METHOD(LogFixture, "An entry is one line of JSON with time, level, message and fields") {
  log.info("run ended", {{"run_id", "r1"}, {"ms", 12}});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == R"({"time":"2026-11-22T00:00:00.000000+00:00","level":"info","message":"run ended",)"
                    R"("fields":{"run_id":"r1","ms":12}})"
                    "\n");
}

TEST_CASE_METHOD(LogFixture, "Entries without fields do not print any") {
  clock.advance(std::chrono::microseconds{5});
  log.warning("slow");
  CHECK(lines.at(0) == "{\"time\":\"2026-11-22T00:00:00.000005+00:00\",\"level\":\"warning\",\"message\":\"slow\"}\n");
}

TEST_CASE_METHOD(LogFixture, "Line breaks and bytes that are no UTF-8 stay inside one line of JSON") {
  log.error("two\nlines \xFF", {{"path", "a\nb"}});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\n') == lines[0].size() - 1);
  CHECK(find_text(parse_json(lines[0]), "message") == "two\nlines \xEF\xBF\xBD");
}

TEST_CASE("Entries below the lowest level are dropped") {
  const test::ManualClock clock;
  std::vector<std::string> levels;
  Log log(clock, LogLevel::warning,
          [&levels](std::string_view line) { levels.emplace_back(*find_text(parse_json(line), "level")); });
  log.debug("d");
  log.info("i");
  log.warning("w");
  log.error("e");
  CHECK(levels == std::vector<std::string>{"warning", "error"});
}

TEST_CASE_METHOD(LogFixture, "Threads do not tear each other's lines") {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < 250; ++n) log.debug("entry", {{"n", n}});
      });
    }
  }
  CHECK(lines.size() == 1000);
  for (const std::string& line : lines) REQUIRE_NOTHROW(parse_json(line));
}

}  // namespace heddle::runtime
