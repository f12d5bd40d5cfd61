#include "api/runs/fact_codec.h"

#include <catch2/catch.hpp>

#include "tests/api/runs/facts.h"

using namespace heddle;

namespace {

const auto kAllModes = {api::StreamMode::values,      api::StreamMode::messages,       api::StreamMode::updates,
                        api::StreamMode::events,      api::StreamMode::messages_tuple, api::StreamMode::tasks,
                        api::StreamMode::checkpoints, api::StreamMode::debug,          api::StreamMode::custom,
                        api::StreamMode::tools};

std::string encoded(const std::vector<api::Fact>& facts, bool values_are_stored) {
  api::FactEncoder encoder(values_are_stored);
  std::string text;
  for (const api::Fact& fact : facts) encoder.encode(fact, text);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at)) {
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

}  // namespace

TEST_CASE("A log that is read again gives the same frames, byte for byte") {
  for (const std::string ns : {"", "outer:task-9"}) {
    const std::vector<api::Fact> facts = test::one_of_each(ns);
    api::FactDecoder decoder;
    std::vector<api::Fact> again;
    for (const std::string& line : lines_of(encoded(facts, false))) {
      std::optional<api::Fact> fact = decoder.decode(line);
      if (fact) again.push_back(std::move(*fact));
    }
    REQUIRE(again.size() == facts.size());
    const auto shape = test::shape_with(kAllModes, true);
    CHECK(test::rendered(shape, again) == test::rendered(shape, facts));
  }
}

TEST_CASE("A state that a checkpoint holds is written as the id of that checkpoint") {
  runtime::ValuesFact values{"", test::state_of(R"({"text":"as long as it wants to be"})"), test::checkpoint_id("7")};
  const std::string text = encoded({test::fact_of(values)}, true);
  CHECK(text.find("as long as it wants") == std::string::npos);
  api::FactDecoder decoder;
  const std::optional<api::Fact> fact = decoder.decode(lines_of(text).at(0));
  REQUIRE(fact);
  REQUIRE(decoder.stored_values());
  CHECK(decoder.stored_values()->id == test::checkpoint_id("7"));
}

TEST_CASE("The metadata of a model call is written once, however many pieces it has") {
  const std::string text = encoded(test::one_of_each(""), true);
  std::size_t count = 0;
  for (std::size_t at = text.find("langgraph_node"); at != std::string::npos; at = text.find("langgraph_node", at + 1))
    ++count;
  CHECK(count == 1);
}

TEST_CASE("A line of an unknown kind or none at all is refused") {
  api::FactDecoder decoder;
  CHECK_THROWS(decoder.decode(R"({"k":"something new"})"));
  CHECK_THROWS(decoder.decode("{"));
}

TEST_CASE("A log keeps the result of a workflow, whatever value it is") {
  for (const runtime::json::value& result : std::vector<runtime::json::value>{"text", nullptr, {1, "b"}}) {
    const runtime::ValuesFact values{"", runtime::State::result(result), std::nullopt};
    api::FactDecoder decoder;
    const std::optional<api::Fact> again = decoder.decode(lines_of(encoded({test::fact_of(values)}, false)).at(0));
    REQUIRE(again);
    const auto& event = std::get<runtime::RunEvent>(again->what);
    CHECK(std::get<runtime::ValuesFact>(event).values.to_value() == result);
  }
}
