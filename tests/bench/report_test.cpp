#include "bench/load/report.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include "bench/load/targets.h"

using namespace heddle::load;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("A target that is a ratio is reached by what the machine could do in the same session") {
  Session session;
  session.heddle.add("echo.per_second", 70'000, "1/s");
  session.heddle.add("stateless.per_second", 28'000, "1/s");
  const std::string text = markdown(session);
  CHECK(has_line(text, "| stateless runs, part of what the bare Beast echo answers | >= 0.300 | 0.400 | 1.33 | yes |"));
}

TEST_CASE("A target that is missed is told so") {
  Session session;
  session.heddle.add("start.empty_ms", 75, "ms");
  CHECK(
      has_line(markdown(session), "| start to the first 200, empty database | <= 50.0 ms | 75.0 ms | 1.50 | **no** |"));
}

TEST_CASE("Targets of what was not measured are left out") {
  Session session;
  session.heddle.add("stateless.per_second", 28'000, "1/s");
  CHECK(markdown(session).find("Beast echo") == std::string::npos);
}

TEST_CASE("Figures stand beside those of the peer, with their ratio") {
  Session session;
  session.heddle.add("durable.per_second", 3'000, "1/s");
  session.heddle.add("start.big_ms", 20, "ms");
  session.peer.emplace();
  session.peer->add("durable.per_second", 50, "1/s");
  session.peer->errors.emplace_back("idle: 3 streams refused");
  session.peer_name = "other";
  const std::string text = markdown(session);
  CHECK(has_line(text, "| `durable.per_second` | 3000 1/s | 50.0 1/s | 60.0 |"));
  CHECK(has_line(text, "| `start.big_ms` | 20.0 ms |  |  |"));
  CHECK(has_line(text, "- other: idle: 3 streams refused"));
}

TEST_CASE("The report for programs holds every figure") {
  Session session;
  session.machine.cores = 2;
  session.heddle.add("history.mb_per_second", 212.5, "MB/s");
  const boost::json::value report = boost::json::parse(json_text(session));
  CHECK(report.at("machine").at("cores").to_number<int>() == 2);
  CHECK(report.at("heddle").at("figures").at("history.mb_per_second").at("value") == 212.5);
  CHECK_FALSE(report.as_object().contains("peer"));
}
