#pragma once
// Nodes and graphs that tests of the engine are made of.

#include <string>
#include <utility>

#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {

// A node that writes its name to `log`.
inline auto writing(std::string name) {
  return [name = std::move(name)](const State&) { return Update{{"log", {name}}}; };
}

// A node that asks "qNAME" and writes "NAME:ANSWER" to `log`.
inline auto asking(std::string name) {
  return [name = std::move(name)](NodeContext& context) -> NodeResult {
    const json::value answer = context.interrupt(json::value("q" + name));
    return Update{{"log", {name + ":" + std::string(answer.as_string())}}};
  };
}

// runtime.md 18.8.
inline Graph abc() {
  return StateGraph()
      .append("log")
      .node("a", writing("a"))
      .node("b", writing("b"))
      .node("c", writing("c"))
      .edge(kStart, "a")
      .edge("a", "b")
      .edge("b", "c")
      .compile();
}

// Two questions at a time.
inline Graph two_askers() {
  return StateGraph()
      .append("log")
      .node("a", asking("a"))
      .node("b", asking("b"))
      .edge(kStart, "a")
      .edge(kStart, "b")
      .compile();
}

}  // namespace heddle::runtime
