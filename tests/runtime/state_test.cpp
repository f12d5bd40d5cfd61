#include "runtime/state.h"

#include <catch2/catch.hpp>
#include <string>

#include "runtime/json.h"

namespace heddle::runtime {

TEST_CASE("A state reads its members by kind and gives the fallback for any other") {
  const State state = State::of(parse_json(R"({"t":"x","i":7,"d":1.5,"w":2.0,"b":true,"n":null,"l":[1]})"));
  CHECK(state.text("t") == "x");
  CHECK(state.text("i", "none") == "none");
  CHECK(state.text("absent", "none") == "none");
  CHECK(state.text("l", "none") == "none");
  CHECK(state.integer("i") == 7);
  CHECK(state.integer("w") == 2);
  CHECK(state.integer("d", -1) == -1);
  CHECK(state.integer("n", -1) == -1);
  CHECK(state.number("d") == 1.5);
  CHECK(state.number("i") == 7.0);
  CHECK(state.number("t", -1) == -1);
  CHECK(state.truth("b"));
  CHECK(state.truth("n", true));
  CHECK(state["l"].size() == 1);
  CHECK(state["absent"].is_null());
  CHECK(state.has("n"));
  CHECK_FALSE(state.has("absent"));
}

TEST_CASE("A state keeps the order of its members and prints them as an object") {
  State state;
  CHECK(state.empty());
  state.set("b", json::value(1));
  state.set("a", json::value("\""));
  state.set("b", json::value(2));
  std::string text = ">";
  state.print(text);
  CHECK(text == R"(>{"b":2,"a":"\""})");
  CHECK(to_text(state.to_json()) == R"({"b":2,"a":"\""})");
}

TEST_CASE("Anything but an object makes an empty state") {
  CHECK(State::of(parse_json("[1]")).empty());
  CHECK(State::of(json::value()).empty());
}

}  // namespace heddle::runtime
