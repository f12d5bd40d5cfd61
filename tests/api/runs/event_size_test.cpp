#include "api/runs/event_size.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <string>

namespace heddle::api {
namespace {

namespace json = boost::json;

runtime::RunEvent custom(json::value value) {
  runtime::CustomFact fact;
  fact.value = std::move(value);
  return fact;
}

TEST_CASE("The size of an event is close to that of its JSON") {
  const char* text =
      R"({"a":["one",{"two":null},true,1234],"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","e":{}})";
  const runtime::RunEvent event = custom(json::parse(text));
  const std::size_t bytes = std::string_view(text).size();
  CHECK(is_larger_than(bytes * 3 / 4, event));
  CHECK_FALSE(is_larger_than(bytes * 5 / 4, event));
}

TEST_CASE("A text alone is counted to the byte, with its quotes") {
  CHECK_FALSE(is_larger_than(102, custom(json::string(100, 'x'))));
  CHECK(is_larger_than(101, custom(json::string(100, 'x'))));
}

TEST_CASE("What a task, a model or a tool adds counts, and what the state holds does not") {
  const json::value large = json::string(1'000, 'x');
  const auto counts = [](const runtime::RunEvent& event) { return is_larger_than(500, event); };

  runtime::UpdateFact update;
  update.writes = {{"text", large}};
  CHECK(counts(update));
  runtime::TaskEndFact end;
  end.result = {{"text", large}};
  CHECK(counts(end));
  runtime::InterruptFact interrupt;
  interrupt.interrupts.push_back({"id", large});
  CHECK(counts(interrupt));
  runtime::MessageFact message;
  message.message = {{"type", "ai"}, {"content", large}};
  CHECK(counts(message));
  runtime::ToolFact tool;
  tool.data = {{"output", large}};
  CHECK(counts(tool));
  runtime::TraceFact trace;
  trace.data = {{"output", large}};
  CHECK(counts(trace));

  runtime::ValuesFact values;
  values.values.set("text", large);
  CHECK_FALSE(counts(values));
}

}  // namespace
}  // namespace heddle::api
