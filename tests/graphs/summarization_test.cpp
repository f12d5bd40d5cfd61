#include "graphs/summarization.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/graphs/agents_fixture.h"
#include "tests/graphs/list_model.h"

using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using heddle::test::AgentsFixture;
using heddle::test::calls;
using heddle::test::ListModel;
using heddle::test::shown;

TEST_CASE_METHOD(AgentsFixture, "A long conversation is cut, and no call loses its answer") {
  const auto summariser = std::make_shared<const ListModel>(std::vector<Message>{ai_message("they talked")});
  SummaryOptions summary;
  summary.model = summariser;
  summary.triggers = {SummaryTrigger{4, std::nullopt}};
  summary.keep_messages = 2;
  model({ai_message("hello"), calls({{"weather", {}}}), ai_message("done")});
  options.tools = {tool("weather")};
  options.middleware = {summarization(summary)};
  const auto graph = make_agent(options);
  const RunOutcome first = say(graph, "hi");
  CHECK(shown(first.values) == "human:hi\nai:hello\n");
  const std::string first_id(message_id(*first.values["messages"].items().front()));
  const RunOutcome second = say(graph, "weather?");
  CHECK(shown(second.values) ==
        "human:Here is a summary of the conversation to date:\n\nthey talked\nai:\ntool:weather {}\nai:done\n");
  CHECK(message_id(*second.values["messages"].items().front()) == first_id);
  CHECK(summariser->tags == std::vector<std::string>{"nostream"});
}

TEST_CASE_METHOD(AgentsFixture,
                 "A system message counts for nobody and goes into the summary; what stays may be told in tokens") {
  const auto summariser = std::make_shared<const ListModel>(std::vector<Message>{ai_message("short")});
  SummaryOptions summary;
  summary.model = summariser;
  summary.triggers = {SummaryTrigger{1, std::nullopt}};
  summary.count = [](const ItemList& messages) { return 10 * messages.size(); };
  json::array given{system_message("be brief"), human_message("one"), ai_message("two"), human_message("three")};
  model({ai_message("four")});
  SECTION("all of the conversation stays") {
    summary.keep_messages = 3;
    options.middleware = {summarization(summary)};
    const RunOutcome outcome = run(make_agent(options), GraphInput{json::object{{"messages", given}}});
    CHECK(shown(outcome.values) == "system:be brief\nhuman:one\nai:two\nhuman:three\nai:four\n");
  }
  SECTION("the newest that hold 25 tokens stay") {
    summary.keep_tokens = 25;
    options.middleware = {summarization(summary)};
    const RunOutcome outcome = run(make_agent(options), GraphInput{json::object{{"messages", given}}});
    CHECK(shown(outcome.values) ==
          "human:Here is a summary of the conversation to date:\n\nshort\nai:two\nhuman:three\nai:four\n");
  }
}

TEST_CASE_METHOD(AgentsFixture, "A summary that fails says so in its place") {
  SummaryOptions summary;
  summary.model = std::make_shared<const ListModel>(std::vector<Message>{});
  summary.triggers = {SummaryTrigger{std::nullopt, 1}};
  summary.keep_messages = 0;
  model({ai_message("hello")});
  options.middleware = {summarization(summary)};
  CHECK(shown(say(make_agent(options), "hi").values) ==
        "human:Here is a summary of the conversation to date:\n\nError generating summary: the model has no more "
        "answers\nai:hello\n");
}

namespace {

// Ten tokens a message, of a hundred that the model takes.
SummaryOptions in_fractions() {
  SummaryOptions summary;
  summary.model = std::make_shared<const ListModel>(std::vector<Message>{ai_message("short")});
  summary.count = [](const ItemList& messages) { return 10 * messages.size(); };
  summary.input_tokens_max = 100;
  return summary;
}

}  // namespace

TEST_CASE_METHOD(AgentsFixture, "A conversation is cut when it fills a fraction of what the model takes") {
  SummaryOptions summary = in_fractions();
  summary.keep_messages = 1;
  SummaryTrigger full;
  full.fraction = 0.3;
  SECTION("and not before") {
    summary.triggers = {full};
    model({ai_message("1"), ai_message("2")});
    options.middleware = {summarization(summary)};
    const auto graph = make_agent(options);
    CHECK(shown(say(graph, "one").values) == "human:one\nai:1\n");
    CHECK(shown(say(graph, "two").values) ==
          "human:Here is a summary of the conversation to date:\n\nshort\nhuman:two\nai:2\n");
  }
  SECTION("if all else that its trigger names holds too") {
    full.messages = 4;
    summary.triggers = {full};
    model({ai_message("1"), ai_message("2")});
    options.middleware = {summarization(summary)};
    const auto graph = make_agent(options);
    say(graph, "one");
    CHECK(shown(say(graph, "two").values) == "human:one\nai:1\nhuman:two\nai:2\n");
  }
  SECTION("or when another trigger holds") {
    full.fraction = 1;
    SummaryTrigger many;
    many.messages = 3;
    summary.triggers = {full, many};
    model({ai_message("1"), ai_message("2")});
    options.middleware = {summarization(summary)};
    const auto graph = make_agent(options);
    say(graph, "one");
    CHECK(shown(say(graph, "two").values) ==
          "human:Here is a summary of the conversation to date:\n\nshort\nhuman:two\nai:2\n");
  }
}

TEST_CASE_METHOD(AgentsFixture, "What stays may be told as a fraction of what the model takes") {
  SummaryOptions summary = in_fractions();
  summary.triggers = {SummaryTrigger{1, std::nullopt}};
  summary.keep_fraction = 0.29;
  model({ai_message("four")});
  options.middleware = {summarization(summary)};
  json::array given{human_message("one"), ai_message("two"), human_message("three")};
  const RunOutcome outcome = run(make_agent(options), GraphInput{json::object{{"messages", given}}});
  CHECK(shown(outcome.values) ==
        "human:Here is a summary of the conversation to date:\n\nshort\nai:two\nhuman:three\nai:four\n");
}

TEST_CASE_METHOD(AgentsFixture, "The newest message stays, however many tokens it holds") {
  SummaryOptions summary = in_fractions();
  summary.triggers = {SummaryTrigger{1, std::nullopt}};
  SECTION("where tokens are told") {
    summary.keep_tokens = 5;
  }
  SECTION("where a fraction is told") {
    summary.keep_fraction = 0;
  }
  model({ai_message("three")});
  options.middleware = {summarization(summary)};
  json::array given{human_message("one"), human_message("two")};
  const RunOutcome outcome = run(make_agent(options), GraphInput{json::object{{"messages", given}}});
  CHECK(shown(outcome.values) ==
        "human:Here is a summary of the conversation to date:\n\nshort\nhuman:two\nai:three\n");
}

TEST_CASE("Summaries whose options cannot be are refused, and the text says what to do") {
  SummaryOptions summary = in_fractions();
  summary.triggers = {SummaryTrigger{}};
  CHECK_THROWS_WITH(summarization(summary), Catch::Contains("give it messages, tokens or a fraction"));
  for (const double fraction : {-0.1, 0.0, 1.1, std::nan("")}) {
    summary.triggers[0].fraction = fraction;
    CHECK_THROWS_WITH(summarization(summary), Catch::Contains("above 0 and at most 1"));
  }
  summary.triggers[0].fraction = 0.8;
  CHECK_NOTHROW(summarization(summary));
  summary.input_tokens_max.reset();
  CHECK_THROWS_WITH(summarization(summary), Catch::Contains("needs input_tokens_max"));
  summary.triggers.clear();
  CHECK_NOTHROW(summarization(summary));
  summary.keep_fraction = 0.5;
  CHECK_THROWS_WITH(summarization(summary), Catch::Contains("needs input_tokens_max"));
  summary.keep_fraction = 2;
  CHECK_THROWS_WITH(summarization(summary), Catch::Contains("between 0 and 1"));
  summary.keep_fraction = 0.5;
  summary.keep_tokens = 10;
  CHECK_THROWS_WITH(summarization(summary), Catch::Contains("keep_tokens and keep_fraction"));
}
