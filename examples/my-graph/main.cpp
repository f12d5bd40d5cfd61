// A server with one graph: it greets, and asks before it greets loudly.

#include <map>
#include <memory>
#include <string>

#include "api/command_line.h"
#include "runtime/state_graph.h"

namespace {

using namespace heddle::runtime;

NodeResult greet(NodeContext& context) {
  const std::string name = context.state().text("name", "world");
  if (!context.state().truth("loud")) return Update{{"greeting", "Hello, " + name + "."}};
  const json::value answer = context.interrupt({{"question", "Really shout at " + name + "?"}});
  return Update{{"greeting", answer == "yes" ? "HELLO, " + name + "!" : "Hello, " + name + "."}};
}

std::shared_ptr<const CompiledGraph> greeter() {
  return StateGraph("greeter")
      .last("name", schema::text())
      .last("loud", schema::truth())
      .last("greeting", schema::text())
      .node("greet", greet)
      .edge(kStart, "greet")
      .edge("greet", kEnd)
      .compile();
}

}  // namespace

int main(int argc, char** argv) {
  heddle::api::Program program;
  program.name = "my-server";
  program.builtin["greeter"] = [](const std::map<std::string, std::string>&) { return greeter(); };
  program.default_graphs["greeter"] = {"builtin:greeter", std::nullopt};
  return heddle::api::run_command_line(argc, argv, program);
}
