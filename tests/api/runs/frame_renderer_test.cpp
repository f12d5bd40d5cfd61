#include "api/runs/frame_renderer.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "tests/api/runs/facts.h"

using namespace heddle;
using api::StreamMode;

namespace {

std::vector<std::string> lines_with(const std::string& bytes, const std::string& field) {
  std::vector<std::string> found;
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(field + ": ")) found.push_back(line.substr(field.size() + 2));
  }
  return found;
}

std::vector<std::string> events_of(std::initializer_list<StreamMode> modes, bool subgraphs = false,
                                   const std::string& ns = "") {
  return lines_with(test::rendered(test::shape_with(modes, subgraphs), test::one_of_each(ns)), "event");
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Each mode brings its own events between metadata and error") {
  CHECK(events_of({StreamMode::values}) == Names{"metadata", "values", "values", "error"});
  CHECK(events_of({StreamMode::updates}) == Names{"metadata", "updates", "updates", "error"});
  CHECK(events_of({StreamMode::messages_tuple}) == Names{"metadata", "messages", "messages", "error"});
  CHECK(events_of({StreamMode::messages}) ==
        Names{"metadata", "messages/complete", "messages/metadata", "messages/partial", "messages/partial", "error"});
  CHECK(events_of({StreamMode::custom}) == Names{"metadata", "custom", "error"});
  CHECK(events_of({StreamMode::tasks}) == Names{"metadata", "tasks", "tasks", "tasks", "error"});
  CHECK(events_of({StreamMode::checkpoints}) == Names{"metadata", "checkpoints", "error"});
  CHECK(events_of({StreamMode::debug}) == Names{"metadata", "debug", "debug", "debug", "debug", "error"});
  CHECK(events_of({StreamMode::tools}) == Names{"metadata", "tools", "error"});
  CHECK(events_of({StreamMode::events}) == Names{"metadata", "events", "error"});
}

TEST_CASE("A debug event follows its twin") {
  CHECK(events_of({StreamMode::debug, StreamMode::tasks, StreamMode::checkpoints}) ==
        Names{"metadata", "checkpoints", "debug", "tasks", "debug", "tasks", "debug", "tasks", "debug", "error"});
}

TEST_CASE("What happens in a subgraph is told with its namespace, or not at all") {
  CHECK(events_of({StreamMode::values, StreamMode::updates}, false, "sub:t") == Names{"metadata", "error"});
  CHECK(events_of({StreamMode::values, StreamMode::updates}, true, "sub:t") ==
        Names{"metadata", "values|sub:t", "updates|sub:t", "updates|sub:t", "values|sub:t", "error"});
  // The old mode sees the tokens of all levels and names none.
  CHECK(events_of({StreamMode::messages}, false, "sub:t") ==
        Names{"metadata", "messages/metadata", "messages/partial", "messages/partial", "error"});
}

TEST_CASE("Ids count from 0 over all events of the run") {
  const std::string bytes =
      test::rendered(test::shape_with({StreamMode::values, StreamMode::updates}), test::one_of_each(""));
  CHECK(lines_with(bytes, "id") == Names{"0", "1", "2", "3", "4", "5"});
}

TEST_CASE("A later attempt counts on behind what the first one may have sent") {
  api::FrameRenderer renderer(test::shape_with({StreamMode::values}));
  std::vector<api::FramePointer> frames;
  api::Fact attempt;
  attempt.what = api::AttemptFact{2, 4099};
  renderer.render(attempt, frames);
  CHECK(frames.at(0)->id == 4099);
  CHECK(frames.at(0)->bytes ==
        "event: metadata\ndata: {\"run_id\":\"01a2037e-48fd-71b5-8e44-d0fb80070177\",\"attempt\":2}\nid: 4099\n\n");
}

TEST_CASE("Growing messages grow") {
  const std::vector<std::string> data =
      lines_with(test::rendered(test::shape_with({StreamMode::messages}), test::one_of_each("")), "data");
  CHECK(data.at(3).find("\"content\":\"Hello\"") != std::string::npos);
  CHECK(data.at(4).find("\"content\":\"Hello world\"") != std::string::npos);
}

TEST_CASE("Messages that a step adds are told as complete in one event, each once") {
  api::FrameRenderer renderer(test::shape_with({StreamMode::messages}));
  std::vector<api::FramePointer> frames;
  const auto show = [&](const char* messages) {
    api::Fact fact;
    fact.what = runtime::RunEvent(runtime::ValuesFact{"", runtime::State::of(runtime::parse_json(messages)), {}});
    renderer.render(fact, frames);
  };
  show(R"({"messages":[{"type":"human","id":"a","content":"x"}]})");
  show(
      R"({"messages":[{"type":"human","id":"a","content":"x"},{"type":"tool","id":"b","content":"y"},{"type":"tool","id":"c","content":"z"}]})");
  show(R"({"messages":[{"type":"human","id":"a","content":"x"}]})");
  REQUIRE(frames.size() == 2);
  CHECK(frames.at(1)->bytes ==
        "event: messages/complete\ndata: [{\"type\":\"tool\",\"id\":\"b\",\"content\":\"y\"},"
        "{\"type\":\"tool\",\"id\":\"c\",\"content\":\"z\"}]\nid: 1\n\n");
}

TEST_CASE("Checkpoints of a graph inside name those of the graphs around it") {
  runtime::CheckpointFact made;
  made.checkpoint_ns = "sub:t";
  const storage::CheckpointId root = *storage::CheckpointId::parse("1f0d6c6e-5a10-6d00-8000-000000000001");
  made.metadata.parents[""] = root;
  runtime::TaskView inner;
  inner.subgraph_ns = "sub:t|deep:u";
  made.tasks.push_back(inner);
  api::Fact fact;
  fact.what = runtime::RunEvent(made);
  api::FrameRenderer renderer(test::shape_with({StreamMode::debug}, true));
  std::vector<api::FramePointer> frames;
  renderer.render(fact, frames);
  const boost::json::value payload = runtime::parse_json(lines_with(frames.at(0)->bytes, "data").at(0)).at("payload");
  const boost::json::object map{{"", root.text()}};
  CHECK(payload.at("checkpoint").at("checkpoint_map") == map);
  CHECK(payload.at("config").at("configurable").at("checkpoint_map") == map);
  const boost::json::value pointer = payload.at("tasks").at(0).at("checkpoint");
  CHECK(pointer.at("checkpoint_ns") == "sub:t|deep:u");
  CHECK(pointer.at("checkpoint_id").is_null());
  CHECK(pointer.at("checkpoint_map").is_null());
}

TEST_CASE("Debug shows of the settings only what is on the allow-list") {
  const std::vector<std::string> data =
      lines_with(test::rendered(test::shape_with({StreamMode::debug}), test::one_of_each("")), "data");
  const boost::json::value checkpoint = runtime::parse_json(data.at(1));
  Names keys;
  for (const auto& member : checkpoint.at("payload").at("config").at("configurable").as_object())
    keys.emplace_back(member.key());
  CHECK(keys == Names{"run_id", "thread_id", "graph_id", "assistant_id", "checkpoint_id", "checkpoint_ns"});
}

TEST_CASE("Pieces are AIMessageChunk only for the platform's clients") {
  auto shape = test::shape_with({StreamMode::messages_tuple});
  CHECK(test::rendered(shape, test::one_of_each("")).find("AIMessageChunk") == std::string::npos);
  shape->compat = api::Compat::platform;
  CHECK(test::rendered(shape, test::one_of_each("")).find("AIMessageChunk") != std::string::npos);
}
