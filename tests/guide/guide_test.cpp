#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "runtime/json.h"
#include "runtime/local_thread.h"
#include "tests/guide/guide_graphs.h"

namespace heddle::guide {
namespace {

using namespace heddle::runtime;

std::string text_of(const State& state) {
  std::string text;
  state.print(text);
  return text;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(std::string(HEDDLE_SOURCE_DIR) + "/" + path);
  REQUIRE(file.good());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Code as it is read: blanks at the beginning of lines do not count.
std::string trimmed(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(' ');
  return begin == std::string::npos ? std::string() : line.substr(begin);
}

std::vector<std::string> blocks(const std::string& path, const std::string& begin, const std::string& end) {
  std::vector<std::string> found;
  bool inside = false;
  for (const std::string& line : lines_of(path)) {
    if (inside && trimmed(line).starts_with(end)) {
      inside = false;
    } else if (inside) {
      found.back() += trimmed(line) + "\n";
    } else if (trimmed(line).starts_with(begin)) {
      inside = true;
      found.emplace_back();
    }
  }
  return found;
}

TEST_CASE("The guide shows the graphs that are compiled and run here, word for word") {
  const std::vector<std::string> shown = blocks("docs/graphs.md", "```cpp", "```");
  for (const std::string& compiled : blocks("tests/guide/guide_graphs.cpp", "// begin", "// end")) {
    INFO(compiled);
    CHECK(std::find(shown.begin(), shown.end(), compiled) != shown.end());
  }
}

TEST_CASE("The greeter greets") {
  LocalThread thread;
  CHECK(text_of(thread.input(*greeter(), {{"name", "Ada"}}).values) == R"({"name":"Ada","log":["Hello, Ada"]})");
}

TEST_CASE("The researcher searches twice and says what it looks for") {
  LocalThread thread;
  thread.kinds.custom = true;
  const RunOutcome outcome = thread.input(*researcher(), {{"topic", "rain"}});
  CHECK(outcome.values.text("text") == R"(["a note on rain","a note on rain"])");
  int told = 0;
  for (const RunEvent& event : thread.events()) told += std::holds_alternative<CustomFact>(event) ? 1 : 0;
  CHECK(told == 2);
}

TEST_CASE("The mapper keeps the order of its items") {
  LocalThread thread;
  const RunOutcome outcome = thread.input(*mapper(), {{"items", {3, 1, 2}}});
  CHECK(outcome.values["squares"].text() == "[9,1,4]");
}

TEST_CASE("The reviewer waits for an answer, alone and as a graph inside another") {
  LocalThread thread;
  const RunOutcome asked = thread.input(*newsroom(), json::object{});
  REQUIRE(asked.all_interrupts.size() == 1);
  CHECK(to_text(asked.all_interrupts[0].value) == R"({"draft":"It rains.","question":"Publish?"})");
  CHECK(text_of(thread.resume(*newsroom(), "yes").values) == R"({"draft":"It rains.","log":["approved","published"]})");
  LocalThread another;
  another.input(*reviewer(), {{"draft", "x"}});
  CHECK(another.resume(*reviewer(), "no").values["log"].text() == R"(["given up"])");
}

TEST_CASE("The careful graph says why it gave up") {
  LocalThread thread;
  const RunOutcome outcome = thread.input(*careful(), json::object{});
  CHECK(outcome.values["log"].text() == R"(["shaky gave up: no answer"])");
}

TEST_CASE("The report asks for its title and squares nothing twice") {
  LocalThread thread;
  thread.kinds.updates = true;
  CHECK(thread.input(*report(), {{"items", {2, 3}}}).status == OutcomeStatus::interrupted);
  CHECK(text_of(thread.resume(*report(), "Squares").values) == R"({"title":"Squares","squares":[4,9]})");
  int cached = 0;
  for (const RunEvent& event : thread.events()) {
    const auto* update = std::get_if<UpdateFact>(&event);
    if (update != nullptr && update->cached) ++cached;
  }
  CHECK(cached == 2);
}

}  // namespace
}  // namespace heddle::guide
