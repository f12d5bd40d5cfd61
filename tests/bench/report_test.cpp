#include "bench/load/report.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "bench/load/targets.h"

using namespace heddle::load;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("A target that is a ratio is reached by what the machine could do in the same series") {
  Series series;
  series.heddle.add("echo.per_second", 70'000, "1/s");
  series.heddle.add("stateless.per_second", 28'000, "1/s");
  const std::string text = markdown(series);
  CHECK(has_line(text, "| stateless runs, part of what the bare Beast echo answers | >= 0.300 | 0.400 | 1.33 | yes |"));
}

TEST_CASE("A report says how it was made, and of whom it is beside") {
  Series series;
  series.command = "heddle-bench --only stateless";
  CHECK(has_line(markdown(series), "# Measured"));
  CHECK(markdown(series).find("Made with `heddle-bench --only stateless`.") != std::string::npos);
  CHECK(markdown(series).find("did not come to their end") == std::string::npos);
  series.peer.emplace();
  series.peer_name = "other server";
  CHECK(markdown(series).find("Workloads of the other server that did not come to their end are named last.") !=
        std::string::npos);
}

TEST_CASE("A target that is missed is told so") {
  Series series;
  series.heddle.add("start.empty_ms", 75, "ms");
  CHECK(has_line(markdown(series),
                 "| start to the first 200, empty database, best of five | <= 50.0 ms | 75.0 ms | 1.50 | **no** |"));
}

TEST_CASE("Targets of what was not measured are left out") {
  Series series;
  series.heddle.add("stateless.per_second", 28'000, "1/s");
  CHECK(markdown(series).find("Beast echo") == std::string::npos);
}

TEST_CASE("A target is neither met nor missed if less was done than its words say") {
  Series series;
  series.heddle.add("joined.readers", 50, "");
  series.heddle.add("joined.deliveries_per_second", 600'000, "1/s");
  series.heddle.add("start.big_mb", 999.9, "MB");
  series.heddle.add("start.big_ms", 75, "ms");
  const std::string text = markdown(series);
  CHECK(has_line(text,
                 "| deliveries of one run to 1,000 readers | >= 500000 1/s | 600000 1/s |  | "
                 "reduced effort: `joined.readers` 50 of 1000 |"));
  CHECK(has_line(text,
                 "| start to the first 200, database of 1 GB, best of five | <= 50.0 ms | 75.0 ms |  | "
                 "reduced effort: `start.big_mb` 999 of 1000 |"));
}

TEST_CASE("A target is judged when as much was done as its words say") {
  Series series;
  series.heddle.add("joined.readers", 1'000, "");
  series.heddle.add("joined.deliveries_per_second", 600'000, "1/s");
  CHECK(has_line(markdown(series),
                 "| deliveries of one run to 1,000 readers | >= 500000 1/s | 600000 1/s | 1.20 | yes |"));
}

TEST_CASE("A target that says how much was done is not judged where nobody has counted") {
  Series series;
  series.heddle.add("idle.core_percent", 1, "%");
  CHECK(markdown(series).find("reduced effort: `idle.open` 0 of 10000") != std::string::npos);
}

TEST_CASE("What the default effort does is what the targets are about") {
  const Effort effort;
  const std::map<std::string_view, std::size_t> done = {{"joined.readers", effort.joined_streams},
                                                        {"idle.open", effort.idle_streams},
                                                        {"long_thread.turns", effort.turns},
                                                        {"start.big_mb", effort.big_database_mb}};
  for (const Target& target : targets()) {
    const auto found = done.find(target.scale.figure);
    if (found == done.end()) continue;
    INFO(target.what);
    CHECK(static_cast<double>(found->second) == target.scale.least);
  }
}

TEST_CASE("The head of the report says how much was done") {
  Series series;
  series.effort.duration = std::chrono::milliseconds(500);
  series.effort.joined_streams = 50;
  CHECK(has_line(markdown(series),
                 "Effort: closed loops of 500 ms, a mix of 30000 ms, 50 readers of one run, 10000 idle streams, a "
                 "thread of 10000 turns, a database of 1000 MB."));
}

TEST_CASE("What has no bound is told and not judged") {
  Series series;
  series.heddle.add("durable.per_second", 3'000, "1/s");
  series.heddle.add("sqlite.full.per_second", 10'000, "1/s");
  CHECK(has_line(markdown(series),
                 "| durable runs, part of what SQLite alone does with the same rows |  | 0.300 |  |  |"));
}

TEST_CASE("Figures stand beside those of the peer, with their ratio") {
  Series series;
  series.heddle.add("durable.per_second", 3'000, "1/s");
  series.heddle.add("start.big_ms", 20, "ms");
  series.peer.emplace();
  series.peer->add("durable.per_second", 50, "1/s");
  series.peer->errors.emplace_back("idle: 3 streams refused");
  series.peer_name = "other";
  const std::string text = markdown(series);
  CHECK(has_line(text, "| `durable.per_second` | 3000 1/s | 50.0 1/s | 60.0 |"));
  CHECK(has_line(text, "| `start.big_ms` | 20.0 ms |  |  |"));
  CHECK(has_line(text, "- other: idle: 3 streams refused"));
}

TEST_CASE("The report for programs holds every figure") {
  Series series;
  series.machine.cores = 2;
  series.heddle.add("history.mb_per_second", 212.5, "MB/s");
  const boost::json::value report = boost::json::parse(json_text(series));
  CHECK(report.at("machine").at("cores").to_number<int>() == 2);
  CHECK(report.at("effort").at("joined_streams").to_number<int>() == 1'000);
  CHECK(report.at("heddle").at("figures").at("history.mb_per_second").at("value") == 212.5);
  CHECK_FALSE(report.as_object().contains("peer"));
}
