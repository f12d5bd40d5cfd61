#include "runtime/channels.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/reducers.h"

namespace heddle::runtime {
namespace {

ChannelSpec spec_of(ChannelKind kind) {
  ChannelSpec spec;
  spec.name = "x";
  spec.kind = kind;
  return spec;
}

ChannelSpec append_spec() {
  ChannelSpec spec = spec_of(ChannelKind::aggregate);
  spec.reducer = reducers::append();
  spec.initial = json::array();
  return spec;
}

ChannelSpec barrier_spec(ChannelKind kind) {
  ChannelSpec spec = spec_of(kind);
  spec.names = {"a", "b"};
  return spec;
}

// A list of JSON texts as writes.
std::vector<Value> writes(std::initializer_list<const char*> texts) {
  std::vector<Value> values;
  for (const char* const text : texts) values.emplace_back(parse_json(text));
  return values;
}

std::string refusal(const ChannelSpec& spec, const std::vector<Value>& values) {
  Channel channel(spec);
  try {
    channel.update(spec, values);
  } catch (const GraphError& error) {
    CHECK(error.name() == "InvalidUpdateError");
    return error.what();
  }
  return "none";
}

std::string stored_text(const Channel& channel, const ChannelSpec& spec) {
  const std::optional<Value> stored = channel.checkpoint(spec);
  return stored ? stored->text() : "absent";
}

}  // namespace

TEST_CASE("A last value keeps what was written last, null among it") {
  const ChannelSpec spec = spec_of(ChannelKind::last_value);
  Channel channel(spec);
  CHECK_FALSE(channel.available(spec));
  CHECK_FALSE(channel.update(spec, {}));
  CHECK(channel.update(spec, writes({"1"})));
  CHECK(channel.update(spec, writes({"null"})));
  CHECK(channel.available(spec));
  CHECK(channel.get().is_null());
  CHECK_FALSE(channel.update(spec, {}));
  CHECK(channel.available(spec));
}

TEST_CASE("Writes that a channel cannot take are refused with the text that clients know") {
  CHECK(refusal(spec_of(ChannelKind::last_value), writes({"\"left\"", "\"right\""})) ==
        "Invalid update for channel \"x\" with values [\"left\",\"right\"]: LastValue can only receive one value per "
        "step.\n\nTroubleshooting URL: "
        "https://docs.langchain.com/oss/javascript/langgraph/INVALID_CONCURRENT_GRAPH_UPDATE/\n");
  CHECK(refusal(spec_of(ChannelKind::ephemeral), writes({"1", "2"})) ==
        "Invalid update for channel \"x\" with values [1,2]: EphemeralValue can only receive one value per step.");
  CHECK(refusal(spec_of(ChannelKind::untracked), writes({"1", "2"})) ==
        "Invalid update for channel \"x\" with values [1,2]: UntrackedValue(guard=true) can receive only one value per "
        "step. Use guard=false if you want to store any one of multiple values.");
  CHECK(refusal(append_spec(), writes({R"({"__overwrite__":1})", R"({"__overwrite__":2})"})) ==
        "Invalid update for channel \"x\" with values [{\"__overwrite__\":1},{\"__overwrite__\":2}]: Can receive only "
        "one Overwrite value per step.");
  CHECK(refusal(barrier_spec(ChannelKind::barrier), writes({"\"c\""})) ==
        "Invalid update for channel \"x\" with values [\"c\"]: Value \"c\" not in names [\"a\",\"b\"]");
}

TEST_CASE("A channel that refused a write is as it was before") {
  const ChannelSpec spec = append_spec();
  Channel channel(spec);
  channel.update(spec, writes({"[1]"}));
  CHECK_THROWS_AS(channel.update(spec, writes({"[2]", R"({"__overwrite__":[]})", R"({"__overwrite__":[]})"})),
                  GraphError);
  CHECK(channel.get().text() == "[1]");
}

TEST_CASE("A reducer channel folds its writes in order and starts from its initial value") {
  const ChannelSpec spec = append_spec();
  Channel channel(spec);
  CHECK(channel.available(spec));
  CHECK(channel.get().text() == "[]");
  CHECK_FALSE(channel.update(spec, {}));
  CHECK(channel.update(spec, writes({"[1]", "[2,3]", "4"})));
  CHECK(channel.get().text() == "[1,2,3,4]");
}

TEST_CASE("A reducer channel without initial value takes its first write as it is") {
  ChannelSpec spec = append_spec();
  spec.initial.reset();
  Channel channel(spec);
  CHECK_FALSE(channel.available(spec));
  CHECK(stored_text(channel, spec) == "absent");
  CHECK(channel.update(spec, writes({"[1]", "[2]"})));
  CHECK(channel.get().text() == "[1,2]");
}

TEST_CASE("An Overwrite replaces a reduced value and makes the step's other writes void") {
  const ChannelSpec spec = append_spec();
  for (const char* const overwrite : {R"({"__overwrite__":[9]})", R"({"type":"__overwrite__","value":[9]})"}) {
    Channel channel(spec);
    channel.update(spec, writes({"[1]"}));
    CHECK(channel.update(spec, writes({"[2]", overwrite, "[3]"})));
    CHECK(channel.get().text() == "[9]");
  }
  Channel channel(spec);
  channel.update(spec, writes({R"({"__overwrite__":[9],"more":1})"}));
  CHECK(channel.get().text() == R"([{"__overwrite__":[9],"more":1}])");
}

TEST_CASE("Messages in an Overwrite get their flat form") {
  ChannelSpec spec = append_spec();
  spec.reducer = reducers::messages();
  spec.is_messages = true;
  Channel channel(spec);
  channel.update(spec, writes({R"({"__overwrite__":{"role":"user","content":"hi","id":"m"}})"}));
  REQUIRE(channel.get().size() == 1);
  CHECK(message_type(channel.get().item(0)) == "human");
}

TEST_CASE("A topic holds the flattened writes of one step") {
  const ChannelSpec spec = spec_of(ChannelKind::topic);
  Channel channel(spec);
  CHECK_FALSE(channel.update(spec, {}));
  CHECK(channel.update(spec, writes({"1", "[2,3]"})));
  CHECK(channel.get().text() == "[1,2,3]");
  CHECK(channel.update(spec, {}));
  CHECK_FALSE(channel.available(spec));
  CHECK(stored_text(channel, spec) == "absent");
}

TEST_CASE("An accumulating topic keeps what it has") {
  ChannelSpec spec = spec_of(ChannelKind::topic);
  spec.accumulate = true;
  Channel channel(spec);
  channel.update(spec, writes({"1"}));
  CHECK_FALSE(channel.update(spec, {}));
  CHECK(channel.update(spec, writes({"2"})));
  CHECK(channel.get().text() == "[1,2]");
}

TEST_CASE("An ephemeral value is gone with the next step") {
  ChannelSpec spec = spec_of(ChannelKind::ephemeral);
  spec.guard = false;
  Channel channel(spec);
  CHECK(channel.update(spec, writes({"1", "null"})));
  CHECK(channel.available(spec));
  CHECK(channel.get().is_null());
  CHECK(channel.update(spec, {}));
  CHECK_FALSE(channel.available(spec));
  CHECK_FALSE(channel.update(spec, {}));
}

TEST_CASE("A barrier opens when all names were seen and closes when it is consumed") {
  const ChannelSpec spec = barrier_spec(ChannelKind::barrier);
  Channel channel(spec);
  CHECK(channel.update(spec, writes({"\"a\""})));
  CHECK_FALSE(channel.update(spec, writes({"\"a\""})));
  CHECK_FALSE(channel.available(spec));
  CHECK_FALSE(channel.consume(spec));
  CHECK(stored_text(channel, spec) == R"(["a"])");
  CHECK(channel.update(spec, writes({"\"b\""})));
  CHECK(channel.available(spec));
  CHECK(channel.get().is_null());
  CHECK(channel.consume(spec));
  CHECK_FALSE(channel.available(spec));
  CHECK(stored_text(channel, spec) == "absent");
}

TEST_CASE("A deferred barrier opens only after finish") {
  const ChannelSpec spec = barrier_spec(ChannelKind::barrier_after_finish);
  Channel channel(spec);
  CHECK_FALSE(channel.finish(spec));
  channel.update(spec, writes({"\"a\"", "\"b\""}));
  CHECK_FALSE(channel.available(spec));
  CHECK(channel.finish(spec));
  CHECK_FALSE(channel.finish(spec));
  CHECK(channel.available(spec));
  CHECK(stored_text(channel, spec) == R"([["a","b"],true])");
  CHECK(channel.consume(spec));
  CHECK_FALSE(channel.available(spec));
}

TEST_CASE("A deferred trigger becomes available only after finish") {
  const ChannelSpec spec = spec_of(ChannelKind::last_value_after_finish);
  Channel channel(spec);
  CHECK_FALSE(channel.finish(spec));
  CHECK(channel.update(spec, writes({"null", "1"})));
  CHECK_FALSE(channel.available(spec));
  CHECK(channel.finish(spec));
  CHECK(channel.available(spec));
  CHECK(channel.get().text() == "1");
  SECTION("consuming clears it") {
    CHECK(channel.consume(spec));
    CHECK_FALSE(channel.available(spec));
    CHECK(stored_text(channel, spec) == "absent");
  }
  SECTION("a write makes it wait again") {
    channel.update(spec, writes({"2"}));
    CHECK_FALSE(channel.available(spec));
  }
}

TEST_CASE("An untracked value is never stored") {
  const ChannelSpec spec = spec_of(ChannelKind::untracked);
  Channel channel(spec);
  channel.update(spec, writes({"1"}));
  CHECK_FALSE(channel.update(spec, {}));
  CHECK(channel.available(spec));
  CHECK(stored_text(channel, spec) == "absent");
}

TEST_CASE("Any value keeps the last write of a step until a step without one") {
  const ChannelSpec spec = spec_of(ChannelKind::any_value);
  Channel channel(spec);
  CHECK(channel.update(spec, writes({"1", "2"})));
  CHECK(channel.get().text() == "2");
  CHECK(channel.update(spec, {}));
  CHECK_FALSE(channel.available(spec));
}

TEST_CASE("A restored channel is like the one that was stored") {
  struct Case {
    ChannelSpec spec;
    std::vector<Value> given;
    bool finished;
  };
  const std::vector<Case> cases = {
      {spec_of(ChannelKind::last_value), writes({"null"}), false},
      {append_spec(), writes({"[1,2]"}), false},
      {spec_of(ChannelKind::topic), writes({"1", "2"}), false},
      {spec_of(ChannelKind::ephemeral), writes({"null"}), false},
      {spec_of(ChannelKind::any_value), writes({"{}"}), false},
      {barrier_spec(ChannelKind::barrier), writes({"\"a\""}), false},
      {barrier_spec(ChannelKind::barrier), writes({"\"a\"", "\"b\""}), false},
      {barrier_spec(ChannelKind::barrier_after_finish), writes({"\"a\"", "\"b\""}), true},
      {spec_of(ChannelKind::last_value_after_finish), writes({"7"}), false},
      {spec_of(ChannelKind::last_value_after_finish), writes({"7"}), true},
  };
  for (const Case& wanted : cases) {
    INFO("kind " << static_cast<int>(wanted.spec.kind));
    Channel channel(wanted.spec);
    channel.update(wanted.spec, wanted.given);
    if (wanted.finished) channel.finish(wanted.spec);
    const std::optional<Value> stored = channel.checkpoint(wanted.spec);
    REQUIRE(stored);
    Channel restored(wanted.spec);
    restored.restore(wanted.spec, parse_json(stored->text()));
    CHECK(restored.available(wanted.spec) == channel.available(wanted.spec));
    CHECK(stored_text(restored, wanted.spec) == stored->text());
    CHECK(restored.finish(wanted.spec) == channel.finish(wanted.spec));
  }
}

}  // namespace heddle::runtime
