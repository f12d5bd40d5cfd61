#include "runtime/command.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/error.h"
#include "runtime/json.h"

namespace heddle::runtime {
namespace {

std::string there_and_back(const char* text) {
  return to_text(to_json(command_from_json(parse_json(text))));
}

std::string refusal(const char* text) {
  try {
    command_from_json(parse_json(text));
  } catch (const GraphError& error) {
    CHECK(error.name() == "InvalidUpdateError");
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("A command is read from JSON and printed again") {
  for (const char* const text : {
           "{}",
           R"({"update":{"a":1,"b":[2]}})",
           R"({"update":[["a",1],["a",2]]})",
           R"({"goto":"left"})",
           R"({"goto":["left",{"node":"right","input":{"n":1}}]})",
           R"({"resume":false})",
           R"({"update":{"a":1},"goto":"left","resume":[1,2],"graph":"__parent__"})",
       }) {
    CHECK(there_and_back(text) == text);
  }
}

TEST_CASE("Members of a command that are null are absent") {
  CHECK(there_and_back(R"({"update":null,"goto":null,"resume":null,"graph":null})") == "{}");
}

TEST_CASE("What a command cannot hold is refused with the place of the mistake") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"[]", "command: expected an object"},
      {R"({"update":1})", "command.update: expected an object or a list of [key, value] pairs"},
      {R"({"update":[["a",1],["b"]]})", "command.update[1]: expected a [key, value] pair"},
      {R"({"goto":1})", "command.goto: expected the name of a node or an object with node and input"},
      {R"({"goto":["a",{"input":1}]})",
       "command.goto[1]: expected the name of a node or an object with node and input"},
      {R"({"graph":"other"})", "command.graph: expected \"__parent__\""},
  };
  for (const auto& [text, expected] : cases) CHECK(refusal(text) == expected);
}

TEST_CASE("A command is put together in words") {
  const Command command = Command().set("log", {"x"}).to("left").to(Send{"right", json::value(1)}).of_parent();
  CHECK(to_text(to_json(command)) ==
        R"({"update":{"log":["x"]},"goto":["left",{"node":"right","input":1}],"graph":"__parent__"})");
}

TEST_CASE("A stored Send is told from an argument that looks like one") {
  const std::optional<Send> send = send_from_json(send_to_json(Send{"work", json::value{{"n", 1}}}));
  REQUIRE(send);
  CHECK(send->node == "work");
  CHECK(send->argument.text() == R"({"n":1})");
  CHECK_FALSE(send_from_json(parse_json(R"({"node":"work","args":1})")));
  CHECK_FALSE(send_from_json(parse_json("\"work\"")));
}

TEST_CASE("Interrupts print with id and value") {
  CHECK(to_text(to_json(std::vector<Interrupt>{{"id", "question"}})) == R"([{"id":"id","value":"question"}])");
}

}  // namespace heddle::runtime
